"""Training patches: what depends on the seed, where they are cut, and that pairs fit together."""

import numpy as np
import pytest
import torch

from restorelib.degrade import Bicubic, Jpeg, Noise
from restorelib.images import luma, to_image, to_tensor
from restorelib.metrics import psnr
from restorelib.patches import Patches

UNCHANGED = (Noise(0),)


def orientations(picture):
    """The eight flips and rotations of an (H, W, ...) array."""
    turned = [np.rot90(picture, turns) for turns in range(4)]
    return [*turned, *(picture[:, ::-1] for picture in turned)]


def windows(picture, side):
    """Every window of a picture in every orientation, as bytes."""
    height, width = picture.shape[:2]
    return {
        turned.tobytes()
        for top in range(height - side + 1)
        for left in range(width - side + 1)
        for turned in orientations(picture[top : top + side, left : left + side])
    }


def to_image_of(patches):
    """The bytes of (C, H, W) in [0, 1] as `windows` has them."""
    return (patches * 255).round().byte().permute(1, 2, 0).contiguous().numpy().tobytes()


def drawn(patches, steps):
    """How often each clean patch was drawn, by its bytes."""
    counts = {}
    for step in range(steps):
        for patch in patches.batch(step)[1]:
            key = to_image(patch[None]).tobytes()
            counts[key] = counts.get(key, 0) + 1
    return counts


def test_every_window_in_every_orientation_is_drawn_and_nothing_else(noise):
    # 3x4 windows of the first picture and 1x7 of the second, 8 orientations each, all different
    first, second = noise(5, 6, 3), noise(3, 9, 3)[::-1].copy()
    possible = windows(first, 3) | windows(second, 3)
    assert len(possible) == (3 * 4 + 1 * 7) * 8
    counts = drawn(Patches([first, second], UNCHANGED, size=3, batch=152, channels=3), steps=50)
    assert counts.keys() == possible
    # 50 expected of each, standard deviation 7: uniform over windows, hence by area over pictures
    assert min(counts.values()) > 20
    assert max(counts.values()) < 85


def test_luma_patches_of_a_colour_picture(noise):
    picture = noise(5, 6, 3)
    expected = windows(to_image(luma(to_tensor(picture, torch.float64))), 3)
    assert drawn(Patches([picture], UNCHANGED, size=3, batch=40), steps=20).keys() <= expected


def test_colour_patches_of_a_grey_picture(noise):
    _, clean = Patches([noise(9, 9)], UNCHANGED, size=5, batch=4, channels=3).batch(0)
    assert clean.shape == (4, 3, 5, 5)
    assert torch.equal(clean[:, 0], clean[:, 1])
    assert torch.equal(clean[:, 0], clean[:, 2])


def test_a_batch_depends_on_seed_rank_and_step_alone(noise):
    def batch(step, **options):
        return torch.cat(Patches([noise(40, 50)], (Noise(25),), size=9, batch=4, **options).batch(step))

    first = batch(5, seed=1, rank=1)
    used = Patches([noise(40, 50)], (Noise(25),), size=9, batch=4, seed=1, rank=1)
    for step in (0, 7, 5):  # whatever was drawn before
        last = torch.cat(used.batch(step))
    assert torch.equal(first, last)
    for other in (batch(6, seed=1, rank=1), batch(5, seed=2, rank=1), batch(5, seed=1, rank=2)):
        assert not torch.equal(first, other)


def test_degradations_have_equal_shares(noise):
    task = (Noise(0), Noise(10), Noise(50))
    degraded, clean = Patches([noise(80, 80)], task, size=40, batch=12).batch(0)
    deviations = (255 * (degraded - clean)).flatten(1).std(1)
    assert deviations.tolist() == pytest.approx([0] * 4 + [10] * 4 + [50] * 4, rel=0.1)


@pytest.mark.parametrize("scales", [(2,), (3,), (2, 3)])
def test_degraded_patches_are_windows_of_the_degraded_picture(noise, scales):
    """Where a patch lies on the grid of the small picture, cutting first and last gives the same pixels."""
    side, patch = 48, 11
    place = np.arange(side, dtype=np.uint8)  # red and green tell where a pixel was, blue is degraded
    picture = noise(side, side, 3)
    picture[..., 0], picture[..., 1] = place[:, None], place
    patches = Patches([picture], [Bicubic(s) for s in scales], size=patch, batch=60 * len(scales), channels=3)
    compared = dict.fromkeys(scales, 0)
    for i, scale in enumerate(scales):
        whole = Bicubic(scale)(to_tensor(picture, torch.float64))
        for degraded, clean in zip(*(x[i * 60 : (i + 1) * 60] for x in patches.batch(0)), strict=True):
            place = (clean[:2] * 255).round().long()
            top, left = place.amin((1, 2)).tolist()
            inner = min(top, left) >= 4 * scale and max(top, left) + patch <= side - 4 * scale
            # The patch with its margin must begin on the grid, whichever corner it was read from.
            first, last = place[:, 0, 0], place[:, -1, -1]
            step = torch.sign(last - first)
            corner = first - step * patches.cuts[0].margin
            corner = torch.where(step > 0, corner, corner + 1)
            if inner and (corner % scale == 0).all():
                expected = whole[0, :, place[0], place[1]]
                assert torch.allclose(degraded.double(), expected, atol=1e-6)
                compared[scale] += 1
    assert min(compared.values()) > 0


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_small_patches_are_windows_of_the_small_picture(noise, scale):
    """Wherever the patch begins on the grid of the small picture, its pixels are the small picture's."""
    picture = noise(24 * scale, 24 * scale)
    patches = Patches([picture], (Bicubic(scale, enlarge=False),), size=6, batch=400)
    degraded, clean = patches.batch(0)
    assert degraded.shape == (400, 1, 6, 6)
    assert clean.shape == (400, 1, 6 * scale, 6 * scale)
    small = to_image(Bicubic(scale, enlarge=False)(to_tensor(picture, torch.float64)))
    # Inside, away from the mirrored edge; 24 - 6 + 1 positions a side without it.
    inner = windows(small[3:-3, 3:-3], 6)
    found = sum(to_image(patch[None]).tobytes() in inner for patch in degraded)
    assert found > 400 / scale**2 / 4  # about one in scale^2 lies on the grid, some of those near the edge


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_patches_are_windows_of_the_whole_compressed_picture(noise, channels):
    """Anywhere on the grid of blocks, and turned with their clean patch."""
    first, second = noise(29, 37), noise(33, 26)[::-1].copy()
    pictures = [np.repeat(p[..., None], channels, 2).squeeze() for p in (first, second)]
    patches = Patches(pictures, (Jpeg(10),), size=11, batch=300, channels=channels)
    degraded, clean = patches.batch(0)
    pairs = set()
    for picture in pictures:
        compressed = to_image(Jpeg(10)(to_tensor(picture)))
        pairs |= windows(np.dstack([compressed, picture]), 11)
    both = torch.cat([degraded, clean], 1)
    found = [to_image_of(pair) for pair in both]
    assert all(pair in pairs for pair in found)
    assert len(set(found)) > 290


def test_jpeg_and_noise_share_a_batch(noise):
    task = (Jpeg(10), Noise(10), Jpeg(80))
    degraded, clean = Patches([noise(64, 64)], task, size=16, batch=6).batch(0)
    errors = [psnr(degraded[i : i + 2], clean[i : i + 2]) for i in (0, 2, 4)]
    assert errors[0] < 20 < errors[1] < errors[2] + 10  # Jpeg(10) hurts independent pixels most
    fractions = (degraded * 255 - (degraded * 255).round()).abs().amax((1, 2, 3)) > 0.01
    assert fractions.tolist() == [False, False, True, True, False, False]  # JPEG's are 8-bit levels


def test_degradations_of_different_size_take_turns_at_random(noise):
    task = tuple(Bicubic(scale, enlarge=False) for scale in (2, 3, 4))
    shapes = []
    for rank in (0, 1):
        patches = Patches([noise(90, 90)], task, size=8, batch=2, rank=rank)
        pairs = [patches.batch(step) for step in range(300)]
        assert {degraded.shape for degraded, _ in pairs} == {(2, 1, 8, 8)}
        shapes.append([clean.shape[-1] for _, clean in pairs])
    assert shapes[0] == shapes[1]
    for scale in (2, 3, 4):
        assert 70 < shapes[0].count(8 * scale) < 130


def test_pairs_of_a_photograph_differ_as_bicubic_does(bundled):
    patches = Patches(list(bundled.values()), (Bicubic(2), Bicubic(4)), size=41, batch=32)
    degraded, clean = patches.batch(0)
    assert degraded.shape == clean.shape == (32, 1, 41, 41)
    # Set5 to BSD100 have 29.6 to 33.7 dB at x2 and 26.0 to 28.4 dB at x4
    assert 28 < psnr(degraded[:16], clean[:16]) < 36
    assert 24 < psnr(degraded[16:], clean[16:]) < 32


def test_too_small_pictures_are_refused(noise, refused):
    # 41 + 2 * 8 pixels of margin = 57, made divisible by 2: 58
    with refused("no training picture has 58x58 pixels"):
        Patches([noise(57, 200), noise(30, 30)], (Bicubic(2),), size=41, batch=4)
    assert Patches([noise(58, 58)], (Bicubic(2),), size=41, batch=4).batch(0)[0].shape == (4, 1, 41, 41)
