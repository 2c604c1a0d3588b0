"""EDSR, MDSR, SRResNet: sizes, names, what the options do, the authors' files, the papers' numbers."""

import os

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import conv2d, pixel_shuffle, relu

from restorelib.baselines import load_edsr
from restorelib.blocks import ResidualBlock, fold_residual_scaling
from restorelib.errors import RestoreError
from restorelib.networks import build
from restorelib.papers import TABLES, Cell
from restorelib.runs import record
from restorelib.tables import score_of


def parameters(name, **options):
    with torch.device("meta"):
        return sum(p.numel() for p in build(name, **options).parameters())


def disturbed(network):
    """The network with biases and batch statistics that matter, and every block at work."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.1)
            module.weight.data *= 1.5
    return network.eval()


# ---------------------------------------------------------------- sizes

LARGE = {"blocks": 32, "width": 256, "residual_scaling": 0.1}


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        # SRResNet: 33 batch normalisations of 128 numbers more than the baseline
        ("srresnet", {"scale": 2}, 1_374_083),
        ("srresnet", {"scale": 3}, 1_558_723),
        ("srresnet", {"scale": 4}, 1_521_795),
        ("srresnet", {"scale": 2, "batch_norm": False}, 1_369_859),
        ("edsr", {"scale": 2}, 1_369_859),
        ("edsr", {"scale": 3}, 1_554_499),
        ("edsr", {"scale": 4}, 1_517_571),
        ("edsr", {"scale": 2, **LARGE}, 40_729_603),
        ("edsr", {"scale": 3, **LARGE}, 43_680_003),
        ("edsr", {"scale": 4, **LARGE}, 43_089_923),
        ("mdsr", {}, 3_227_203),
        ("mdsr", {"shared_tail": False}, 3_230_665),
        ("mdsr", {"blocks": 80}, 7_953_987),
        ("mdsr", {"blocks": 80, "shared_tail": False}, 7_957_449),
    ],
)
def test_parameter_counts(name, options, count):
    assert parameters(name, **options) == count


def test_the_mean_shifts_are_24_numbers_that_do_not_learn():
    network = build("edsr", blocks=1, width=4)
    frozen = network.state_dict().keys() - dict(network.named_parameters()).keys()
    assert frozen == {"sub_mean.weight", "sub_mean.bias", "add_mean.weight", "add_mean.bias"}
    assert sum(network.state_dict()[name].numel() for name in frozen) == 24
    # the mean of DIV2K, in [0, 1]
    assert network.sub_mean.bias.tolist() == pytest.approx([-0.4488, -0.4371, -0.4040])
    x = torch.rand(2, 3, 5, 6)
    assert network.sub_mean(x)[:, 1].sub(x[:, 1]).mean().item() == pytest.approx(-0.4371, abs=1e-6)
    assert torch.allclose(network.add_mean(network.sub_mean(x)), x, atol=1e-6)


def test_mixed_precision_does_not_round_the_finished_picture():
    shift = build("edsr", blocks=1, width=4).add_mean
    x = torch.rand(1, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(shift(x), shift(x.double()).float())
        assert shift(x.bfloat16()).dtype == torch.float32


# ---------------------------------------------------------------- shapes and scales


@pytest.mark.parametrize("size", [(1, 1), (7, 12), (13, 5)])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_pictures_grow_by_the_scale(scale, size):
    x = torch.rand(2, 3, *size)
    for network in (
        build("edsr", scale=scale, blocks=2, width=4, residual_scaling=0.1),
        build("srresnet", scale=scale, blocks=2, width=4).eval(),
        build("mdsr", blocks=2, width=4),
        build("mdsr", blocks=2, width=4, shared_tail=False),
    ):
        y = network(x, scale)
        assert y.shape == (2, 3, size[0] * scale, size[1] * scale)
        assert y.isfinite().all()


def test_another_scale_is_refused(refused):
    x = torch.rand(1, 3, 4, 4)
    with refused("this network enlarges x2, not x3; take one built for x3"):
        build("edsr", scale=2, blocks=1, width=4)(x, 3)
    with refused("x2 or x3 or x4, not x5"):
        build("mdsr", blocks=1, width=4)(x, 5)
    with refused("no up-sampler for x5; choose 2, 3 or 4"):
        build("edsr", scale=5)


@pytest.mark.parametrize(
    ("name", "options"),
    [("edsr", {}), ("srresnet", {}), ("mdsr", {}), ("mdsr", {"shared_tail": False})],
)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_moving_the_input_by_one_pixel_moves_the_output_by_the_scale(name, options, scale):
    options = {"blocks": 1, "width": 4} | options | ({} if name == "mdsr" else {"scale": scale})
    network = disturbed(build(name, **options)).double()
    x = torch.rand(1, 3, 48, 48, dtype=torch.float64)
    moved = network(x.roll((1, 1), (2, 3)), scale)
    inner = slice(18 * scale, 30 * scale)  # further from the edge than any of these sees
    expected = network(x, scale).roll((scale, scale), (2, 3))
    assert torch.allclose(moved[..., inner, inner], expected[..., inner, inner])
    assert moved[..., inner, inner].std() > 1e-3


@pytest.mark.parametrize(("name", "radius"), [("edsr", 7), ("mdsr", 7 + 8)])
def test_the_receptive_field(name, radius):
    # Pixels each way for EDSR: first layer 1, two blocks 4, end of the body 1, up-sampler 1. Two blocks of
    # 5x5 kernels add 8. The last layer works on large pixels; in the middle of a 3x3 group it sees no more.
    network = build(name, blocks=2, width=4, **({"scale": 3} if name == "edsr" else {}))
    for key, parameter in network.named_parameters():
        parameter.data.fill_(0.01 if key.endswith("weight") else 0)  # positive: no ReLU is silent
    x = torch.ones(1, 3, 41, 41, dtype=torch.float64, requires_grad=True)
    network.double()(x, 3)[0, 0, 61, 61].backward()
    moved = x.grad[0, 0] != 0
    assert moved.any(1).sum().item() == moved.any(0).sum().item() == 2 * radius + 1


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("shared_tail", [True, False])
def test_mdsr_trains_all_over_its_scales_but_only_one_branch_at_a_time(shared_tail):
    network = build("mdsr", blocks=1, width=4, shared_tail=shared_tail)
    x = torch.rand(1, 3, 9, 9)

    def touched(scale):
        network.zero_grad()
        network(x, scale).square().mean().backward()
        return {k for k, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}

    names = {name for name, _ in network.named_parameters()}
    assert touched(2) | touched(3) | touched(4) == names
    others = {
        k for k in names if k.startswith(("pre_process.0", "pre_process.2", "upsample.0", "upsample.2"))
    }
    others |= set() if shared_tail else {"tail.0.weight", "tail.0.bias", "tail.2.weight", "tail.2.bias"}
    assert touched(3) == names - others


# ---------------------------------------------------------------- start


def test_zero_last_makes_each_block_the_identity():
    x = torch.rand(1, 6, 5, 5)
    for options in ({}, {"kernel": 5}, {"batch_norm": True}):
        assert torch.equal(ResidualBlock(6, zero_last=True, **options)(x), x)
        assert not torch.allclose(ResidualBlock(6, **options)(x), x, atol=0.01)


@pytest.mark.parametrize(("name", "blocks"), [("edsr", 3), ("srresnet", 3), ("mdsr", 3 + 6)])
def test_zero_last_reaches_every_block(name, blocks):
    for zero_last in (True, False):
        network = build(name, blocks=3, width=4, zero_last=zero_last)
        found = [m for m in network.modules() if isinstance(m, ResidualBlock)]
        assert len(found) == blocks
        assert all((block.body[-1].weight.abs().max() == 0) == zero_last for block in found)


def test_weights_start_as_pytorch_does():
    # uniform, variance 1 / (3 fan_in) for weights and biases; He et al. would be 2 / fan_in
    body = build("edsr").body
    weights = torch.cat([block.body[i].weight.flatten() for block in body[:-1] for i in (0, 2)])
    biases = torch.cat([block.body[i].bias for block in body[:-1] for i in (0, 2)])
    assert weights.std().item() == pytest.approx((1 / (3 * 9 * 64)) ** 0.5, rel=0.01)
    assert biases.std().item() == pytest.approx((1 / (3 * 9 * 64)) ** 0.5, rel=0.05)


# ---------------------------------------------------------------- residual scaling


def test_residual_scaling_scales_the_branch_alone():
    x = torch.rand(1, 6, 5, 5)
    plain, scaled = ResidualBlock(6), ResidualBlock(6, scaling=0.1)
    scaled.load_state_dict(plain.state_dict())
    assert torch.allclose(scaled(x) - x, 0.1 * (plain(x) - x), atol=1e-6)
    assert (plain(x) - x).abs().max() > 0.1


@pytest.mark.parametrize("batch_norm", [False, True])
def test_folding_the_scaling_changes_nothing(batch_norm):
    options = {"blocks": 3, "width": 6, "batch_norm": batch_norm}
    network = disturbed(build("edsr", residual_scaling=0.1, **options)).double()
    plain = build("edsr", **options).double().eval()
    x = torch.rand(1, 3, 7, 9, dtype=torch.float64)
    before = network(x, 2)
    plain.load_state_dict(network.state_dict())
    assert (plain(x, 2) - before).abs().max() > 0.01  # without the scaling it is another network
    assert fold_residual_scaling(network) is network
    assert torch.allclose(network(x, 2), before, rtol=1e-12)
    plain.load_state_dict(network.state_dict())
    assert torch.equal(plain(x, 2), network(x, 2))
    assert torch.equal(fold_residual_scaling(network)(x, 2), plain(x, 2))


# ---------------------------------------------------------------- from SRResNet to EDSR


@pytest.mark.parametrize(("scale", "stages"), [(2, 1), (3, 1), (4, 2)])
def test_the_ladder_takes_away_batch_norm_and_then_the_outer_relus(scale, stages):
    def layers(**options):
        modules = list(build("srresnet", scale=scale, width=4, **options).modules())
        return [sum(isinstance(m, kind) for m in modules) for kind in (nn.BatchNorm2d, nn.ReLU, nn.Conv2d)]

    convolutions = 2 * 16 + 3 + stages
    assert layers() == [2 * 16 + 1, 16 + 1 + stages, convolutions]
    assert layers(batch_norm=False) == [0, 16 + 1 + stages, convolutions]
    assert layers(batch_norm=False, outer_relus="first") == [0, 16 + 1, convolutions]
    assert layers(batch_norm=False, outer_relus="up-sampler") == [0, 16 + stages, convolutions]
    assert layers(batch_norm=False, outer_relus=False) == [0, 16, convolutions]


def test_one_outer_relu_alone():
    first, up = (build("srresnet", blocks=1, width=4, outer_relus=which) for which in ("first", "up-sampler"))
    kinds = [[type(layer) for layer in (*n.head, *n.tail[0])] for n in (first, up)]
    assert kinds[0] == [nn.Conv2d, nn.ReLU, nn.Conv2d, nn.PixelShuffle]
    assert kinds[1] == [nn.Conv2d, nn.Conv2d, nn.PixelShuffle, nn.ReLU]
    with pytest.raises(RestoreError, match="outer_relus is 'last'; choose"):
        build("srresnet", blocks=1, width=4, outer_relus="last")


def test_batch_norm_stands_behind_both_convolutions_of_a_block_and_at_the_end_of_the_body():
    network = build("srresnet", blocks=2, width=4)
    kinds = [type(layer) for layer in network.body[1].body]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Conv2d, nn.BatchNorm2d]
    assert [type(layer) for layer in network.body[-2:]] == [nn.Conv2d, nn.BatchNorm2d]


def test_the_last_step_of_the_ladder_is_the_baseline_of_edsr():
    options = {"scale": 4, "blocks": 2, "width": 4}
    baseline = build("edsr", **options)
    last = build("srresnet", batch_norm=False, outer_relus=False, **options)
    last.load_state_dict(baseline.state_dict())
    x = torch.rand(1, 3, 6, 5)
    assert torch.equal(last(x, 4), baseline(x, 4))
    with_relus = build("srresnet", scale=2, batch_norm=False, blocks=2, width=4)
    with_relus.load_state_dict(build("edsr", scale=2, blocks=2, width=4).state_dict())
    assert (with_relus.head(x) >= 0).all()
    assert (with_relus.tail[0](with_relus.head(x)) >= 0).all()


# ---------------------------------------------------------------- the authors' names and files

# What the PyTorch release stores (name -> shape), by hand from the sheet; every layer has weight and bias.
MEAN = torch.tensor([0.4488, 0.4371, 0.4040])


def edsr_layers(scale, blocks, width):
    yield "head.0", (width, 3, 3, 3)
    for i in range(blocks):
        yield f"body.{i}.body.0", (width, width, 3, 3)
        yield f"body.{i}.body.2", (width, width, 3, 3)
    yield f"body.{blocks}", (width, width, 3, 3)
    yield "tail.0.0", ({2: 4, 3: 9, 4: 4}[scale] * width, width, 3, 3)
    if scale == 4:
        yield "tail.0.2", (4 * width, width, 3, 3)
    yield "tail.1", (3, width, 3, 3)


def mdsr_layers(blocks, width):
    yield "head.0", (width, 3, 3, 3)
    for branch in "012":
        for block in "01":
            yield f"pre_process.{branch}.{block}.body.0", (width, width, 5, 5)
            yield f"pre_process.{branch}.{block}.body.2", (width, width, 5, 5)
    for i in range(blocks):
        yield f"body.{i}.body.0", (width, width, 3, 3)
        yield f"body.{i}.body.2", (width, width, 3, 3)
    yield f"body.{blocks}", (width, width, 3, 3)
    yield "upsample.0.0", (4 * width, width, 3, 3)
    yield "upsample.1.0", (9 * width, width, 3, 3)
    yield "upsample.2.0", (4 * width, width, 3, 3)
    yield "upsample.2.2", (4 * width, width, 3, 3)
    yield "tail.0", (3, width, 3, 3)


def as_released(layers, random=True):
    """A state dict of the authors: random weights that suit 0..255, or zeros that take no space."""
    tensors = {}
    for name, shape in layers:
        if random:
            fan_in = shape[1] * shape[2] * shape[3]
            tensors[f"{name}.weight"] = torch.randn(shape) / fan_in**0.5
            tensors[f"{name}.bias"] = 20 * torch.randn(shape[0])
        else:
            tensors[f"{name}.weight"] = torch.zeros(1).expand(shape)
            tensors[f"{name}.bias"] = torch.zeros(1).expand(shape[0])
    for name, sign in (("sub_mean", -1), ("add_mean", 1)):
        tensors[f"{name}.weight"] = torch.eye(3).reshape(3, 3, 1, 1)
        tensors[f"{name}.bias"] = sign * 255 * MEAN
    return tensors


def as_the_authors_compute(tensors, x, scale, scaling=1.0):
    """The release's forward pass in 0..255, written from the fact sheet with nothing of the library."""

    def layer(name, x):
        weight = tensors[f"{name}.weight"].double()
        return conv2d(x, weight, tensors[f"{name}.bias"].double(), padding=weight.shape[-1] // 2)

    def block(name, x):
        return x + scaling * layer(f"{name}.body.2", relu(layer(f"{name}.body.0", x)))

    x = layer("head.0", layer("sub_mean", x))
    branch = f"{scale - 2}"
    multi = "pre_process.0.0.body.0.weight" in tensors
    if multi:
        x = block(f"pre_process.{branch}.1", block(f"pre_process.{branch}.0", x))
    skip, depth = x, 0
    while f"body.{depth}.body.0.weight" in tensors:
        x = block(f"body.{depth}", x)
        depth += 1
    x = skip + layer(f"body.{depth}", x)
    up = f"upsample.{branch}" if multi else "tail.0"
    x = pixel_shuffle(layer(f"{up}.0", x), 3 if scale == 3 else 2)
    if scale == 4:
        x = pixel_shuffle(layer(f"{up}.2", x), 2)
    return layer("add_mean", layer("tail.0" if multi else "tail.1", x))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_edsr_has_the_authors_names_and_shapes(scale):
    ours = build("edsr", scale=scale, blocks=3, width=4).state_dict()
    authors = as_released(edsr_layers(scale, 3, 4))
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in authors.items()}
    assert {"sub_mean.weight", "head.0.bias", "body.2.body.2.weight", "body.3.bias", "tail.1.bias"} < set(
        ours
    )
    assert ("tail.0.2.weight" in ours) == (scale == 4)


def test_mdsr_has_the_authors_names_and_shapes():
    ours = build("mdsr", blocks=2, width=4).state_dict()
    authors = as_released(mdsr_layers(2, 4))
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in authors.items()}
    separate = build("mdsr", blocks=2, width=4, shared_tail=False).state_dict()
    assert separate.keys() - ours.keys() == {
        f"tail.{i}.{kind}" for i in (1, 2) for kind in ("weight", "bias")
    }


@pytest.mark.parametrize("prefix", ["", "model."])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("kind", ["edsr", "mdsr"])
def test_the_authors_files_give_in_0_to_1_what_they_give_in_0_to_255(tmp_path, kind, scale, prefix):
    tensors = as_released(edsr_layers(scale, 3, 6) if kind == "edsr" else mdsr_layers(3, 6))
    torch.save({prefix + k: v for k, v in tensors.items()}, tmp_path / "authors.pt")
    network = load_edsr(tmp_path / "authors.pt")
    assert not network.training
    x = torch.rand(1, 3, 7, 10, dtype=torch.float64)
    expected = as_the_authors_compute(tensors, 255 * x, scale)
    ours = 255 * network.double()(x, scale)
    assert expected.std() > 10  # grey levels
    assert torch.allclose(ours, expected, atol=1e-3)
    # The biases matter: as they are, they would shift the picture by far more.
    network.load_state_dict(tensors | {"add_mean.bias": MEAN, "sub_mean.bias": -MEAN})
    assert (255 * network(x, scale) - expected).abs().max() > 100


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_large_edsr_is_recognised_with_its_residual_scaling(tmp_path, scale):
    torch.save(as_released(edsr_layers(scale, 32, 256), random=False), tmp_path / "edsr.pt")
    network = load_edsr(tmp_path / "edsr.pt")
    assert network.scales == (scale,)
    assert sum(p.numel() for p in network.parameters()) == parameters("edsr", scale=scale, **LARGE)
    assert {m.scaling for m in network.modules() if isinstance(m, ResidualBlock)} == {0.1}


def test_baselines_and_mdsr_are_recognised_without_residual_scaling(tmp_path):
    for layers, count in ((edsr_layers(3, 16, 64), 1_554_499), (mdsr_layers(80, 64), 7_953_987)):
        torch.save(as_released(layers, random=False), tmp_path / "authors.pt")
        network = load_edsr(tmp_path / "authors.pt")
        assert sum(p.numel() for p in network.parameters()) == count
        assert {m.scaling for m in network.modules() if isinstance(m, ResidualBlock)} == {1.0}


class Malicious:
    def __reduce__(self):
        return os.mkdir, (os.environ["RESTORELIB_TEST_TRAP"],)


def test_a_file_that_would_run_something_is_refused(tmp_path, monkeypatch, refused):
    trap = tmp_path / "trap"
    monkeypatch.setenv("RESTORELIB_TEST_TRAP", str(trap))
    torch.save(as_released(edsr_layers(2, 1, 4)) | {"head.0.weight": Malicious()}, tmp_path / "edsr.pt")
    with refused("edsr.pt: refused, it is broken or holds more than tensors"):
        load_edsr(tmp_path / "edsr.pt")
    assert not trap.exists()
    torch.load(tmp_path / "edsr.pt", weights_only=False)  # it would indeed
    assert trap.exists()


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04", b"\x80\x02}q\x00."])
def test_a_broken_file_is_refused(tmp_path, refused, content):
    (tmp_path / "edsr.pt").write_bytes(content)
    with refused("edsr.pt: refused, it is broken or holds more than tensors"):
        load_edsr(tmp_path / "edsr.pt")


def test_a_cut_file_is_refused(tmp_path, refused):
    torch.save(as_released(edsr_layers(2, 1, 4)), tmp_path / "whole.pt")
    (tmp_path / "edsr.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:-500])
    with refused("edsr.pt: refused, it is broken"):
        load_edsr(tmp_path / "edsr.pt")


def test_a_file_that_is_not_there_is_refused(tmp_path, refused):
    with refused("edsr.pt: cannot be read .No such file"):
        load_edsr(tmp_path / "edsr.pt")


@pytest.mark.parametrize(
    "content", [[torch.zeros(3)], {"epoch": 3}, {"loss": torch.tensor(1.0)}, {3: torch.ones(1)}]
)
def test_a_file_of_something_else_is_refused(tmp_path, refused, content):
    torch.save(content, tmp_path / "edsr.pt")
    with refused("edsr.pt: holds something else than named tensors"):
        load_edsr(tmp_path / "edsr.pt")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"body.0.body.2.bias": None}, "is no EDSR of the authors; it lacks body.0.body.2.bias$"),
        ({"tail.1.weight": None, "tail.1.bias": None}, "it lacks tail.1.weight, and 1 more differences"),
        ({"head.0.weight": None}, "it lacks head.0.weight, and"),
        ({"tail.2.bias": torch.ones(3)}, "it has a tail.2.bias$"),
        (
            {"tail.1.weight": torch.ones(3, 4, 1, 1)},
            r"it has a tail.1.weight of \(3, 4, 1, 1\) in place of \(3, 4, 3, 3\)$",
        ),
        (
            {"pre_process.0.0.body.0.weight": torch.ones(4, 4, 5, 5)},
            "is no MDSR of the authors; it lacks pre",
        ),
        ({"add_mean.bias": MEAN}, "add_mean.bias is not DIV2K's mean in 0..255"),
    ],
)
def test_what_differs_from_the_authors_files_is_said(tmp_path, refused, change, why):
    tensors = as_released(edsr_layers(2, 1, 4)) | change
    torch.save({k: v for k, v in tensors.items() if v is not None}, tmp_path / "edsr.pt")
    with refused(why):
        load_edsr(tmp_path / "edsr.pt")


# ---------------------------------------------------------------- what the book ships


@pytest.mark.parametrize("name", ["Set5", "Set14", "BSD100"])
def test_the_baseline_for_x2_beats_vdsr(name):
    assert score_of("edsr-x2-reduced", name, 2)[0] > score_of("vdsr-reduced", name, 2)[0]


def test_six_minutes_of_two_cores_pass_37_3_db():
    about = record("edsr-x2-quick")
    assert about.minutes < 6.1
    assert "2 threads" in about.hardware
    assert score_of("edsr-x2-quick", "Set5", 2)[0] > 37.3


# ---------------------------------------------------------------- the papers' numbers


def test_table_1_gives_the_networks_that_are_built():
    cells = TABLES["edsr/1"].cells
    assert len(cells) == 5 * 6
    assert [cells["EDSR", column] for column in ("blocks", "width", "scaling", "loss")] == [
        "32",
        "256",
        "0.1",
        "L1",
    ]
    assert [cells["SRResNet", column] for column in ("scaling", "batchnorm", "loss")] == ["–", "yes", "L2"]
    # The paper gives one number for three scales: that of x4, or for the baselines about the mean.
    assert cells["EDSR", "parameters"] == f"{parameters('edsr', scale=4, **LARGE) / 1e6:.0f}M"
    assert cells["baseline-multi", "parameters"] == f"{parameters('mdsr') / 1e6:.1f}M"
    assert cells["MDSR", "parameters"] == f"{parameters('mdsr', blocks=80) / 1e6:.1f}M"
    mean = sum(parameters("edsr", scale=scale) for scale in (2, 3, 4)) / 3
    assert cells["baseline", "parameters"] == f"{mean / 1e6:.1f}M"


@pytest.mark.parametrize(
    ("table", "key", "cell"),
    [
        (2, ("DIV2K", "2", "SRResNet-L2"), Cell(34.40, 0.9662)),
        (2, ("DIV2K", "2", "baseline"), Cell(34.55, 0.9671)),
        (2, ("DIV2K", "3", "SRResNet-L1"), Cell(30.85, 0.9292)),
        (2, ("DIV2K", "3", "MDSR"), Cell(31.25, 0.9338)),
        (2, ("DIV2K", "4", "baseline-multi"), Cell(28.95, 0.8962)),
        (2, ("DIV2K", "4", "MDSR+"), Cell(29.36, 0.9029)),
        (3, ("Set5", "2", "EDSR"), Cell(38.11, 0.9601)),
        (3, ("Set5", "4", "SRResNet"), Cell(32.05, 0.8910)),
        (3, ("Set14", "3", "MDSR"), Cell(30.44, 0.8452)),
        (3, ("BSD100", "2", "EDSR+"), Cell(32.37, 0.9018)),
        (3, ("Urban100", "4", "MDSR+"), Cell(26.86, 0.8082)),
        (3, ("DIV2K", "2", "Bicubic"), Cell(31.01, 0.9393)),
        (4, ("1", "2", "EDSR+"), Cell(34.93, 0.948)),
        (4, ("1", "4", "EDSR+"), Cell(29.09, 0.837)),
        (4, ("1", "3", "VICLab"), Cell(30.52, 0.880)),
        (4, ("2", "2", "Lab402"), Cell(32.92, 0.921)),
        (4, ("2", "3", "HelloSR"), Cell(30.51, 0.876)),
        (4, ("2", "4", "bicubic"), Cell(21.84, 0.583)),
        ("baseline", ("Set5", "2", "baseline"), Cell(37.99, 0.9604)),
        ("baseline", ("Set5", "3", "baseline"), Cell(34.37, 0.9270)),
        ("baseline", ("Urban100", "4", "baseline"), Cell(26.04, 0.7849)),
        ("pytorch", ("DIV2K", "2", "baseline"), Cell(34.61)),
        ("pytorch", ("DIV2K", "3", "baseline-multi"), Cell(30.94)),
        ("pytorch", ("DIV2K", "4", "MDSR"), Cell(29.24)),
    ],
)
def test_published_scores(table, key, cell):
    assert TABLES[f"edsr/{table}"].cells[key] == cell


def test_tables_are_complete():
    # 3 scales x 8 networks; 5 sets x 3 scales x 8 methods, and SRResNet at x4 but not on DIV2K; 2 tracks x 3
    # scales x 6 entries, of which one team left out a track; 4 sets x 3 scales; 3 scales x 4 networks
    sizes = [len(TABLES[f"edsr/{name}"].cells) for name in (2, 3, 4, "baseline", "pytorch")]
    assert sizes == [24, 120 + 5 - 1, 36 - 3, 12, 12]


def test_table_2_and_table_3_agree_on_div2k():
    ablation, benchmark = TABLES["edsr/2"].cell, TABLES["edsr/3"].cell
    for scale in (2, 3, 4):
        for network in ("EDSR", "MDSR", "EDSR+", "MDSR+"):
            assert ablation("DIV2K", scale, network) == benchmark("DIV2K", scale, network)


def test_table_3_repeats_the_vdsr_papers_numbers():
    # only what both print, to the last digit
    ours, theirs = TABLES["edsr/3"].cells, TABLES["vdsr/3"].cells
    shared = ours.keys() & theirs.keys()
    assert len(shared) == 4 * 3 * 4
    assert all(ours[key] == theirs[key] for key in shared)


def test_only_baselines_at_x3_are_unchecked():
    unchecked = {
        (name, key)
        for name, table in TABLES.items()
        if name.startswith("edsr/")
        for key, cell in table.cells.items()
        if isinstance(cell, Cell) and not cell.checked
    }
    sets = ("Set14", "BSD100", "Urban100")  # that of Set5 is what its authors' weights give
    assert unchecked == {("edsr/baseline", (name, "3", "baseline")) for name in sets}


def thumbnails(pictures):
    """Every picture as 16 x 16 grey pixels: (N, 256), in grey levels."""
    small = (
        Image.fromarray(picture).convert("L").resize((16, 16), Image.Resampling.BOX) for picture in pictures
    )
    return np.stack([np.asarray(picture, float).ravel() for picture in small])


@pytest.mark.parametrize("name", ["Set5", "Set14", "BSD100", "BSD68", "Kodak24", "LIVE1"])
def test_the_pictures_added_for_training_are_in_no_benchmark(benchmark_set, name):
    added = thumbnails(benchmark_set("BSDS500_test").values())
    tested = thumbnails(benchmark_set(name).values())
    distance = np.abs(added[:, None] - tested).mean(2)
    assert distance.min() > 5
    again = thumbnails(list(benchmark_set("BSDS500_test").values())[:3])
    assert np.abs(added[:, None] - again).mean(2).min() == 0  # what is there twice is found
