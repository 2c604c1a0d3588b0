"""The square over a photograph: where it lies, how it grows, and a photograph of the reader's own."""

import numpy as np
import pytest
from PIL import Image
from test_figures import Page

from restorelib.reach import Reach


@pytest.fixture
def figure(noise):
    sides = {"3 layers": 7, "<20> layers": 41}
    caption = "One pixel & its square"
    return Reach(noise(64, 64), (20, 30), sides, control="network", alt="noise", caption=caption)


def test_it_begins_with_the_last_square_around_the_pixel(figure):
    page = Page(figure._repr_html_())
    for rect in page.all("rect"):
        left, top, width, height = (float(rect[name]) for name in ("x", "y", "width", "height"))
        assert (left, left + width) == (30 - 20, 30 + 21)  # 20 pixels on either side of pixel 30
        assert (top, top + height) == (20 - 20, 20 + 21)
    assert [said.get("hidden", "shown") for said in page.all("span")] == [None, "shown"]
    assert "<20> layers: 41 × 41 pixels" in page.text
    assert "One pixel & its square" in page.text
    (picture,) = page.all("img")
    assert picture["alt"] == "noise"


@pytest.fixture
def live(browser, figure):
    page = browser.new_page()
    page.set_default_timeout(0)  # a busy machine takes as long as it takes
    page.set_content(figure._repr_html_())
    yield page
    page.close()


def test_the_slider_shrinks_the_square(live):
    live.locator("input[type=range]").press("ArrowLeft")
    (first, second) = live.eval_on_selector_all(
        "rect", "all => all.map(r => ['x', 'y', 'width', 'height'].map(name => +r.getAttribute(name)))"
    )
    assert first == second == [27, 17, 7, 7]
    assert live.locator("output").inner_text() == "3 layers: 7 × 7 pixels"


def test_the_readers_photo_is_shown_from_its_middle(live, tmp_path):
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[100, 150] = 255  # its middle
    Image.fromarray(photo).save(tmp_path / "mine.png")
    live.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    live.wait_for_selector("canvas")
    shown = live.eval_on_selector(
        "canvas", "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    rows, columns = np.nonzero(np.reshape(shown, (64, 64, 4))[..., 0])
    assert (rows.tolist(), columns.tolist()) == ([32], [32])
    assert live.locator("rect").first.get_attribute("x") == "12"  # 32.5 less half of 41


def test_what_is_no_picture_is_said(live, tmp_path):
    (tmp_path / "notes.png").write_text("no picture", encoding="utf-8")
    with live.expect_event("dialog") as said:
        live.once("dialog", lambda dialog: dialog.accept())
        live.locator("input[type=file]").set_input_files(tmp_path / "notes.png")
    assert "cannot be read" in said.value.message
    assert live.locator("img").count() == 1
