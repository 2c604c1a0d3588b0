"""The built book in a browser: complete, silent, self-contained, accessible, and its figures move."""

import re
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from built import HTML, pages
from pace import PAGE_HANGS

ENTRY, CHAPTER = "index.html", "book/vdsr.html"
PAGES = [page for page in pages() if page != ENTRY]

HEAVY = 2.5e6  # bytes of a page with its pictures, without what all pages share

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# What axe-core finds in the theme itself: a rule, and what the HTML of an element that breaks it contains.
THEMES_OWN = {
    "region": "sidebar-primary-item",
    "aria-required-children": "citation-list",
    "aria-allowed-role": "doc-biblioentry",
    "aria-deprecated-role": "doc-biblioentry",
}

# Some time after its size has changed, the theme makes what now scrolls reachable by keyboard.
SCROLLS = "pre, .cell_output > .output, .pst-scrollable-table-container"
REACHABLE = f"""() => [...document.querySelectorAll('{SCROLLS}')].every(part =>
    part.scrollWidth <= part.clientWidth || part.tabIndex === 0)"""

# Where the picture ends that stands below a title and a sentence; 0 where none does.
FIRST_PICTURE = """() => document.querySelector('h1 + p + .cell .cell_output')
    ?.getBoundingClientRect().bottom ?? 0"""

AXE = {"resultTypes": ["violations"], "preload": False}  # preloading makes failing requests of its own

FILE_NAME = re.compile(r"\.(png|jpe?g|gif|svg|webp|bmp)$|^_images|/", re.IGNORECASE)


@dataclass
class Visit:
    """What happened while one page was open, and what was on it."""

    status: int = 0
    errors: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    alts: list = field(default_factory=list)
    math: int = 0
    unrendered: int = 0
    overflow: int = 0
    first_picture: float = 0
    axe: list = field(default_factory=list)


@pytest.fixture(scope="module")
def visits(browser, site):
    """Every page opened once; looked at light and dark, wide and as on a phone."""
    return {page: visit(browser, site + page) for page in PAGES}


def visit(browser, address):
    seen = Visit()
    with browser.new_page(viewport=WIDE, reduced_motion="reduce") as page:
        page.set_default_timeout(PAGE_HANGS)
        page.on(
            "console", lambda message: seen.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("requestfailed", lambda request: seen.failed.append(request.url))
        page.on("response", lambda reply: seen.failed.append(reply.url) if reply.status >= 400 else None)
        page.on("request", lambda request: seen.requests.append(request.url))
        seen.status = page.goto(address).status
        page.evaluate("() => window.MathJax?.startup?.promise.then(() => {})")
        seen.alts = page.eval_on_selector_all("article img", "all => all.map(img => img.alt)")
        seen.math = page.locator(".math").count()
        seen.unrendered = page.locator(".math:not(:has(mjx-container)), mjx-merror").count()
        seen.first_picture = page.evaluate(FIRST_PICTURE)
        for size in WIDE, PHONE:
            page.set_viewport_size(size)
            page.wait_for_function(REACHABLE)
            for scheme in "light", "dark":
                page.emulate_media(color_scheme=scheme)
                found = Axe().run(page, options=AXE).response["violations"]
                seen.axe += [
                    (scheme, size["width"], rule["id"], node["html"])
                    for rule in found
                    for node in rule["nodes"]
                ]
        seen.overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return seen


def test_every_page_loads(visits):
    assert {page: seen.status for page, seen in visits.items()} == dict.fromkeys(PAGES, 200)


def test_no_page_is_heavy():
    sizes = {page: weight(HTML / page) for page in PAGES}
    assert {page: size for page, size in sizes.items() if size > HEAVY} == {}
    assert max(sizes.values()) > 1e6  # pictures were counted


def weight(path):
    """Bytes of a page and of the pictures it shows."""
    text = path.read_text(encoding="utf-8")
    pictures = {(path.parent / src).resolve() for src in re.findall(r'src="([^":]*_images/[^"]+)"', text)}
    return path.stat().st_size + sum(picture.stat().st_size for picture in pictures)


def test_the_entry_leads_to_the_first_page(browser, site):
    with browser.new_page() as page:
        page.set_default_timeout(PAGE_HANGS)
        page.goto(site)
        page.wait_for_url("**/book/index.html")


def test_nothing_fails_or_complains(visits):
    assert {
        page: seen.errors + seen.failed for page, seen in visits.items() if seen.errors + seen.failed
    } == {}


def test_nothing_comes_from_another_host(visits, site):
    allowed = (site, "data:", "blob:")
    foreign = {url for seen in visits.values() for url in seen.requests if not url.startswith(allowed)}
    assert foreign == set()


def test_search_finds_without_a_server(browser, site):
    with browser.new_page() as page:
        page.set_default_timeout(PAGE_HANGS)
        page.goto(site + "search.html?q=deblurring")
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(a => a.href)")
    assert any("book/mtrnn.html" in address for address in found)


def test_pictures_have_alt_text(visits):
    poor = [
        (page, alt) for page, seen in visits.items() for alt in seen.alts if not alt or FILE_NAME.search(alt)
    ]
    assert poor == []


def test_a_first_screen_holds_its_picture(visits):
    ends = {page: seen.first_picture for page, seen in visits.items() if seen.first_picture}
    assert len(ends) > 3
    assert {page: end for page, end in ends.items() if end > 800} == {}


def test_math_is_rendered(visits):
    assert any(seen.math for seen in visits.values())
    assert {page: seen.unrendered for page, seen in visits.items() if seen.unrendered} == {}


def test_no_sideways_scrolling_on_a_phone(visits):
    assert {page: seen.overflow for page, seen in visits.items() if seen.overflow > 0} == {}


def test_accessible(visits):
    new = [
        (page, *finding)
        for page, seen in visits.items()
        for finding in seen.axe
        if not themes_own(*finding[2:])
    ]
    assert new == []


def themes_own(rule, html):
    return rule in THEMES_OWN and THEMES_OWN[rule] in html


@pytest.fixture(scope="module")
def figures(browser, site):
    """Every interactive figure of one kind, on its open page, one after the other."""

    def each(kind):
        for name in PAGES:
            with browser.new_page(viewport=WIDE) as page:
                page.set_default_timeout(PAGE_HANGS)
                page.goto(site + name)
                yield from ((name, figure) for figure in page.locator(kind).all())

    return each


def needs_a_chapter_with(names):
    assert CHAPTER not in PAGES or CHAPTER in names, "the VDSR chapter shows no such figure"


def test_sliders_change_the_picture(figures):
    shown = """frames => frames.map(frame => frame.checkVisibility({visibilityProperty: true,
        opacityProperty: true}) && frame.querySelector('img').naturalWidth > 0)"""
    names = set()
    for name, figure in figures(".rl-slider"):
        handle = figure.locator("input[type=range]")
        handle.press("Home")
        before = figure.locator(".rl-frame").evaluate_all(shown)
        handle.press("ArrowRight")
        after = figure.locator(".rl-frame").evaluate_all(shown)
        assert any(before), name
        assert any(after), name
        assert before != after, name
        names.add(name)
    needs_a_chapter_with(names)


def test_comparisons_move_the_split(figures):
    clip = "image => getComputedStyle(image).clipPath"
    names = set()
    for name, figure in figures(".rl-compare"):
        before = figure.locator(".rl-top").evaluate(clip)
        handle = figure.locator("input[type=range]")
        handle.press("Home")
        handle.press("ArrowRight")
        assert figure.locator(".rl-top").evaluate(clip) != before, name
        names.add(name)
    needs_a_chapter_with(names)


def test_our_tables_have_letters_since_numerals_are_the_papers(browser, site):
    with browser.new_page() as page:
        page.set_default_timeout(PAGE_HANGS)
        page.goto(site + CHAPTER)
        letters = page.eval_on_selector_all(
            ".rl-scroll:not(details *) > table > caption",
            "all => all.map(c => getComputedStyle(c, '::before').content)",
        )
    assert letters, "the VDSR chapter has no table"
    assert set(letters) == {'"Table " counter(ours, upper-alpha) ". "'}


def test_a_picture_shows_without_javascript(browser, site):
    if CHAPTER not in PAGES:
        pytest.skip("no VDSR chapter yet")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + CHAPTER)
        pictures = page.locator(".rl-slider").first.locator("img")
        assert any(picture.is_visible() for picture in pictures.all())


def test_the_scoreboard_is_narrowed_by_keys(browser, site):
    with browser.new_page(viewport=PHONE) as page:
        page.set_default_timeout(PAGE_HANGS)
        page.goto(site + "book/scoreboard.html")
        rows = page.locator("section:has(> h3) tbody tr")
        total = rows.count()
        page.get_by_label("paper").focus()
        page.keyboard.type("MemNet")
        page.keyboard.press("Tab")
        page.keyboard.type("JPEG")
        page.get_by_text(f"4 of {total} rows").wait_for()
        shown = [row.inner_text().split()[0] for row in rows.all() if row.is_visible()]
        assert shown == ["classic5", "classic5", "LIVE1", "LIVE1"]
        headings = [each.inner_text() for each in page.locator("h2").all() if each.is_visible()]
        assert [heading.split("#")[0].strip() for heading in headings] == ["MemNet"]


def test_without_javascript_the_scoreboard_is_all_there(browser, site):
    with browser.new_page(java_script_enabled=False) as page:
        page.goto(site + "book/scoreboard.html")
        rows = page.locator("section:has(> h3) tbody tr")
        assert rows.count() > 200
        assert all(row.is_visible() for row in rows.all())
        assert not page.locator(".rl-filter").is_visible()
