"""PSNR, SSIM and PSNR-B by hand and against scikit-image; the protocol's choices one by one."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from restorelib.degrade import Bicubic, Jpeg, Noise
from restorelib.images import to_tensor
from restorelib.metrics import Protocol, psnr, psnr_b, ssim


def flat(*levels, side=16):
    """A picture of constant colour; levels are grey levels, 0..255."""
    colour = torch.tensor(levels, dtype=torch.float64) / 255
    return colour.view(1, -1, 1, 1).expand(1, len(levels), side, side)


# ---------------------------------------------------------------- PSNR


def test_psnr_of_a_constant_error():
    # MSE 0.1^2 = 0.01 -> 20 dB
    assert psnr(torch.full((1, 1, 5, 7), 0.6), torch.full((1, 1, 5, 7), 0.5)) == pytest.approx(20, abs=1e-5)


def test_psnr_averages_the_squared_error_over_pixels_and_channels():
    clean = torch.zeros(1, 3, 10, 10)
    restored = clean.clone()
    restored[0, 1, 4, 4] = 1  # one value of 300 is off by 1: 10 log10(300)
    assert psnr(restored, clean) == pytest.approx(24.7712, abs=1e-4)


def test_psnr_of_equal_pictures_is_infinite(photograph):
    assert psnr(photograph, photograph.clone()) == math.inf


# ---------------------------------------------------------------- SSIM


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_ssim_equals_scikit_image(bundled, name):
    clean = bundled[name][:200, :240]
    restored = np.clip(clean + np.random.default_rng(1).normal(0, 12, clean.shape), 0, 255).astype(np.uint8)
    theirs = structural_similarity(
        restored, clean, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim(to_tensor(restored), to_tensor(clean)) == pytest.approx(theirs, abs=1e-6)


def test_ssim_of_two_constants_is_the_luminance_term():
    # variances are 0: (2ab + C1) / (a^2 + b^2 + C1) with a = 0.2, b = 0.4, C1 = 0.01^2
    assert ssim(flat(0.2 * 255), flat(0.4 * 255)) == pytest.approx(0.1601 / 0.2001, abs=1e-9)


def test_ssim_of_one_window_by_hand():
    x, y = np.random.default_rng(2).random((2, 11, 11))
    w = [[math.exp(-((i - 5) ** 2 + (j - 5) ** 2) / (2 * 1.5**2)) for j in range(11)] for i in range(11)]
    w = np.array(w) / np.sum(w)
    mx, my = (w * x).sum(), (w * y).sum()
    vx, vy, c = (w * (x - mx) ** 2).sum(), (w * (y - my) ** 2).sum(), (w * (x - mx) * (y - my)).sum()
    expected = (2 * mx * my + 1e-4) * (2 * c + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
    ours = ssim(torch.from_numpy(x)[None, None], torch.from_numpy(y)[None, None])
    assert ours == pytest.approx(expected, abs=1e-9)


def test_ssim_refuses_a_picture_smaller_than_its_window(refused):
    with refused("at least 11x11 pixels, got 30x10"):
        ssim(torch.zeros(1, 1, 10, 30), torch.zeros(1, 1, 10, 30))


# ---------------------------------------------------------------- PSNR-B


def test_psnr_b_of_one_block_edge_by_hand():
    clean = flat(0.4 * 255)
    blocky = clean.clone()
    blocky[..., :8], blocky[..., 8:] = 0.2, 0.6
    # MSE 0.04. Of the 32 pairs across block edges 16 differ by 0.4: mean square 0.08, none elsewhere.
    # Blockiness 0.08 log2(8) / log2(16) = 0.06; -10 log10(0.04 + 0.06) = 10 dB.
    assert psnr_b(blocky, clean) == pytest.approx(10, abs=1e-9)


def test_psnr_b_finds_horizontal_edges_as_well_as_vertical_ones():
    clean = flat(0.4 * 255)
    blocky = clean.clone()
    blocky[..., :8, :], blocky[..., 8:, :] = 0.2, 0.6
    assert psnr_b(blocky, clean) == pytest.approx(10, abs=1e-9)


def test_psnr_b_is_psnr_when_edges_lie_inside_blocks():
    clean = flat(0.4 * 255)
    restored = clean.clone()
    restored[..., :4], restored[..., 4:] = 0.2, 0.6
    assert psnr_b(restored, clean) == psnr(restored, clean) == pytest.approx(13.9794, abs=1e-4)


def test_psnr_b_of_jpeg_is_below_its_psnr(photograph):
    compressed = Jpeg(10)(photograph)
    assert psnr_b(compressed, photograph) < psnr(compressed, photograph) - 0.5


# ---------------------------------------------------------------- the protocol


def test_border_is_left_out():
    clean = flat(100)
    restored = clean.clone()
    restored[..., :2, :] = 0
    assert Protocol(border=2).score(restored, clean)["psnr"] == math.inf
    # with border 1, one row of 14 is 100 levels off: 20 log10(255 / 100) + 10 log10(14)
    assert Protocol(border=1).score(restored, clean)["psnr"] == pytest.approx(8.1308 + 11.4613, abs=1e-3)


def test_rounding_to_8_bits():
    assert Protocol().score(flat(100.4), flat(100))["psnr"] == math.inf
    # 20 log10(255 / 0.4)
    assert Protocol(rounded=False).score(flat(100.4), flat(100))["psnr"] == pytest.approx(56.0896, abs=1e-3)


def test_clipping_to_the_range():
    assert Protocol(high=235).score(flat(250), flat(235))["psnr"] == math.inf
    assert Protocol(low=16).score(flat(3), flat(16))["psnr"] == math.inf
    # 20 log10(255 / 15)
    assert Protocol().score(flat(250), flat(235))["psnr"] == pytest.approx(24.609, abs=1e-3)


def test_clipping_of_the_input():
    assert torch.equal(Protocol(low=16, high=235, clip_input=True).admit(flat(3, 99, 250)), flat(16, 99, 235))
    assert torch.equal(Protocol(low=16, high=235).admit(flat(3, 99, 250)), flat(3, 99, 250))


def test_grey_files_are_clipped_only_where_that_is_said():
    clipped = Protocol(low=16, high=235, clip_input=True)
    full = Protocol.usual(Bicubic(2)).of_file(grey=True)
    assert clipped.of_file(grey=True) == clipped.of_file(grey=False) == clipped
    assert Protocol.usual(Bicubic(2)).of_file(grey=False).low == 16
    assert full.score(flat(3), flat(3))["psnr"] == full.score(flat(250), flat(250))["psnr"] == math.inf
    assert torch.equal(full.admit(flat(3, 99, 250)), flat(3, 99, 250))
    # 20 log10(255 / 16), what every grey picture that was black lost
    assert clipped.score(flat(0), flat(0))["psnr"] == pytest.approx(24.048, abs=1e-3)


def test_channel():
    # Red has Y = 81.48, rounded 81; black has 16: 65 levels apart, 20 log10(255 / 65).
    red, black = flat(255, 0, 0), flat(0, 0, 0)
    assert Protocol(channel="y").score(red, black)["psnr"] == pytest.approx(11.8726, abs=1e-3)
    # Over RGB one value of three is off by 1: 10 log10(3).
    assert Protocol(channel="rgb").score(red, black)["psnr"] == pytest.approx(4.7712, abs=1e-3)


def test_colour_is_rounded_to_8_bits_before_luma_is_taken():
    # MATLAB's rgb2ycbcr is given uint8: (103, 0, 0) has Y = 16 + 103 * 65.481 / 255 = 42.45, rounded 42.
    # (103.3, 0, 0) itself would have 42.53, rounded 43.
    assert Protocol().prepare(flat(103.3, 0, 0)).mean().item() * 255 == pytest.approx(42, abs=1e-6)


def test_the_usual_protocol_of_each_task():
    down = Protocol.usual(Bicubic(3))
    assert (down.border, down.low, down.high, down.clip_input) == (3, 16, 235, True)
    for same_size in (Noise(25), Jpeg(10)):
        usual = Protocol.usual(same_size)
        assert (usual.border, usual.low, usual.high, usual.clip_input) == (0, 0, 255, False)


def test_div2k_scores_rgb_and_cuts_six_pixels_more_than_the_scale():
    clean = torch.zeros(1, 3, 40, 40)
    restored = torch.ones(1, 3, 40, 40)
    restored[..., 8:-8, 8:-8] = 0
    restored[:, 0, 8:-8, 8:-8] = 10 / 255
    # a mean squared error of 100 / 3 grey levels: 10 log10(255 ** 2 * 3 / 100)
    protocol = Protocol.div2k(Bicubic(2, enlarge=False))
    assert protocol.score(restored, clean)["psnr"] == pytest.approx(32.902, abs=1e-3)
    restored[:, :, 8, 8] = 1  # the first pixel that counts, of 24 x 24
    worse = 10 * math.log10(1 / ((575 / 3 * (10 / 255) ** 2 + 1) / 576))
    assert protocol.score(restored, clean)["psnr"] == pytest.approx(worse)


def test_a_protocol_survives_its_record():
    protocol = Protocol(border=4, channel="rgb", noise_seed=7)
    assert Protocol(**protocol.as_dict()) == protocol
