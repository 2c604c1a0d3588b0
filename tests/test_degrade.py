"""Degradations: MATLAB's imresize written out slowly, noise, Pillow's JPEG, the papers' baselines."""

import io
import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image

from restorelib import load, runs, sets, tables
from restorelib.bicubic import _band
from restorelib.degrade import (
    Bicubic,
    Degradation,
    Jpeg,
    Noise,
    bicubic_down,
    bicubic_up,
    modcrop,
    resize,
    resize_matrix,
)
from restorelib.evaluation import evaluate
from restorelib.images import to_image, to_tensor
from restorelib.metrics import psnr
from restorelib.papers import TABLES

# ---------------------------------------------------------------- an independent imresize


def keys_cubic(t):
    """Keys (1981), eq. 15."""
    t = abs(t)
    if t <= 1:
        return 1.5 * t**3 - 2.5 * t**2 + 1
    return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t <= 2 else 0.0


def imresize_line(line, size_out):
    """MATLAB's imresize of one line, from its definition: 1-based positions, one output at a time."""
    size_in = len(line)
    scale = size_out / size_in
    stretch = min(scale, 1)  # shrinking widens the kernel
    mirrored = [*range(1, size_in + 1), *range(size_in, 0, -1)]
    out = []
    for x in range(1, size_out + 1):
        u = x / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - 2 / stretch)
        total = weighted = 0.0
        for position in range(left, left + math.ceil(4 / stretch) + 2):
            weight = stretch * keys_cubic(stretch * (u - position))
            total += weight
            weighted += weight * line[mirrored[(position - 1) % (2 * size_in)] - 1]
        out.append(weighted / total)
    return out


def imresize(picture, size):
    rows = np.array([imresize_line(column, size[0]) for column in picture.T]).T
    return np.array([imresize_line(row, size[1]) for row in rows])


SIZES = [
    ((12, 18), (6, 9)),
    ((12, 18), (4, 6)),
    ((24, 16), (6, 4)),
    ((6, 9), (12, 18)),
    ((5, 7), (15, 21)),
    ((4, 5), (16, 20)),
    ((7, 10), (5, 13)),
    ((9, 9), (9, 4)),
    ((2, 3), (6, 12)),
    ((16, 20), (1, 2)),
    ((1, 1), (3, 3)),
]


@pytest.mark.parametrize(("size_in", "size_out"), SIZES)
def test_resize_is_imresize(size_in, size_out):
    picture = np.random.default_rng(0).random(size_in)
    ours = resize(torch.from_numpy(picture)[None, None], size_out)[0, 0].numpy()
    assert ours.shape == size_out
    assert np.abs(ours - imresize(picture, size_out)).max() < 1e-12


@pytest.mark.parametrize(
    ("size_in", "size_out"),
    [
        ((3, 700), (6, 1400)),
        ((700, 3), (233, 6)),
        ((3, 1000), (2, 250)),
        ((2, 301), (5, 903)),
        ((2, 513), (2, 257)),
    ],
)
def test_long_sides_are_resized_in_blocks_to_the_same(size_in, size_out):
    picture = np.random.default_rng(0).random(size_in)
    ours = resize(torch.from_numpy(picture)[None, None], size_out)[0, 0].numpy()
    assert np.abs(ours - imresize(picture, size_out)).max() < 1e-12
    rows, columns = (resize_matrix(*sides).numpy() for sides in zip(size_in, size_out, strict=True))
    assert np.abs(ours - rows @ picture @ columns.T).max() < 1e-14


def test_memory_for_resizing_grows_with_a_side_and_not_with_its_square():
    band = _band(20_000, 40_000, torch.float32, torch.device("cpu"))
    assert sum(weights.nbytes for _, _, weights in band) < 40_000 * 300 * 4
    flat = resize(torch.full((1, 3, 8, 20_000), 0.5), (16, 40_000))
    assert flat.shape == (1, 3, 16, 40_000)
    assert (flat - 0.5).abs().max() < 1e-6


def test_resize_keeps_what_is_there_when_the_size_stays(photograph):
    assert torch.allclose(resize(photograph, photograph.shape[-2:]), photograph, atol=1e-14)


@pytest.mark.parametrize("size", [(6, 4), (24, 30), (5, 17)])
def test_a_constant_stays_constant(size):
    assert torch.allclose(resize(torch.full((1, 1, 12, 15), 0.3).double(), size), torch.tensor(0.3).double())


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_ramp_stays_a_ramp_away_from_the_borders(scale):
    """Output pixel x (from 0) sits at (x + 1/2) / scale - 1/2 of the input."""
    ramp = torch.arange(48.0, dtype=torch.float64).expand(1, 1, 48, 48)
    small = bicubic_down(ramp, scale)[0, 0, 0]
    expected = (torch.arange(48 // scale, dtype=torch.float64) + 0.5) * scale - 0.5
    assert torch.allclose(small[2:-2], expected[2:-2])
    large = bicubic_up(ramp, scale)[0, 0, 0]
    expected = (torch.arange(48 * scale, dtype=torch.float64) + 0.5) / scale - 0.5
    inner = slice(2 * scale, -2 * scale)
    assert torch.allclose(large[inner], expected[inner])


def test_integers_are_rounded_and_clamped():
    # Both sides of an edge overshoot: 0 and 255 would become negative and above 255.
    line = np.array([0, 0, 0, 0, 255, 255, 255, 255, 97, 98])
    picture = torch.tensor(line, dtype=torch.uint8).expand(1, 1, 4, 10)
    exact = np.array(imresize_line(line.astype(float), 20))
    assert exact.min() < -1
    assert exact.max() > 256
    ours = resize(picture, (4, 20))
    assert ours.dtype == torch.uint8
    assert ours[0, 0, 2].tolist() == np.clip(np.rint(exact), 0, 255).tolist()


def test_floats_are_neither_rounded_nor_clamped():
    edge = torch.tensor([0.0, 0, 0, 1, 1, 1]).expand(1, 1, 6, 6)
    assert resize(edge, (6, 12)).min() < -0.01
    assert resize(edge, (6, 12)).max() > 1.01


def test_resize_is_differentiable():
    x = torch.rand(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: resize(x, (3, 4)), x)
    assert torch.autograd.gradcheck(lambda x: resize(x, (7, 12)), x)


def test_every_picture_of_a_batch_is_resized_alone():
    batch = torch.rand(3, 2, 8, 10, dtype=torch.float64)
    one_by_one = [resize(batch[i : i + 1, j : j + 1], (4, 5)) for i in range(3) for j in range(2)]
    assert torch.allclose(resize(batch, (4, 5)).flatten(0, 1)[:, None], torch.cat(one_by_one), atol=1e-14)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.float32, 1e-6)])
def test_resize_keeps_the_precision_it_is_given(photograph, dtype, tolerance):
    ours = resize(photograph.to(dtype), (32, 43))
    assert ours.dtype == dtype
    assert torch.allclose(ours.double(), resize(photograph, (32, 43)), atol=tolerance)


def test_a_size_that_does_not_divide_is_refused(refused):
    with refused("7x9 is not divisible by 2; crop it with modcrop"):
        bicubic_down(torch.zeros(1, 1, 9, 7), 2)
    with refused("fewer than 8x8 pixels"):
        bicubic_down(modcrop(torch.zeros(1, 1, 9, 7), 8), 8)


def test_modcrop_cuts_at_the_end():
    picture = torch.arange(35.0).view(1, 1, 5, 7)
    assert torch.equal(modcrop(picture, 3), picture[..., :3, :6])


def test_bicubic_with_and_without_enlarging(photograph):
    small = bicubic_down(photograph, 4)
    levels = 255 * Bicubic(4, enlarge=False)(photograph)
    assert (levels - 255 * small).abs().max() <= 0.5 + 1e-9
    assert torch.allclose(levels, levels.round(), atol=1e-9)
    assert torch.equal(Bicubic(4)(photograph), bicubic_up(small, 4))


# ---------------------------------------------------------------- noise


def test_noise_has_the_asked_deviation_and_is_not_clipped():
    clean = torch.zeros(1, 1, 512, 512)
    noisy = Noise(25)(clean, torch.Generator().manual_seed(3)) * 255
    assert noisy.std().item() == pytest.approx(25, rel=0.003)  # two standard errors, 1 / sqrt(2 * 512^2) each
    assert noisy.mean().item() == pytest.approx(0, abs=0.2)  # four standard errors of 25 / 512
    assert (noisy < 0).float().mean().item() == pytest.approx(0.5, abs=0.01)


def test_noise_depends_on_its_seed_alone():
    def draw(seed):
        return Noise(10)(torch.zeros(1, 1, 8, 8), torch.Generator().manual_seed(seed))

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


# ---------------------------------------------------------------- JPEG


@pytest.mark.parametrize("quality", [10, 75])
@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_is_what_pillow_writes(bundled, quality, colour):
    picture = bundled["chelsea"][100:164, 120:201]
    picture = picture if colour else np.ascontiguousarray(picture[..., 1])
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    assert np.array_equal(to_image(Jpeg(quality)(to_tensor(picture))), np.asarray(Image.open(buffer)))


def test_better_jpeg_quality_scores_higher(photograph):
    scores = [psnr(Jpeg(quality)(photograph), photograph) for quality in (5, 10, 20, 40, 80, 95)]
    assert scores == sorted(scores)
    assert scores[-1] - scores[0] > 10


def test_every_picture_of_a_batch_is_compressed_alone(photograph):
    batch = torch.cat([photograph, photograph.flip(3)])
    assert torch.equal(Jpeg(10)(batch)[1:], Jpeg(10)(batch[1:]))


# ---------------------------------------------------------------- the papers' baselines

BICUBIC = [
    (key[0], int(key[1])) for key in TABLES["vdsr/3"].cells if key[2] == "Bicubic" and key[0] != "Urban100"
]


@pytest.mark.parametrize(("name", "scale"), BICUBIC)
def test_bicubic_gives_the_published_scores(benchmark_set, name, scale):
    published = TABLES["vdsr/3"].cell(name, scale, "Bicubic")
    ours = evaluate(load("bicubic"), benchmark_set(name), Bicubic(scale))
    assert ours["psnr"] == pytest.approx(published.psnr, abs=0.01)
    assert ours["ssim"] == pytest.approx(published.ssim, abs=0.001)


# The JPEG rows of the deblocking papers (MemNet, table 5): luma rounded to 8 bits, compressed as grey.
@pytest.mark.parametrize(
    ("name", "quality", "published"),
    [
        ("classic5", 10, (27.82, 0.7595)),
        ("classic5", 20, (30.12, 0.8344)),
        ("LIVE1", 10, (27.77, 0.7730)),
        ("LIVE1", 20, (30.07, 0.8512)),
    ],
)
def test_jpeg_gives_the_published_scores(benchmark_set, name, quality, published):
    ours = evaluate(load("bicubic"), benchmark_set(name), Jpeg(quality))
    assert ours["psnr"] == pytest.approx(published[0], abs=0.01)
    assert ours["ssim"] == pytest.approx(published[1], abs=0.001)


def test_a_degradation_is_one_class_and_nothing_else(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(Degradation, "kinds", dict(Degradation.kinds))

    @dataclass(frozen=True)
    class Darker(Degradation):
        """Stops of light that are missing."""

        stops: int
        key: ClassVar[str] = "stops"

        def __call__(self, clean, generator=None):
            return clean * 0.5**self.stops

    run = runs.make(replace(recipe, task=(Darker(1),)), "smoke", tmp_path / "darker-smoke")
    (score,) = runs.record(run).scores
    assert (score.key, score.parameter) == ("stops", 1)
    assert runs.record(run).task == (Darker(1),)
    assert tables.score_of(str(run), score.set, 1) == (score.psnr, score.ssim)
    assert runs.record(run).recipe.task == (Darker(1),)
    again = runs.rescore(run, sets.load_set(score.set), score)
    assert again["psnr"] == pytest.approx(score.psnr, abs=1e-4)


@pytest.mark.parametrize("quality", [0, 101, -5, 10.5, "10"])
def test_a_quality_that_jpeg_has_not_is_refused(quality, refused):
    with refused("JPEG has whole numbers from 1 to 100"):
        Jpeg(quality)


@pytest.mark.parametrize("sigma", [-1, 256, float("nan"), float("inf"), 10**400])
def test_a_sigma_that_noise_has_not_is_refused(sigma, refused):
    with refused("noise has one of 0 to 255 grey levels"):
        Noise(sigma)


def test_the_ends_of_the_ranges(photograph):
    for degradation in (Jpeg(1), Jpeg(100), Noise(0), Noise(255)):
        assert degradation(photograph).isfinite().all()
