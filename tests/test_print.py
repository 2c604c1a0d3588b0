"""The book on paper: every chapter on a sheet of its own, its figures unfolded, nothing cut off."""

import re

import pytest
import yaml
from built import pages
from print_book import ROOT, chromium, print_book
from pypdf import PdfReader

WIDTH = 673  # CSS pixels of A4 between its margins
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


def test_each_chapter_starts_a_sheet(pdf):
    sheets = [letters(sheet.extract_text()) for sheet in pdf.pages]
    begun = [
        number
        for title in chapters()
        for number, sheet in enumerate(sheets)
        if letters(title) in sheet[: len(letters(title)) + 10]
    ]
    assert begun == sorted(set(begun))
    assert len(begun) == len(list(chapters()))


def test_sheets_are_numbered_and_none_is_empty(pdf):
    for number, sheet in enumerate(pdf.pages, start=1):
        text = sheet.extract_text()
        assert str(number) in text.split(), number
        assert len(text.split()) > 1 or sheet.images, number


def test_bookmarks_lead_to_the_chapters(pdf):
    def titles(entries):
        for entry in entries:
            yield from titles(entry) if isinstance(entry, list) else [letters(entry.title)]

    assert {letters(title) for title in chapters()} <= set(titles(pdf.outline))


@pytest.fixture(scope="module")
def printed(browser, site):
    """`printed(name)`: a page of the book as it is laid out for paper."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 952})
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
