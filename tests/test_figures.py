"""What notebooks show: the interactive comparisons as HTML, and the plots."""

import base64
import io
import re
from html.parser import HTMLParser

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

mpl.use("agg")  # needs no window

from restorelib import figures

VOID = {"img", "input", "br", "meta", "link", "hr"}


class Page(HTMLParser):
    """Every tag with its attributes and enclosing tags; complains where tags don't close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes, _ in self.tags if name == tag]


def pixels(img):
    kind, data = img["src"].split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.fixture
def frames(noise):
    return {"×2 & <sharp>": noise(6, 8, 3), "×3": noise(6, 8, 3)[::-1], "×4": noise(6, 8)}


@pytest.fixture
def slider(frames):
    return figures.Slider(
        frames, control="scale", alt='a cat "Chelsea"', caption="Look at the <eyes>", zoom=3
    )


def test_a_slider_shows_its_pictures_unchanged_with_alternatives(slider, frames):
    pictures = Page(slider._repr_html_()).all("img")
    assert len(pictures) == 3
    for img, (label, image) in zip(pictures, frames.items(), strict=True):
        assert np.array_equal(pixels(img), image)
        assert img["alt"] == f'a cat "Chelsea": {label}'
        assert (img["width"], img["height"]) == ("24", "18")


def test_a_slider_begins_with_its_first_frame_and_has_a_named_control(slider, frames):
    page = Page(slider._repr_html_())
    classes = [a["class"].split() for a in page.all("div") if "rl-frame" in a.get("class", "").split()]
    assert classes == [["rl-frame", "rl-on"], ["rl-frame"], ["rl-frame"]]
    ((control, inside),) = [(a, inside) for tag, a, inside in page.tags if tag == "input"]
    assert inside[-1] == "label"
    assert (control["type"], control["min"], control["max"], control["value"]) == ("range", "0", "2", "0")
    assert control["aria-valuetext"] == next(iter(frames))
    for said in ("scale", "Look at the <eyes>", *frames):
        assert said in page.text


def test_a_comparison_lays_one_picture_over_the_other(noise):
    before, after = noise(6, 8), noise(6, 8)[:, ::-1]
    compare = figures.Compare(("bicubic", before), ("VDSR", after), alt="a cat", caption="Look & see", zoom=2)
    page = Page(compare._repr_html_())
    images = {img["class"]: img for img in page.all("img")}
    assert np.array_equal(pixels(images["rl-top"]), before)
    assert np.array_equal(pixels(images["rl-bottom"]), after)
    assert (images["rl-top"]["alt"], images["rl-bottom"]["alt"]) == ("a cat: bicubic", "a cat: VDSR")
    (control,) = page.all("input")
    assert (control["type"], control["min"], control["max"], control["value"]) == ("range", "0", "100", "35")
    (figure,) = page.all("figure")
    assert figure["style"] == "--rl-width:16px;--rl-at:35%"
    assert control["aria-label"] == "bicubic on the left of the border, VDSR on the right"
    assert "Look & see" in page.text


@pytest.fixture
def shown(browser, slider, noise):
    """`shown(width, javascript)`: a page with a comparison of 160 pixels and a slider of 24."""
    compare = figures.Compare(("before", noise(60, 80)), ("after", noise(60, 80)), "a cat", "Look", zoom=2)
    pages = []

    def show(width=600, javascript=True):
        pages.append(
            browser.new_page(viewport={"width": width, "height": 700}, java_script_enabled=javascript)
        )
        pages[-1].set_content(f"<body style='margin:20px'>{compare._repr_html_()}{slider._repr_html_()}")
        return pages[-1]

    yield show
    for page in pages:
        page.close()


def box(page, part):
    """Left and right end of a part of the page."""
    found = page.locator(part).bounding_box()
    return found["x"], found["x"] + found["width"]


def border(page):
    """Where the border stands, in percent of the picture; the line, the clipping and the slider agree."""
    left, right = box(page, ".rl-pair")
    line = 100 * (sum(box(page, ".rl-border")) / 2 - left) / (right - left)
    clip = page.locator(".rl-top").evaluate("image => getComputedStyle(image).clipPath")
    assert 100 - float(re.fullmatch(r"inset\(0px ([\d.]+)% 0px 0px\)", clip)[1]) == pytest.approx(line, abs=1)
    assert float(page.locator(".rl-compare input").input_value()) == pytest.approx(line, abs=1)
    return line


def test_the_border_is_dragged_on_the_picture_and_moved_by_keys(shown):
    page = shown()
    assert border(page) == pytest.approx(35, abs=1)
    x, y = (page.locator(".rl-pair").bounding_box()[side] for side in "xy")
    page.mouse.move(x + 120, y + 30)
    assert border(page) == pytest.approx(35, abs=1)  # not pressed
    page.mouse.down()
    page.mouse.move(x + 40, y + 10)
    assert border(page) == pytest.approx(25, abs=1)
    page.mouse.move(x - 90, y + 500)  # beyond the picture
    assert border(page) == pytest.approx(0, abs=1)
    page.mouse.move(x + 128, y + 30)
    page.mouse.up()
    page.mouse.move(x + 10, y + 30)
    assert border(page) == pytest.approx(80, abs=1)
    page.keyboard.press("ArrowRight")
    assert border(page) == pytest.approx(81, abs=1)


@pytest.mark.parametrize("width", [600, 150])
def test_a_slider_is_as_wide_as_its_picture(shown, width):
    page = shown(width)
    for picture, control in ((".rl-pair", ".rl-compare input"), (".rl-on img", ".rl-slider input")):
        assert box(page, control) == pytest.approx(box(page, picture), abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_and_on_paper_all_pictures_stand_side_by_side(shown):
    still, paper = shown(javascript=False), shown()
    paper.emulate_media(media="print")
    for page in still, paper:
        assert box(page, ".rl-top")[1] <= box(page, ".rl-bottom")[0]
        assert [frame.is_visible() for frame in page.locator(".rl-frame").all()] == [True] * 3
        assert page.locator("input:visible, .rl-border:visible").count() == 0


def test_without_html_the_comparisons_say_what_they_show(slider, noise):
    assert repr(slider) == "Look at the <eyes>"
    assert repr(figures.Compare(("a", noise(4, 4)), ("b", noise(4, 4)), "alt", "A caption")) == "A caption"


def test_a_crop_is_a_square_window(noise):
    assert np.array_equal(figures.crop(noise(9, 9, 3), 2, 4, 3), noise(9, 9, 3)[2:5, 4:7])


def test_a_row_of_pictures_has_their_labels_and_grey_scale(frames):
    figure = figures.row(frames)
    assert [axis.get_title() for axis in figure.axes] == list(frames)
    assert [axis.images[0].get_clim() for axis in figure.axes] == [(0, 255)] * 3
    assert np.array_equal(figure.axes[2].images[0].get_array(), frames["×4"])
    figures.plt.close(figure)


def test_lines_differ_in_colour_and_in_style():
    styles = list(figures.STYLE["axes.prop_cycle"])
    assert len({style["color"] for style in styles}) == len(styles) == 6
    assert len({str(style["linestyle"]) for style in styles}) == 6
    with mpl.rc_context():
        figures.use_style()
        assert mpl.rcParams["axes.grid"]


def test_curves_of_a_group_look_alike_and_share_one_label():
    _, axis = figures.plt.subplots()
    seeds = [f"edsr-ladder-edsr-seed{seed}-quick" for seed in range(3)]
    figures.curves(axis, {"EDSR": seeds[:2], "again": seeds[2:]}, marker=".")
    first, second, third = axis.lines
    validation = figures.runs.record(seeds[1]).validation
    assert list(second.get_xdata()) == [update for update, _, _ in validation]
    assert list(second.get_ydata()) == [psnr for _, _, psnr in validation]
    assert first.get_color() == second.get_color() != third.get_color()
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["EDSR", "again"]
    figures.curves(axis, {"EDSR": seeds[:1]}, "loss")
    assert list(axis.lines[-1].get_ydata()) == [loss for _, loss in figures.runs.record(seeds[0]).loss]
    figures.plt.close(axis.figure)


def test_a_page_without_a_kernel_draws_the_first_choice(monkeypatch):
    monkeypatch.setenv("RESTORELIB_STATIC", "1")
    drawn = []
    figures.explore(lambda **chosen: drawn.append(chosen), scale=(3, 4), name=("a", "b"))
    assert drawn == [{"scale": 3, "name": "a"}]


def test_chains_have_a_box_a_part_and_a_shortcut_an_addition():
    figure = figures.chains({"plain": ["conv", "ReLU"], "residual": ["conv", "ReLU", "conv", "+"]})
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == ["plain", "conv", "ReLU", "residual", "conv", "ReLU", "conv", "+"]
    bends = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    assert len(bends) == 1
    figures.plt.close(figure)


def test_no_group_of_curves_is_left_out():
    groups = {str(i): ["vdsr-quick"] for i in range(len(figures.COLOURS) + 1)}
    axis = plt.figure().add_subplot()
    figures.curves(axis, groups)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == list(groups)
    plt.close(axis.figure)


def test_seeds_are_discs_over_a_bar_and_the_paper_is_a_ring():
    _, axis = plt.subplots()
    effects = {"helps": (0.5, 0.8, 0.6), "undecided": (-0.1, 0.15)}
    figures.seeds(axis, effects, {"helps": "red", "undecided": "blue"}, {"helps": 0.7})
    bar, discs, ring, other_bar, other_discs, zero = axis.lines
    assert list(bar.get_xdata()) == [0.5, 0.8]
    assert list(bar.get_ydata()) == [0, 0]
    assert list(discs.get_xdata()) == [0.5, 0.8, 0.6]
    assert discs.get_color() == "red"
    assert list(ring.get_xdata()) == [0.7]
    assert ring.get_markerfacecolor() == "none"
    assert list(other_bar.get_xdata()) == [-0.1, 0.15]
    assert other_discs.get_color() == "blue"
    assert list(zero.get_xdata()) == [0, 0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["helps", "undecided"]
    plt.close()
