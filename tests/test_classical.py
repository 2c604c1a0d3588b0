"""Classical denoisers: told sigma, in the place of a network, and what was measured with them."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from scipy.stats import norm

import restorelib
from restorelib import baselines, images, notebook, runs, sets
from restorelib.baselines import METHODS, Classical
from restorelib.degrade import Noise
from restorelib.evaluation import evaluate, restore
from restorelib.metrics import psnr
from restorelib.records import Origin

NEEDS = {"bm3d": pytest.mark.skipif(not find_spec("bm3d"), reason="needs the package bm3d")}
ALL = [pytest.param(method, marks=NEEDS.get(method, ())) for method in METHODS]


@pytest.mark.parametrize("method", ALL)
def test_noise_is_removed_and_no_method_mixes_pictures(method, photograph):
    clean = torch.cat([photograph, photograph.flip(3)]).float()
    noisy = Noise(30)(clean, torch.Generator().manual_seed(0))
    denoiser = Classical(method, 30)
    restored = denoiser(noisy)
    assert restored.shape == noisy.shape
    assert restored.dtype == torch.float32
    assert psnr(restored, clean) > psnr(noisy, clean) + 6  # at least three quarters of the noise's power
    assert torch.equal(denoiser(noisy[1:]), restored[1:])


@pytest.mark.parametrize("method", ALL)
def test_the_method_is_told_sigma(method, photograph):
    noisy = Noise(30)(photograph, torch.Generator().manual_seed(0))
    scores = {sigma: psnr(Classical(method, sigma)(noisy), photograph) for sigma in (8, 30, 120)}
    assert max(scores, key=scores.get) == 30


def test_a_run_named_by_method_and_sigma(small_set):
    network = restorelib.load("tv/25")
    assert network.record == Origin(name="tv/25", network="tv", task=(Noise(25),))
    pictures = sets.load_set(str(small_set))
    result = evaluate(network, pictures, Noise(25))
    assert result["psnr"] > evaluate(restorelib.load("noisy"), pictures, Noise(25))["psnr"] + 4


@pytest.mark.parametrize("name", ["tv", "tv/", "tv/x", "median/30"])
def test_what_is_no_method_is_refused(name, refused):
    with refused("neither a run folder nor a known run; .*`restorelib runs` lists all"):
        restorelib.load(name)


def test_without_its_package_bm3d_says_what_to_install(monkeypatch, refused, capsys):
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    with refused("pip install bm3d"):
        restorelib.load("bm3d/30")
    assert notebook.load_first("bm3d/30", "nlm/30")[1] == "nlm/30"
    assert capsys.readouterr().out.endswith("Going on without bm3d/30.\n")


# ---------------------------------------------------------------- what was measured


@pytest.mark.parametrize("sigma", [10, 30, 50, 70])
def test_noise_that_nobody_removes_scores_what_the_normal_distribution_says(bundled, sigma):
    (score,) = (s for s in runs.record("noisy").scores if s.parameter == sigma and s.set == "bundled")
    for row in score.images:
        # The mean square of noise that is cut where the sum with the pixel leaves 0..255.
        pixel = 255 * images.luma(images.to_tensor(bundled[row.name], torch.float64)).numpy()
        low, high = -pixel / sigma, (255 - pixel) / sigma
        inside = norm.cdf(high) - norm.cdf(low) - high * norm.pdf(high) + low * norm.pdf(low)
        cut = low**2 * norm.cdf(low) + high**2 * norm.sf(high)
        square = sigma**2 * (inside + cut).mean() + 1 / 12  # and of the rounding
        assert row.psnr == pytest.approx(10 * np.log10(255**2 / square), abs=0.05)


def test_the_recorded_jpeg_scores_are_the_published_ones():
    published = {"classic5": (27.82, 30.12), "LIVE1": (27.77, 30.07)}  # as in test_degrade.py
    for name, expected in published.items():
        ours = [s.psnr for s in runs.record("jpeg").scores if s.set == name]
        assert ours == pytest.approx(expected, abs=0.01)


def test_bm3d_is_the_best_of_the_classical_methods():
    best, *others = (runs.record(f"{method}/30").scores for method in ("bm3d", "nlm", "tv"))
    (best,) = (score.psnr for score in best if score.set == "Set12")
    for scores in others:
        (other,) = (score.psnr for score in scores if score.set == "Set12")
        assert best > other + 1


@pytest.mark.parametrize("name", ["noisy", "jpeg", "tv/30"])
def test_the_recorded_scores_can_be_had_again(name):
    pictures = {"chelsea": sets.load_set("bundled")["chelsea"]}
    recorded = next(s for s in runs.record(name).scores if s.set == "bundled")
    row = next(row for row in recorded.images if row.name == "chelsea")
    # The seed of a picture's noise is its place in the set.
    seed = [row.name for row in recorded.images].index("chelsea")
    protocol = replace(recorded.protocol, noise_seed=seed)
    score = recorded.model_copy(update={"protocol": protocol})
    assert runs.rescore(name, pictures, score)["psnr"] == pytest.approx(row.psnr, abs=0.002)


@pytest.mark.parametrize("method", ["nlm", "tv"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_the_smallest_pictures_keep_their_shape(method, shape):
    picture = torch.linspace(0.2, 0.8, shape[0] * shape[1]).view(1, 1, *shape)
    restored = Classical(method, 5)(picture)
    assert restored.shape == picture.shape
    assert torch.allclose(restored, picture, atol=0.2)
    assert shape != (1, 1) or torch.allclose(restored, picture)


@pytest.mark.parametrize("sigma", [0, -1, 256, float("nan"), float("inf")])
def test_a_sigma_that_no_noise_has_is_refused(sigma, refused):
    with refused("sigma must be above 0 and at most 255 grey levels"):
        Classical("tv", sigma)


def test_tiles_only_where_they_make_no_difference(photograph, refused):
    noisy = Noise(30)(photograph, torch.Generator().manual_seed(1)).float()
    nlm, tv = Classical("nlm", 30), Classical("tv", 30)
    assert torch.allclose(restore(nlm, noisy, tile=40), restore(nlm, noisy), atol=1e-5)
    with refused("tiles would change its result"):
        restore(tv, noisy, tile=64)
