"""Networks: sizes, shapes, gradients, what the options do, and the authors' weights on the real pictures."""

import pytest
import torch
from pace import slow

import restorelib
from restorelib import build
from restorelib.degrade import Bicubic
from restorelib.evaluation import evaluate
from restorelib.networks import NETWORKS
from restorelib.papers import TABLES
from restorelib.scoring import protocol_of


def count(network):
    return sum(p.numel() for p in network.parameters())


# Weights by hand: 9 * (64 + (depth - 2) * 64 * 64 + 64); biases: 64 a layer and 1 in the last.
# VDSR at depth 20 has "665K" in later papers' tables; SRCNN's weights are in its papers.
@pytest.mark.parametrize(
    ("name", "options", "weights", "with_biases"),
    [
        ("vdsr", {"depth": 5}, 111_744, 112_001),
        ("vdsr", {"depth": 10}, 296_064, 296_641),
        ("vdsr", {}, 664_704, 665_921),
        ("srcnn", {"kernels": (9, 1, 5)}, 8_032, 8_129),
        ("srcnn", {"kernels": (9, 3, 5)}, 24_416, 24_513),
        ("srcnn", {}, 57_184, 57_281),
    ],
)
def test_parameter_counts(name, options, weights, with_biases):
    assert count(build(name, bias=False, **options)) == weights
    assert count(build(name, **options)) == with_biases


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.takes_enlarged])
@pytest.mark.parametrize("size", [(1, 1), (7, 12), (33, 20)])
def test_networks_for_enlarged_pictures_keep_their_size(name, size):
    network = build(name)
    x = torch.rand(2, network.channels, *size)
    y = network(x)
    assert y.shape == x.shape
    assert y.isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_has_a_finite_gradient(name):
    torch.manual_seed(0)
    # In training, batch normalisation takes away what the bias before it adds; that has no gradient.
    network = build(name).eval()
    x = torch.rand(2, network.channels, 24, 24)
    outputs = [network(x)] if network.takes_enlarged else [network(x, scale) for scale in network.scales]
    sum(y.square().mean() for y in outputs).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.abs().sum() > 0, key


def receptive_field(network):
    """(height, width) of the input that moves the middle pixel, with every weight at work."""
    for key, parameter in network.named_parameters():
        parameter.data.fill_(0.01 if key.endswith("weight") else 0)  # positive: no ReLU is silent
    x = torch.ones(1, 1, 61, 61, dtype=torch.float64, requires_grad=True)
    network.double()(x)[0, 0, 30, 30].backward()
    moved = x.grad[0, 0] != 0
    return moved.any(1).sum().item(), moved.any(0).sum().item()


@pytest.mark.parametrize("depth", [1, 5, 10, 20])
def test_the_receptive_field_of_vdsr(depth):
    # 2 D + 1: VDSR paper, section 3.1; 41 at depth 20
    assert receptive_field(build("vdsr", depth=depth, width=4)) == (2 * depth + 1, 2 * depth + 1)


@pytest.mark.parametrize(("kernels", "field"), [((9, 1, 5), 13), ((9, 3, 5), 15), ((9, 5, 5), 17)])
def test_the_receptive_field_of_srcnn(kernels, field):
    assert receptive_field(build("srcnn", kernels=kernels)) == (field, field)


def test_residual_adds_the_input_and_nothing_else():
    residual = build("vdsr", depth=4, width=8)
    plain = build("vdsr", depth=4, width=8, residual=False)
    plain.load_state_dict(residual.state_dict())
    x = torch.rand(1, 1, 9, 9)
    assert plain(x).abs().max() > 0.01
    assert torch.equal(residual(x), x + plain(x))


def test_zero_last_starts_at_the_input():
    x = torch.rand(1, 1, 9, 9)
    assert torch.equal(build("vdsr", depth=4, width=8, zero_last=True)(x), x)
    assert not torch.equal(build("vdsr", depth=4, width=8)(x), x)


def test_weights_start_as_he_et_al_say():
    # variance 2 / (9 * 64), biases 0
    torch.manual_seed(0)
    for layer in build("vdsr").layers[1:-1]:
        assert layer.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.03)
        assert layer.bias.abs().max() == 0


def test_what_is_no_network_is_refused(refused):
    with refused("no network is called 'vsdr'; there are .*vdsr"):
        build("vsdr")
    with refused("vdsr: .*'deep'"):
        build("vdsr", deep=20)


# ---------------------------------------------------------------- the authors' weights

VDSR = TABLES["vdsr/3"].cell


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_authors_weights_give_the_published_scores_on_set5(benchmark_set, scale):
    ours = evaluate(restorelib.load("official/vdsr"), benchmark_set("Set5"), Bicubic(scale))
    assert ours["psnr"] == pytest.approx(VDSR("Set5", scale, "VDSR").psnr, abs=0.01)
    assert ours["ssim"] == pytest.approx(VDSR("Set5", scale, "VDSR").ssim, abs=0.0002)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["Set14", pytest.param("BSD100", marks=slow)])
def test_the_authors_weights_give_the_published_scores(benchmark_set, name, scale):
    protocol = protocol_of(name, Bicubic(scale))
    ours = evaluate(restorelib.load("official/vdsr"), benchmark_set(name), Bicubic(scale), protocol)
    assert ours["psnr"] == pytest.approx(VDSR(name, scale, "VDSR").psnr, abs=0.02)
