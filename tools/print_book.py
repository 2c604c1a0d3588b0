"""Print the whole book: python tools/print_book.py BOOK.pdf"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
FOOTER = '<p style="width:100%;text-align:center;font-size:8pt"><span class="pageNumber"></span></p>'


def chromium() -> str | None:
    """The path of this machine's Chromium or Chrome, if it has one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def one_page(folder: Path) -> Path:
    """Build the book in `folder` as a single page; returns the page."""
    command = ["build", ".", "-q", "-W", "-n", "--keep-going", "--builder", "singlehtml", "--path-output"]
    subprocess.run((Path(sys.executable).with_name("jupyter-book"), *command, folder), cwd=ROOT, check=True)
    built = folder / "_build" / "singlehtml"
    # Sphinx puts the page into the folder of its source, but writes its links as seen from the top.
    return (built / "book" / "index.html").replace(built / "index.html")


def print_book(pdf: Path) -> None:
    """Write the book to `pdf`: A4, numbered, with bookmarks."""
    if chromium() is None:
        sys.exit("there is no Chromium or Chrome on this machine: install one, it prints the book")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = one_page(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        window = browser.new_page()
        window.set_default_timeout(0)  # a book takes as long as it takes
        window.goto(page.as_uri())
        window.evaluate("MathJax.startup.promise.then(() => {})")
        window.pdf(
            path=pdf,
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            tagged=True,
            outline=True,
        )
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print_book(Path(sys.argv[1]))
