"""Drawings of networks against the networks: what is drawn is compared with what hooks and parameters say."""

import json
import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
import torch
from torch import nn

import restorelib
from restorelib import diagrams

BOOK = Path(__file__).parents[1] / "book"
LAYERS = nn.Conv2d | nn.ConvTranspose2d
PART = re.compile(r"<g class='part' data-p='(\d+)'><title>(.*?)</title>(.*?)</g>")
ARC = re.compile(r"<path class='(?:skip|link)' data-p='(\d+)' data-from='(\d+)'")
LAYER = re.compile(r"(\d+)×\1 (transposed )?convolution (\d+) → (\d+)")
WEIGHTS = re.compile(r"; ([\d,]+) parameters")
CASES = {
    "vdsr": {},
    "srcnn": {},
    "rednet": {},
    "edsr": {},
    "srresnet": {},
    "mdsr": {},
    "memnet": {},
    "mtrnn": {},
    "dmphn": {},
    "drcn": {"recursions": 4, "width": 32},
    "fpn": {},
}


class Drawn:
    """What a reader of the HTML finds in it: parts by number, arcs as (from, to) among them."""

    def __init__(self, html):
        (wide,) = re.findall(r"<svg class='network wide'.*?</svg>", html)
        whole = wide.split("<g transform=")[0]
        self.titles = {int(n): unescape(title) for n, title, _ in PART.findall(whole)}
        self.marks = {int(n): marks for n, _, marks in PART.findall(whole)}
        self.arcs = sorted((int(start), int(end)) for end, start in ARC.findall(whole))

    def layers(self):
        """(kernel, transposed, channels in, channels out) of each layer that is drawn alone, in order."""
        found = [LAYER.search(title) for title in self.titles.values()]
        return [(int(m[1]), bool(m[2]), int(m[3]), int(m[4])) for m in found if m]

    def weights(self):
        found = [WEIGHTS.search(title) for title in self.titles.values()]
        return sum(int(m[1].replace(",", "")) for m in found if m)

    def bars(self):
        """Layers drawn as bars, also those in boxes."""
        return sum(len(re.findall(r"<rect class='(?:conv|deconv|join)'", m)) for m in self.marks.values())

    def number(self, layer):
        """The number of the part that is the network's `layer`-th."""
        (found,) = [n for n, title in self.titles.items() if title.startswith(f"Layer {layer}:")]
        return found


def counted(network):
    """(name, kernel, transposed, channels in, channels out) of each run of a layer, in order."""
    runs, hooks = [], []
    for name, module in network.named_modules():
        if isinstance(module, LAYERS):
            transposed = isinstance(module, nn.ConvTranspose2d)
            about = (name, module.kernel_size[0], transposed, module.in_channels, module.out_channels)
            hooks.append(module.register_forward_hook(lambda *_, about=about: runs.append(about)))
    for scale in network.scales or [None]:
        with torch.no_grad():
            network.eval()(torch.rand(1, network.channels, 32, 32), *([scale] if scale else []))
    for hook in hooks:
        hook.remove()
    return runs


def check(drawn, network):
    """Fail where a drawing and a network differ."""
    assert drawn.weights() == sum(parameter.numel() for parameter in network.parameters())
    layers = {layer[1:] for layer in counted(network)}
    boxes = [title for title in drawn.titles.values() if re.search(r": \d+ layers", title)]
    assert set(drawn.layers()) <= layers if boxes else set(drawn.layers()) == layers
    if not boxes:
        assert len(drawn.layers()) >= len({name for name, *_ in counted(network)})
    paths = arcs_of(network)
    assert paths is None or paths == len(drawn.arcs)


def arcs_of(network):
    """How many paths go past layers, from what the network says of itself."""
    match type(network).__name__:
        case "VDSR":
            return int(network.residual)
        case "REDNet":
            return len(network.sources) + network.residual
        case "EDSR" | "SRResNet":
            return 1
        case "MDSR":
            return len(network.scales)
        case "MemNet":  # every gate sees B0 and all earlier blocks; every block's result becomes a picture
            blocks = len(network.blocks)
            return blocks * (blocks + 1) // 2 + (blocks - 1) + 1
        case "MTRNN":  # later iterations get I_0, and two maps each
            return (network.iterations - 1) * (1 + 2 * network.recurrent)
    return None


def drawing(network):
    return Drawn(diagrams.draw(network)._repr_html_())


@pytest.mark.parametrize("name", CASES)
def test_a_drawing_says_what_the_network_is(name):
    network = restorelib.build(name, **CASES[name])
    check(drawing(network), network)


@pytest.mark.parametrize("depth", [5, 20])
def test_every_layer_of_vdsr_is_a_bar(depth):
    network = restorelib.build("vdsr", depth=depth, width=8)
    drawn = drawing(network)
    assert drawn.layers() == [layer[1:] for layer in counted(network)]
    assert drawn.bars() == depth


@pytest.mark.parametrize("options", [{}, {"depth": 20}, {"depth": 10, "skip_every": 4}, {"skips": "block"}])
def test_skips_of_red_net_are_its_sources(options):
    network = restorelib.build("rednet", width=8, **options)
    drawn = drawing(network)
    depth = len(network.layers)
    assert drawn.bars() == depth
    assert drawn.layers() == [layer[1:] for layer in counted(network)]
    # The sum behind a layer is the next part.
    skips = {(drawn.number(source), drawn.number(layer) + 1) for layer, source in network.sources.items()}
    assert skips | {(1, drawn.number(depth) + 1)} == {
        (start if "Sum" not in drawn.titles[start] else start - 1, end) for start, end in drawn.arcs
    }


def test_blocks_of_edsr_hold_their_layers():
    network = restorelib.build("edsr", blocks=5, width=8, scale=4)
    drawn = drawing(network)
    blocks = [title for title in drawn.titles.values() if title.startswith("Residual block")]
    assert len(blocks) == 5
    assert drawn.bars() == len(counted(network)) == 2 * 5 + 2 + 3
    assert "3 × 4H × 4W" in list(drawn.titles.values())[-1]


def test_scales_of_mdsr_share_what_they_share():
    network = restorelib.build("mdsr", blocks=3, width=8)
    drawn = drawing(network)
    once = {name for name, *_ in counted(network)}
    assert drawn.bars() == len(once) == 1 + 3 * 2 * 2 + 2 * 3 + 1 + 4 + 1
    shared = [title for title in drawn.titles.values() if "used 3 times" in title]
    assert len(shared) == 1 + 3 + 1 + 1  # first layer, body's blocks, its last layer, last layer


def test_memnet_draws_every_recursion():
    network = restorelib.build("memnet", blocks=3, recursions=4, width=8)
    drawn = drawing(network)
    once = {name for name, *_ in counted(network)}
    assert drawn.bars() == 2 + 3 * (2 * 4 + 1) == len(once) + 3 * 2 * 3
    assert "8 layers, 2 with weights of their own" in drawn.titles[3]
    assert [LAYER.search(title)[3] for title in drawn.titles.values() if "1×1" in title] == ["40", "48", "56"]


@pytest.mark.parametrize(
    "options", [{}, {"long_term": False}, {"short_term": False}, {"shared": False}, {"shared_norms": True}]
)
def test_a_memory_block_is_unrolled_into_what_its_module_runs(options):
    network = restorelib.build("memnet", blocks=3, recursions=4, width=8, **options)
    insets = diagrams.draw(network).insets
    assert [enlarged.inset.button for enlarged in insets] == ["block 1", "block 2", "block 3"]
    for number, (enlarged, block) in enumerate(zip(insets, network.blocks, strict=True), 1):
        kinds = Counter(part.kind for part in enlarged.parts if part.kind != "input")
        assert kinds == {"conv": 8, "sum": 4, "join": 1}
        gate = enlarged.parts[-1]
        assert gate.channels == (block.gate.weigh[2].in_channels, 8)
        takes = [enlarged.called[i] for i, _ in gate.inputs]
        before = f"block {number - 1}" if number > 1 else "first layer"
        earlier = ["first layer", "block 1", "block 2"][:number] if options.get("long_term", True) else []
        own = [f"sum {r}" for r in range(1, 5)]
        assert takes == earlier + (own if options.get("short_term", True) else own[-1:])
        assert enlarged.called[0] == before
        assert sum(part.weights for part in enlarged.parts) == sum(p.numel() for p in block.parameters())


def test_passes_of_mtrnn_share_their_weights():
    drawn = drawing(restorelib.build("mtrnn", width=8, iterations=4))
    passes = [title for title in drawn.titles.values() if title.startswith("Pass")]
    assert len(passes) == 4
    assert ["the weights of pass 1" in title for title in passes] == [False, True, True, True]


def other_kernel(network):
    network.layers[3] = nn.Conv2d(64, 64, 5, padding=2)


def other_width(network):
    network.layers[3] = nn.Conv2d(64, 32, 3, padding=1)
    network.layers[4] = nn.Conv2d(32, 64, 3, padding=1)


def fewer_layers(network):
    del network.layers[5]


def no_sum(network):
    network.residual = False


@pytest.mark.parametrize("change", [other_kernel, other_width, fewer_layers, no_sum])
def test_a_drawing_of_another_network_is_found_out(change):
    network = restorelib.build("vdsr")
    before = drawing(network)
    check(before, network)
    change(network)
    with pytest.raises(AssertionError):
        check(before, network)
    check(drawing(network), network)


def test_a_cut_skip_leaves_the_drawing():
    network = restorelib.build("rednet", depth=10)
    before = drawing(network)
    del network.sources[8]
    with pytest.raises(AssertionError):
        check(before, network)
    check(drawing(network), network)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vdsr", {"depth": 1}),
        ("vdsr", {"depth": 5, "residual": False}),
        ("rednet", {"depth": 10, "skip_every": 0, "residual": False}),
        ("rednet", {"depth": 10, "deconvolution": False, "skip_every": 4}),
        ("memnet", {"blocks": 2, "width": 8, "gate": "highway"}),
        ("mtrnn", {"width": 8, "recurrent": False, "residual": False}),
        ("mtrnn", {"width": 8, "iterations": 1}),
    ],
)
def test_any_options_can_be_drawn(name, options):
    network = restorelib.build(name, **options)
    assert drawing(network).weights() == sum(parameter.numel() for parameter in network.parameters())


def test_shares_of_the_operations_add_up():
    html = diagrams.draw(restorelib.build("vdsr"))._repr_html_()
    table = re.search(r"<tbody>(.*?)</tbody>", html)[1]
    shares = re.findall(r"<td>([\d.]+) %</td></tr>", table)
    assert sum(map(float, shares)) == pytest.approx(100, abs=0.2)
    first = 9 * 64 / 664_704  # of its multiplications
    assert float(shares[0]) == pytest.approx(100 * first, abs=0.05)


def test_the_alternative_text_says_the_structure():
    drawn = diagrams.draw(restorelib.build("rednet", depth=10))
    assert drawn.alt.startswith("10 layers.")
    for said in ("Layer 2 to 5, 4 in all, each: 3×3 convolution 64 → 64", "Added: layer 8 and layer 2"):
        assert said in drawn.alt
    for form in ("wide", "tall"):
        assert (
            f"<svg class='network {form}' role='img' aria-label='RED-Net, drawn from" in drawn._repr_html_()
        )


# ---------------------------------------------------------------- in the chapters

DRAWN_IN = {"vdsr": "vdsr", "rednet": "rednet", "edsr": "edsr", "memnet": "memnet", "mtrnn": "mtrnn"}


@pytest.mark.parametrize("chapter", DRAWN_IN)
def test_a_chapter_shows_the_network_of_today(chapter):
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    (cell,) = [
        c for c in cells if f'diagrams.draw(restorelib.build("{DRAWN_IN[chapter]}"))' in "".join(c["source"])
    ]
    assert cell["metadata"]["tags"] == ["hide-input"]
    (output,) = cell["outputs"]
    stored, network = Drawn("".join(output["data"]["text/html"])), restorelib.build(DRAWN_IN[chapter])
    check(stored, network)
    now = drawing(network)
    assert (stored.titles, stored.arcs) == (now.titles, now.arcs)


# ---------------------------------------------------------------- in a browser

OVERLAPS = """svg => {
    const boxes = [...svg.querySelectorAll('text')].map(e => [e.textContent, e.getBoundingClientRect()]);
    const found = [];
    boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
        if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 3 && q.top < p.bottom - 3)
            found.push(a + ' / ' + b);
    }));
    return found;
}"""


OUTSIDE = """svg => {
    const all = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text,image,rect')].map(e => e.getBoundingClientRect());
    const seen = boxes.filter(box => box.width);
    return seen.filter(box => box.left < all.left - 1 || box.right > all.right + 1).length;
}"""


@pytest.fixture
def shown(browser):
    """`shown(network, width)`: the page with its drawing."""
    opened = []

    def show(name, width, **context):
        page = browser.new_page(viewport={"width": width, "height": 900}, **context)
        opened.append(page)
        html = diagrams.draw(restorelib.build(name, **CASES[name]))._repr_html_()
        page.set_content(f"<!doctype html><body style='margin:16px'>{html}")
        return page

    yield show
    for page in opened:
        page.close()


@pytest.mark.parametrize("width", [390, 816])
@pytest.mark.parametrize("name", ["vdsr", "rednet", "edsr", "mdsr", "memnet", "mtrnn", "dmphn"])
def test_words_are_legible_and_apart(shown, name, width):
    page = shown(name, width)
    svg = page.locator("svg.network:visible")
    assert "tall" in svg.get_attribute("class") or width > 390
    assert svg.evaluate(OVERLAPS) == []
    scale = svg.evaluate("e => e.getBoundingClientRect().width / e.viewBox.baseVal.width")
    assert 12.5 * scale >= 11
    outside = svg.evaluate(OUTSIDE)
    assert outside == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_walks_through_the_parts(shown):
    page = shown("vdsr", 816)
    slider, said = page.get_by_role("slider"), page.locator(".rl-said")
    assert said.inner_text().startswith("VDSR: 20 layers, 665,921 parameters")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert said.inner_text().startswith("Layer 2: 3×3 convolution 64 → 64, then ReLU; result 64 × H × W")
    assert slider.get_attribute("aria-valuetext") == said.inner_text()
    assert page.locator(".wide .rl-on").count() == 1
    page.keyboard.press("Home")
    assert said.inner_text().startswith("VDSR")


def test_a_touched_part_is_lit(shown):
    page = shown("vdsr", 390, has_touch=True)
    page.locator(".tall [data-p='1'] + g, .tall g[data-p='2']").first.tap()
    assert page.locator(".rl-said").inner_text().startswith("Layer 1: 3×3 convolution 1 → 64")
    assert page.locator("figure.rl-lit").count() == 1


@pytest.mark.parametrize("width", [390, 816])
def test_words_of_every_unrolled_block_are_apart(shown, width):
    page = shown("memnet", width)
    svg = page.locator("svg.network:visible")
    for button in page.get_by_role("radio").all():
        button.check(force=True)
        assert svg.evaluate(OVERLAPS) == []
        assert svg.evaluate(OUTSIDE) == 0


def test_a_touched_memory_block_is_unrolled(shown):
    page = shown("memnet", 816, has_touch=True)
    svg = page.locator("svg.network.wide")
    opened = svg.locator(".inset:visible")
    assert opened.locator(".face").text_content() == "memory block 2, its recursion unrolled, then its gate"
    page.locator(".wide g.part", has_text="Recursions of memory block 5: ").tap()
    assert opened.locator(".face").text_content().startswith("memory block 5")
    assert page.get_by_role("radio", name="block 5").is_checked()
    assert page.locator(".rl-said").inner_text().startswith("Recursions of memory block 5: 12 layers")
    assert "Enlarged, memory block 5" in svg.get_attribute("aria-label")
    assert "Enlarged, memory block 2" not in svg.get_attribute("aria-label")
    page.locator(".wide .inset.rl-open g.part").nth(2).tap()
    assert "convolution 64 → 64" in page.locator(".rl-said").inner_text()
    assert opened.locator(".rl-on").count() == 1


def test_buttons_unroll_and_the_slider_walks_through_what_is_unrolled(shown):
    page = shown("memnet", 816)
    page.get_by_role("radio", name="block 2").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="block 3").is_checked()
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    gate = "Layer 13: 1×1 convolution 576 → 64"
    assert page.locator(".rl-said").inner_text().startswith(gate)
    assert page.locator(".wide .inset:visible .rl-on").count() == 1 + 7  # with the links that end there
    page.get_by_role("radio", name="block 6").check(force=True)
    assert page.locator(".rl-said").inner_text().startswith("MemNet: 80 layers")
    assert page.locator(".rl-on").count() == 0


def test_without_javascript_the_table_says_it_all(shown):
    page = shown("edsr", 816, java_script_enabled=False)
    assert not page.get_by_role("slider").is_visible()
    page.get_by_text("Every part as a table").click()
    assert page.get_by_role("row").filter(has_text="residual block 1 to 16").is_visible()


def test_axe_finds_nothing(shown):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown("memnet", 816)).response["violations"]
    page_rules = {"document-title", "html-has-lang", "landmark-one-main", "page-has-heading-one", "region"}
    assert [v["id"] for v in found if v["id"] not in page_rules] == []
