"""Skips that are cut: which there are, what is measured, and the figure in which a reader cuts them."""

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from restorelib import cuts, runs
from restorelib.networks import build

RUN = "red20-noise50-quick"


@pytest.fixture
def network():
    return build("rednet", depth=20, width=4).eval()


def test_every_choice_of_skips_is_a_cut(network):
    found = cuts.cuts_of(network)
    assert found[:6] == [(), (2,), (4,), (6,), (8,), (2, 4)]
    assert len(set(found)) == 16
    assert found[-1] == (2, 4, 6, 8)


def test_a_cut_leaves_out_its_skips_and_keeps_the_weights(network):
    less = cuts.without(network, (2, 6))
    assert less.sources == {16: 4, 12: 8}
    assert network.sources == {18: 2, 16: 4, 14: 6, 12: 8}
    assert all(a is b for a, b in zip(less.parameters(), network.parameters(), strict=True))
    plain = build("rednet", depth=20, width=4, skip_every=0)
    plain.load_state_dict(network.state_dict())
    picture = torch.rand(1, 1, 24, 24)
    assert torch.equal(cuts.without(network, (2, 4, 6, 8))(picture), plain(picture))


def test_flat_areas_and_edges():
    step = torch.full((1, 1, 20, 30), 0.2)
    step[..., 15:] = 0.8
    flat, edges = cuts.kinds(step)
    assert edges[:, 14:16].all()
    assert flat[:, :9].all()
    assert flat[:, 21:].all()
    assert not (flat & edges).any()


def test_what_is_left_of_noise_and_detail(photograph):
    clean = photograph[..., :96, :96].double()
    noise = torch.randn(clean.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) / 5
    cost = cuts.cost_of(clean + noise / 10, clean, clean + noise)
    assert cost.noise == pytest.approx(0.1)
    assert cost.detail == pytest.approx(1)
    assert cost.flat == pytest.approx(255 / 50, rel=0.1)
    both = cuts.mean([cost, cuts.Cost(cost.psnr + 2, 0, cost.edges, 0.3, 0.5)])
    assert both.psnr == pytest.approx(cost.psnr + 1)
    assert both.flat == pytest.approx(cost.flat / 2**0.5)
    assert (both.noise, both.detail) == pytest.approx((0.2, 0.75))


def test_with_all_skips_a_run_scores_what_its_record_says():
    (score,) = (s for s in runs.record(RUN).scores if s.set == "Set12")
    costs = cuts.measured(RUN)
    # The record rounds what comes out to 8 bits and cuts it, this does not.
    assert costs[()].psnr == pytest.approx(score.psnr, abs=0.02)
    assert set(costs) == set(cuts.cuts_of(runs.load(RUN)))


# ---------------------------------------------------------------- the figure


@pytest.fixture
def shown(network, browser):
    """`shown(javascript, width)`: a page with the figure, and the figure."""
    black = np.zeros((16, 16), np.uint8)
    pictures = {cut: {"restored": black + 15 * i} for i, cut in enumerate(cuts.cuts_of(network))}
    costs = {cut: cuts.Cost(30 - i, 1 + i, 5, 0.5, 0.5) for i, cut in enumerate(pictures)}
    figure = cuts.Cuts(network, pictures, costs, "Set <9>", "a cat", "Cut & see.")
    opened = []

    def show(javascript=True, width=600):
        page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=javascript)
        page.set_content(f"<html lang=en><title>t</title><main><h1>h</h1>{figure._repr_html_()}</main>")
        opened.append(page)
        return page, figure

    yield show
    for page in opened:
        page.close()


def test_arcs_and_boxes_cut_the_same_skips(shown):
    page, figure = shown()
    state = page.locator(".rl-state:visible")
    assert page.locator(".rl-heard").inner_text() == figure.said(())
    assert not page.locator("table").is_visible()
    page.locator(".rl-near").nth(1).dispatch_event("click")
    assert page.get_by_label("4 → 16").is_checked()
    page.get_by_label("8 → 12").press("Space")
    assert page.locator(".rl-heard").inner_text() == figure.said((4, 8))
    assert state.count() == 1
    assert state.locator("img").get_attribute("alt") == "a cat, restored, cut after layer: 4 and 8"
    assert page.locator("g.rl-gone").count() == 2
    page.locator(".rl-near").nth(1).dispatch_event("click")
    assert page.locator(".rl-heard").inner_text() == figure.said((8,))


def test_every_state_is_there(shown):
    page, figure = shown()
    heard = set()
    for number in range(16):
        for i, box in enumerate(page.locator("input").all()):
            box.set_checked(bool(number >> i & 1))
        heard.add(page.locator(".rl-heard").inner_text())
        assert page.locator(".rl-state:visible").count() == 1
    assert heard == set(map(figure.said, figure.pictures))


def test_without_javascript_it_is_a_picture_and_a_table(shown):
    page, figure = shown(javascript=False)
    assert page.locator("tbody tr").count() == 16
    assert page.locator("table").is_visible()
    assert page.locator("img:visible").count() == 1
    assert not page.locator("input").first.is_visible()
    assert "2 and 4" in repr(figure)


def test_accessible_and_narrow(shown):
    page, _ = shown(width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert Axe().run(page).response["violations"] == []
