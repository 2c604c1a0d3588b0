"""What the front page shows: strips that are wiped clean, distances to the papers, cards."""

import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from restorelib import runs
from restorelib.figures import PAPERS
from restorelib.front import Card, Cards, Distance, Distances, Strip, Strips, hours

TOKENS = Path(__file__).parents[1] / "book" / "_static" / "tokens.css"
DARK, LIGHT = (np.full((30, 20, 3), grey, np.uint8) for grey in (40, 200))
STRIPS = Strips(
    [Strip(paper, paper.upper(), "noise < 5", DARK, LIGHT) for paper in PAPERS], alt="A cat", caption="Wiped."
)
# Bicubic 33.66, the paper 37.53, ours 36.20: 2.54 of 3.87 dB.
FAR = Distances([Distance("vdsr", "VDSR, Set5 ×2", 33.66, 37.53, 36.20, "vdsr-quick")], "How far.")
CARDS = Cards([Card("rednet", "RED-Net", 2016, "Skips & more.", DARK, LIGHT, {"paper": "27.34"})])


def test_a_paper_has_one_colour_everywhere():
    light = re.search(r'data-theme="light"\] \{(.*?)\}', TOKENS.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert dict(re.findall(r"--rl-(\w+): (#\w+);", light)) == PAPERS


def test_a_share_is_of_the_papers_gain():
    assert FAR.rows[0].share == pytest.approx(2.54 / 3.87)
    assert repr(FAR).splitlines() == ["How far.", "VDSR, Set5 ×2: 66%, -1.33 dB"]


@pytest.mark.parametrize(("minutes", "said"), [(3.6, "4 min"), (89, "89 min"), (90, "1.5 h"), (115, "1.9 h")])
def test_durations(minutes, said):
    assert hours(minutes) == said


@pytest.fixture
def front(browser):
    """`front(**options)`: a page with strips, a distance and a card."""
    pages = []

    def show(**options):
        pages.append(browser.new_page(viewport={"width": 390, "height": 800}, **options))
        shown = "".join(each._repr_html_() for each in (STRIPS, FAR, CARDS))
        pages[-1].set_content(f"<html lang=en><title>t</title><main><h1>h</h1><h2>h</h2>{shown}</main>")
        return pages[-1]

    yield show
    for page in pages:
        page.close()


def wiped(page):
    return page.locator(".rl-strips").evaluate("e => getComputedStyle(e).getPropertyValue('--rl-wiped')")


def test_the_border_moves_by_keys_and_by_mouse(front):
    page = front(reduced_motion="reduce")
    page.get_by_label("how much is repaired").focus()
    page.keyboard.press("End")
    assert wiped(page) == "100%"
    strip = page.locator(".rl-wipe").nth(3).bounding_box()
    page.mouse.move(strip["x"] + 5, strip["y"] + strip["height"] / 4)
    assert float(wiped(page).removesuffix("%")) == pytest.approx(25, abs=1)
    assert page.get_by_label("how much is repaired").input_value() == "25"


def test_it_moves_by_itself_once_unless_motion_is_unwelcome(front):
    assert wiped(front(reduced_motion="reduce")) == "50%"
    animation = "e => e.getAnimations().map(a => a.effect.getComputedTiming().iterations)"
    assert front(reduced_motion="no-preference").locator(".rl-strips").evaluate(animation) == [1]


def test_without_javascript_no_control_is_left_that_does_nothing(front):
    page = front(java_script_enabled=False)
    assert page.locator(".rl-strips img").count() == 10
    assert not page.get_by_label("how much is repaired").is_visible()


def test_every_picture_is_told_and_nothing_is_found_by_axe(front):
    page = front(reduced_motion="reduce")
    told = [each.get_attribute("alt") for each in page.locator(".rl-strips img").all()]
    assert told[:2] == ["A cat: noise < 5", "A cat: noise < 5, and repaired by VDSR"]
    assert len(told) == 10
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_row_leads_to_its_record_and_a_card_to_its_chapter(front):
    page = front(reduced_motion="reduce")
    row, card = page.locator(".rl-far a"), page.locator(".rl-card a")
    assert row.get_attribute("href") == runs.address("vdsr-quick")
    assert row.inner_text().split() == ["VDSR,", "Set5", "×2", "66%,", "-1.33", "dB"]
    assert card.get_attribute("href") == "rednet.html"
    assert card.get_by_role("heading").inner_text() == "RED-Net 2016"
