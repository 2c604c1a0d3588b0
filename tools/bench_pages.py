"""How soon the pages of the built book answer: python tools/bench_pages.py, or make bench-pages.

Writes `tools/pages.json`: for each page the milliseconds from asking for it until its first figure has
answered to a key and is drawn, the median of five tries. They are of one machine, and of what else it did, so
no test asserts them; compare them with the ones that were kept.
"""

import json
import os
import platform
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).with_name("pages.json")
TRIES = 5
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def answers_after(browser, address: str) -> float:
    """Milliseconds until a page has answered, once."""
    with browser.new_page(viewport={"width": 1280, "height": 900}) as page:
        page.set_default_timeout(0)
        page.goto(address, wait_until="domcontentloaded")
        for handle in page.locator(".rl-slider input, .rl-compare input").all()[:1]:
            handle.press("ArrowRight")
        page.evaluate(DRAWN)
        return page.evaluate("performance.now()")


def measure() -> dict:
    """The machine and its medians, page by page."""
    sys.path.append(str(ROOT / "tests"))  # the tests serve the built book
    from built import pages, served
    from playwright.sync_api import sync_playwright
    from print_book import chromium

    load = os.getloadavg()[0]  # processes that wanted a processor in the minute before
    with served() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        names = [name for name in pages() if name != "index.html"]  # which only leads to the first page
        times = {name: [answers_after(browser, site + name) for _ in range(TRIES)] for name in names}
        version = browser.version
        browser.close()
    return {
        "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} processors",
        "load": round(load, 1),
        "chromium": version,
        "milliseconds": {name: round(median(tries)) for name, tries in times.items()},
    }


def main() -> None:
    """Measure, tell, and keep."""
    measured = measure()
    before = json.loads(KEPT.read_text(encoding="utf-8"))["milliseconds"] if KEPT.exists() else {}
    for name, milliseconds in measured["milliseconds"].items():
        print(f"{name:40} {milliseconds:6} ms, kept: {before.get(name, '–')}")
    KEPT.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
