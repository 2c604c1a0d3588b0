"""Every link from one built page to another, or to a place on it, arrives."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from built import HTML, pages

import restorelib

PAGES = pages()


class Anchors(HTMLParser):
    """Collects where a page can be linked to (ids) and what it links to or loads (links)."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links = {"", "top"}, set()
        self.feed((HTML / page).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


def test_no_broken_link():
    anchors = {page: Anchors(page) for page in PAGES}
    broken = []
    for page, found in anchors.items():
        for link in found.links:
            address = urlsplit(urljoin(f"/{page}", link))
            target = unquote(address.path).lstrip("/")
            if urlsplit(link).scheme or urlsplit(link).netloc:
                continue
            if not (HTML / target).is_file():
                broken.append(f"{page}: {link}")
            elif target in anchors and unquote(address.fragment) not in anchors[target].ids:
                broken.append(f"{page}: {link} (no such place on the page)")
    assert broken == []


def test_numbers_lead_to_records_that_are_there():
    files = f"{restorelib.REPOSITORY}/blob/main/"
    root = Path(__file__).parents[1]
    for page in ("scoreboard", "index", "vdsr", "rednet", "edsr", "memnet", "mtrnn", "side_by_side"):
        links = Anchors(f"book/{page}.html").links
        records = [link.removeprefix(files) for link in links if link.startswith(f"{files}restorelib/")]
        assert any(link.startswith("restorelib/runs/") for link in records), page
        assert [link for link in records if not (root / link).is_file()] == []
