"""The bench: what it counts is right, and it times what it says."""

import importlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from restorelib import bench
from restorelib.bench import results, rivals
from restorelib.degrade import Bicubic, Motion, Noise
from restorelib.images import to_image
from restorelib.networks import build
from restorelib.patches import Patches
from restorelib.recipes import find


@pytest.fixture
def tiny(monkeypatch, recipe):
    """The bench with two tiny networks and little patience."""
    several = tuple(Bicubic(scale, enlarge=False) for scale in (2, 3))
    options = {"blocks": 1, "width": 8}
    mdsr = replace(recipe, network="mdsr", options=options, task=several, patch=6)
    monkeypatch.setattr(bench, "benched", lambda: {"vdsr": recipe, "mdsr": mdsr})
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "PICTURE", 48)
    return recipe


def test_operations_by_hand(recipe):
    # three layers 1-8-8-1: 9 * (8 + 64 + 8) weights, a multiplication and an addition each, for every pixel;
    # as much again for the gradients of the weights, and for those of the inputs of all layers but the first
    weights = 9 * np.array([8, 64, 8])
    pixels = recipe.batch * recipe.patch**2
    pair = torch.rand(2, recipe.batch, 1, recipe.patch, recipe.patch)
    assert bench.counted_flops(recipe, tuple(pair)) == 2 * pixels * (3 * weights.sum() - weights[0])


def test_the_bytes_of_tensors_that_are_alive():
    with bench.Alive() as alive:
        a = torch.ones(100)
        b = a + 1
        del a
        c = b.view(10, 10) + b.reshape(10, 10)  # views take nothing
        assert (alive.now, alive.most) == (800, 800)
        del b, c
    assert (alive.now, alive.most) == (0, 800)


def test_ways_take_turns_and_the_median_counts(monkeypatch, clock):
    monkeypatch.setattr(bench, "ROUNDS", 3)
    monkeypatch.setattr(bench, "time", clock)
    turns, lasting = [], iter([9.0, 0.3, 0.3, 7.0, 0.5])  # the first call warms up, one is disturbed

    def slow():
        turns.append("slow")
        clock.now += next(lasting)

    def quick():
        clock.now += 0.01

    def before():
        turns.append("before quick")
        clock.now += 5  # not counted

    took = bench.in_turns({"slow": slow, "quick": quick}, {"quick": before})
    assert took["slow"] == pytest.approx(0.5)
    assert took["quick"] == pytest.approx(0.01)
    assert turns == ["slow"] * 2 + ["slow", "before quick"] * 3


@pytest.mark.parametrize(("lasts", "calls"), [(0.5, 2 + 5), (15, 2 + 4), (100, 2 + 3)])
def test_slow_work_is_timed_less_often(lasts, calls, monkeypatch, clock):
    monkeypatch.setattr(bench, "time", clock)
    made = []

    def work():
        made.append(lasts)
        clock.now += lasts

    assert bench.in_turns({"work": work}) == {"work": pytest.approx(lasts)}
    assert len(made) == calls


def test_a_step_can_be_fed_by_the_loader(noise):
    patches = Patches([noise(9, 12)], (Noise(0),), size=7, batch=4)
    loaded = torch.rand(4, 1, 7, 7)
    patches.clean = lambda addresses: loaded
    assert torch.equal(patches.batch(0)[1], loaded)


def test_the_loader_decodes_crops_and_flips(noise, tmp_path):
    picture = noise(9, 12)
    patches = Patches([picture], (Noise(0),), size=7, batch=4)
    loader = rivals.decoding_loader([picture, noise(6, 50)], tmp_path / "png", patches, batch=4)
    assert [path.name for path in (tmp_path / "png").iterdir()] == ["0.png"]  # the other holds no patch
    windows = set()
    for top in range(3):
        for left in range(6):
            for turns in range(4):
                window = np.rot90(picture[top : top + 7, left : left + 7], turns)
                windows |= {window.tobytes(), window[:, ::-1].tobytes()}
    drawn = [to_image(loader.dataset[i][None]).tobytes() for i in range(100)]
    assert set(drawn) <= windows
    assert len(set(drawn)) > 50
    assert next(iter(loader)).shape == (4, 1, 7, 7)


def test_the_result_has_its_keys_and_its_ratios_are_those_of_its_figures(tiny):
    result = json.loads(json.dumps(bench.bench()))
    row, several = result["rows"]
    assert (row["network"], several["network"]) == ("vdsr", "mdsr")
    assert result["sampler_share"] == max(row["sampler_share"], several["sampler_share"])
    assert result["sampler_over_dataloader"] == min(
        row["sampler_over_dataloader"], several["sampler_over_dataloader"]
    )
    assert 0 < row["sampler_share"] < 1
    assert row["sampler_over_dataloader"] == pytest.approx(
        row["sampler_patches_per_second"] / row["loader_patches_per_second"], rel=0.1
    )
    assert row["peak_fraction"] == pytest.approx(row["gflops"] / result["convolution_peak_gflops"], abs=0.05)
    assert row["memory_mb"] > 0
    assert {"NCHW", "DataLoader"} <= row["times_longer"].keys()
    assert row["muon_over_adamw"] > 0
    told = results.as_text(result)
    assert f"with Muon takes {row['muon_over_adamw']:.2f} times as long as one with AdamW" in told
    assert f"{row['patches_per_second']} patches/s of 17 pixels" in told


def test_muon_and_adamw_are_timed_on_the_same_recipe(tiny, monkeypatch):
    timed = {}

    def in_turns(ways, before=None):
        timed.update(ways)
        return dict.fromkeys(ways, 1.0) | {"muon": 3.0, "adamw": 2.0}

    monkeypatch.setattr(bench, "in_turns", in_turns)
    rows = bench.bench(("vdsr",))["rows"]
    assert rows[0]["muon_over_adamw"] == 1.5
    recipes = {name: timed[name].__self__.recipe for name in ("muon", "adamw")}
    assert recipes == {name: replace(tiny, optimiser=name) for name in recipes}


def test_an_unknown_network_is_refused(refused):
    with refused("no network called 'vdsl' has a recipe; there are .*vdsr"):
        bench.bench(("vdsl",))


# ---------------------------------------------------------------- results as tables


ROW = {
    "network": "vdsr",
    "parameters": 665_921,
    "patch": 41,
    "patches_per_second": 107.6,
    "gflops": 721.4,
    "peak_fraction": 0.789,
    "bare_over_step": 0.968,
    "memory_mb": 117,
    "times_longer": {"NCHW": 1.15, "fp32": 1.9},
    "sampler_patches_per_second": 22905,
    "loader_patches_per_second": 585,
    "sampler_share": 0.0047,
}
RESULT = {
    "hardware": "a machine",
    "torch": "2.13.0",
    "precision": "bf16",
    "convolution_peak_gflops": 914.4,
    "rows": [ROW],
}


def test_the_speed_of_networks_as_measured():
    grid = results.speeds(RESULT)
    assert grid.rows == [("vdsr", "665,921", "41 × 41", "108", "721", "79%", "97%", "117")]
    assert "914 GFLOP/s" in grid.notes[0]


def test_choices_that_are_undone():
    grid = results.choices(RESULT)
    assert grid.header == ("network", "NCHW", "fp32", "sampler", "loader", "share")
    assert grid.rows == [("vdsr", "× 1.15", "× 1.90", "22,905", "585", "0.5%")]


SPEEDS = {"two cores": 0.5e12, "T4": 10e12, "H100": 200e12}
TABULATED = {"edsr": "edsr-x2", "rednet": "red30-noise30"} | {
    x: x for x in ("memnet", "mtrnn", "srcnn", "vdsr")
}


@pytest.mark.parametrize(("module", "name"), TABULATED.items())
def test_minutes_in_the_tables_of_recipes_are_those_of_the_operations(module, name):
    told = importlib.import_module(f"restorelib.recipes.{module}").__doc__
    header, _, *rows = (line.strip("| ").split(" | ") for line in told.splitlines() if line.startswith("|"))
    for row in rows:
        profile, minutes = row[0], row[header.index("minutes")]
        recipe = find(name, profile)
        if profile == "smoke" or (recipe.minutes and profile == "quick"):
            assert minutes == ("seconds" if profile == "smoke" else "its limit")
            continue
        network, shrink = build(recipe.network, **recipe.options), recipe.task[0].shrink
        degraded = torch.rand(1, network.channels, recipe.patch, recipe.patch)
        clean = torch.rand(1, network.channels, *(2 * [recipe.patch * shrink]))
        if recipe.incremental:  # a target an iteration
            clean = clean.expand(recipe.options.get("iterations", 6), *clean.shape)
        patch = bench.counted_flops(replace(recipe, batch=1), (degraded, clean))
        whole = patch * recipe.batch * recipe.updates
        told = [float(number.replace(",", "")) for number in minutes.split(" / ")]
        assert told == pytest.approx([whole / speed / 60 for speed in SPEEDS.values()], rel=0.03)


def test_the_shipped_bench_keeps_what_the_page_says():
    slow = {"mt-dmphn": 0.5, "dmphn": 0.5, "fpn": 1 / 3}  # of the bare network's speed
    for result in results.shipped():
        rows = {row["network"]: row for row in result["rows"]}
        assert set(rows) == set(bench.benched())
        for network, row in rows.items():
            bare = row["bare_over_step"]
            assert bare > 0.75 or bare == pytest.approx(slow[network], abs=0.06)
            if not isinstance(bench.benched()[network].task[0], Motion):
                # To draw a deblurring network's patch is a camera's way, and no gather.
                assert row["sampler_share"] < 0.06
                assert row["sampler_over_dataloader"] > 20
        assert rows["fpn"]["sampler_share"] == pytest.approx(0.5, abs=0.1)
