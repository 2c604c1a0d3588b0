"""The book on paper: every chapter on a sheet of its own, its figures unfolded, nothing cut off."""

import re

import pytest
import yaml
from built import pages
from print_book import ROOT, chromium, print_book
from pypdf import PdfReader

WIDTH = 673  # CSS pixels of A4 between its margins
PATIENCE = 300_000  # ms, for a busy machine
FIRST_HEADING = re.compile(r'^\s*"?# (.+?)(?:\\n|"|$)', re.MULTILINE)  # in Markdown and in a notebook's JSON


def chapters():
    """The titles in the order of the table of contents."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for chapter in (chapter for part in contents["parts"] for chapter in part["chapters"]):
        (source,) = ROOT.glob(f"{chapter['file']}.*")
        yield FIRST_HEADING.search(source.read_text(encoding="utf-8"))[1]


def letters(text):
    """Text without what printing may change: spaces, line ends, quotation marks."""
    return re.sub(r"\W", "", text)


@pytest.fixture(scope="module")
def pdf(tmp_path_factory):
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    print_book(file)
    return PdfReader(file)


def test_each_chapter_has_a_bookmark_and_starts_a_sheet(pdf):
    bookmarks = {letters(entry.title): entry for entry in pdf.outline[1] if not isinstance(entry, list)}
    numbers = []
    for title in map(letters, chapters()):
        sheet = pdf.pages[pdf.get_destination_page_number(bookmarks[title])]
        assert title in letters(sheet.extract_text())
        assert sheet.mediabox.top - bookmarks[title].top < 100  # points; the margin is half of that
        numbers.append(sheet.page_number)
    assert numbers == sorted(set(numbers))


def test_sheets_are_numbered_and_none_is_empty(pdf):
    for number, sheet in enumerate(pdf.pages, start=1):
        text = sheet.extract_text()
        assert str(number) in text.split(), number
        assert len(text.split()) > 1 or sheet.images, number


@pytest.fixture(scope="module")
def printed(browser, site):
    """`printed(name)`: a page of the book as it is laid out for paper."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 952})
    page.set_default_timeout(PATIENCE)
    page.emulate_media(media="print")

    def show(name):
        page.goto(site + name)
        page.evaluate("() => window.MathJax?.startup?.promise.then(() => {})")
        return page

    yield show
    page.close()


@pytest.mark.parametrize("name", [page for page in pages() if page.startswith("book/")])
def test_nothing_is_cut_off(printed, name):
    beyond = printed(name).eval_on_selector_all(
        "article :is(table, pre, img, mjx-container, figure)",
        """(all, width) => all.filter(part => part.checkVisibility() &&
            (part.getBoundingClientRect().right > width + 1 || part.scrollWidth > part.clientWidth + 1 &&
            getComputedStyle(part).overflowX != 'visible')).map(part => part.outerHTML.slice(0, 200))""",
        WIDTH,
    )
    assert beyond == []


@pytest.mark.parametrize("name", [page for page in pages() if page.endswith(("vdsr.html", "protocol.html"))])
def test_interactive_figures_are_unfolded(printed, name):
    page = printed(name)
    hidden = page.locator(".rl-frame:not(:visible), :is(.rl-slider, .rl-compare) input:visible")
    assert hidden.count() == 0
    for pair in page.locator(".rl-pair").all():
        left, right = (pair.locator(side).bounding_box() for side in (".rl-top", ".rl-bottom"))
        assert left["x"] + left["width"] <= right["x"]
        assert left["y"] == right["y"]
