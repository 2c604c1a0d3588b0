"""MT-RNN, DMPHN and what they are compared with: sizes, names, passes, tiles, the authors' files."""

from dataclasses import replace

import pytest
import torch
from kept import kept_by
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu

from restorelib import load
from restorelib.baselines import load_mtrnn
from restorelib.evaluation import restore
from restorelib.networks import build
from restorelib.papers import TABLES, Cell
from restorelib.recipes import RECIPES, find
from restorelib.tiles import apply_in_tiles

WITH_PASSES = ("mtrnn", "mt-dmphn", "fpn", "srn")


def parameters(name, **options):
    with torch.device("meta"):
        return sum(p.numel() for p in build(name, **options).parameters())


def small(name="mtrnn", **options):
    return build(name, **{"width": 4, **options}).double().eval()


def picture(*size):
    return torch.rand(2, 3, *size, dtype=torch.float64)


# ---------------------------------------------------------------- sizes and names


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 2_635_523),
        ({"iterations": 1}, 2_635_523),
        ({"scales": 3}, 2_635_523),
        ({"recurrent": False}, 2_594_371),
        ({"kernel": 5}, 6_932_739),
        ({"width": 8}, 165_827),
        ({"width": 12}, 372_003),
        ({"width": 16}, 660_355),
        ({"width": 20}, 1_030_883),
        ({"width": 24}, 1_483_587),
        ({"width": 28}, 2_018_467),
        ({"width": 40}, 4_116_163),
        ({"width": 48}, 5_925_507),
        ({"width": 64}, 10_530_307),
        ({"own_ends": 3}, 2_635_523 + 2 * (1_760 + 867)),
    ],
)
def test_parameter_counts_of_mtrnn(options, count):
    assert parameters("mtrnn", **options) == count


@pytest.mark.parametrize(
    ("levels", "count"),
    [((1,), 1_808_131), ((1, 2), 3_616_262), ((1, 2, 4), 5_424_393), ((1, 1, 1), 5_424_393),
     ((1, 2, 4, 8), 7_232_524)],
)  # fmt: skip
def test_parameter_counts_of_dmphn(levels, count):
    assert parameters("dmphn", levels=levels) == count


def test_three_more_channels_are_what_iterating_costs_dmphn():
    assert parameters("mt-dmphn") == 1_808_131 + 3 * 9 * 32


def authors_names():
    """As listed from their checkpoint's layers, see the paper's release."""
    names = {f"{shift}.{kind}" for shift in ("sub_mean", "add_mean") for kind in ("weight", "bias")}
    plain = (
        "conv1_1",
        "conv2_1",
        "conv2_c",
        "conv3_1",
        "conv3_c",
        "conv5_1",
        "conv5_c",
        "conv6_1",
        "conv6_c",
    )
    blocks = [f"conv{i}_{j}" for i in (1, 2, 3, 5, 6) for j in (2, 3, 4)] + [f"conv4_{j}" for j in (1, 2, 3)]
    layers = [f"{name}.0" for name in (*plain, "img_prd")]
    layers += [f"{name}.stem.{i}" for name in blocks for i in (0, 2)]
    return names | {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}


def test_names_and_buffers_are_the_authors():
    network = build("mtrnn", width=4)
    assert network.state_dict().keys() == authors_names()
    assert len(network.state_dict()) - len(list(network.parameters())) == 4  # the mean shifts


# ---------------------------------------------------------------- one pass, by hand


def by_hand(w, first, blurred, previous, features=None):
    """The release's pass in 0..255 with nothing of the library but the weights."""

    def layer(x, name, stride=1):
        kernel = w[f"{name}.0.weight"]
        return conv2d(x, kernel, w[f"{name}.0.bias"], stride, kernel.shape[-1] // 2)

    def blocks(x, *names):
        for name in names:
            y = leaky_relu(conv2d(x, w[f"{name}.stem.0.weight"], w[f"{name}.stem.0.bias"], padding=1), 0.1)
            x = x + conv2d(y, w[f"{name}.stem.2.weight"], w[f"{name}.stem.2.bias"], padding=1)
        return x

    def up(x, name):
        return leaky_relu(conv_transpose2d(x, w[f"{name}.0.weight"], w[f"{name}.0.bias"], 2, 1), 0.1)

    mean = 255 * torch.tensor([0.4488, 0.4371, 0.4040], dtype=torch.float64)[:, None, None]
    x1 = blocks(
        layer(torch.cat([blurred - mean, previous - mean], 1), "conv1_1"), "conv1_2", "conv1_3", "conv1_4"
    )
    x2 = leaky_relu(layer(x1, "conv2_1", 2), 0.1)
    x2 = layer(torch.cat([x2, x2 if first else features[0]], 1), "conv2_c")
    x2 = blocks(x2, "conv2_2", "conv2_3", "conv2_4")
    x3 = leaky_relu(layer(x2, "conv3_1", 2), 0.1)
    x3 = layer(torch.cat([x3, x3 if first else features[1]], 1), "conv3_c")
    f2 = blocks(x3, "conv3_2", "conv3_3", "conv3_4", "conv4_1", "conv4_2", "conv4_3")
    f1 = blocks(layer(torch.cat([up(f2, "conv5_1"), x2], 1), "conv5_c"), "conv5_2", "conv5_3", "conv5_4")
    x = blocks(layer(torch.cat([up(f1, "conv6_1"), x1], 1), "conv6_c"), "conv6_2", "conv6_3", "conv6_4")
    return layer(x, "img_prd") + blurred, (f1, f2)


@pytest.fixture
def authors_file(tmp_path):
    """A checkpoint of the authors' form, with random weights, and its tensors."""
    tensors = {name: x.float() for name, x in small().state_dict().items()}
    for name, tensor in tensors.items():
        if name.endswith("bias"):
            tensor.copy_(torch.randn_like(tensor))
    for sign, name in ((-1, "sub_mean"), (1, "add_mean")):
        tensors[f"{name}.bias"] = sign * 255 * torch.tensor([0.4488, 0.4371, 0.4040])
    torch.save(tensors, tmp_path / "model_best.pt")
    return tmp_path / "model_best.pt", {name: x.double() for name, x in tensors.items()}


def test_the_authors_file_computes_what_their_code_does(authors_file):
    path, w = authors_file
    network, x = load_mtrnn(path).double(), picture(8, 12)
    restored, features = by_hand(w, True, 255 * x, 255 * x)
    assert torch.allclose(255 * network(x, iterations=1), restored, atol=1e-4)
    second, features = by_hand(w, False, 255 * x, restored, features)
    third, _ = by_hand(w, False, 255 * x, second, features)
    assert torch.allclose(255 * network(x, iterations=3), third, atol=1e-4)
    assert (third - second).abs().max() > 1e-3


def test_a_file_of_something_else_is_refused(authors_file, tmp_path, refused):
    _, w = authors_file
    torch.save({"state_dict": {"module." + k: x for k, x in w.items()}}, tmp_path / "wrapped.pt")
    assert load_mtrnn(tmp_path / "wrapped.pt").iterations == 6
    w.pop("conv4_2.stem.2.bias")
    torch.save(w, tmp_path / "less.pt")
    with refused("is no MTRNN of the authors; it lacks conv4_2.stem.2.bias"):
        load_mtrnn(tmp_path / "less.pt")


# ---------------------------------------------------------------- iterations and scales


@pytest.mark.parametrize("name", WITH_PASSES)
@pytest.mark.parametrize("size", [(1, 1), (7, 12), (33, 20)])
def test_pictures_of_any_size_keep_it(name, size):
    found = small(name)(picture(*size), iterations=2, every=True)
    assert found[-1].shape == (2, 3, *size)
    assert all(x.isfinite().all() for x in found)


@pytest.mark.parametrize("name", WITH_PASSES)
def test_the_last_of_every_picture_is_the_result(name):
    network, x = small(name, iterations=3), picture(16, 16)
    found = network(x, every=True)
    assert torch.equal(found[-1], network(x))
    assert len(found) == 3 * network.sizes
    assert torch.equal(network(x, iterations=1, every=True)[0], found[0])


@pytest.mark.parametrize("name", WITH_PASSES)
def test_nothing_is_passed_back_to_an_earlier_iteration(name):
    network, x = small(name, iterations=2), picture(16, 16)
    if network.sizes > 1:
        network = small(name, iterations=2, scales=1)

    def gradients(result):
        network.zero_grad()
        result.square().sum().backward()
        return [p.grad.clone() for p in network.parameters()]

    first, features = network.iterate(x, x, (), 0)
    left = tuple(f.detach() for f in features)
    alone = gradients(network.iterate(x, first.detach(), left, 1)[0])
    through = gradients(network.iterate(x, first, features, 1)[0])
    ours = gradients(network(x))
    assert all(torch.allclose(a, b, rtol=1e-10) for a, b in zip(ours, alone, strict=True))
    assert not all(torch.allclose(a, b, rtol=1e-3) for a, b in zip(ours, through, strict=True))


def test_scales_go_from_small_to_large_within_every_iteration():
    network = small(scales=3, iterations=2)
    sides = [x.shape[-1] for x in network(picture(16, 16), every=True)]
    assert sides == [4, 8, 16, 4, 8, 16]


def test_without_recurrence_the_last_picture_is_all_that_goes_on():
    x = picture(16, 16)
    blurred, previous = x[:1], x[1:]
    for recurrent in (True, False):
        network = small(recurrent=recurrent)
        _, features = network.iterate(blurred, blurred, (), 0)
        assert [f.shape[1:] for f in features] == ([(8, 8, 8), (16, 4, 4)] if recurrent else [])
        other = network.iterate(blurred, previous, tuple(f + 1 for f in features), 1)[0]
        same = torch.equal(other, network.iterate(blurred, previous, features, 1)[0])
        assert same != recurrent


def test_residual_adds_the_blurred_picture_and_not_the_last():
    residual, plain = small(), small(residual=False)
    plain.load_state_dict(residual.state_dict())
    blurred, previous = picture(8, 8).split(1)
    with_it, without = (n.iterate(blurred, previous, (), 0)[0] for n in (residual, plain))
    mean = torch.tensor([0.4488, 0.4371, 0.4040])[:, None, None]
    assert torch.allclose(with_it - without, blurred - mean, atol=1e-6)


@pytest.mark.parametrize("name", WITH_PASSES)
def test_zero_last_starts_at_the_blurred_picture(name):
    x = picture(16, 16)
    network = build(name, width=4, zero_last=True, **({"own_ends": 2} if name == "mtrnn" else {})).double()
    assert torch.allclose(network(x, iterations=3), x, atol=1e-6)


def test_own_ends_are_taken_in_turn_and_the_last_one_stays():
    network, x = small(own_ends=2, iterations=4), picture(8, 8)
    before = network(x, every=True)
    network.later_ends[0][1][0].bias.data += 1
    moved = [not torch.allclose(a, b) for a, b in zip(before, network(x, every=True), strict=True)]
    assert moved == [False, True, True, True]


# ---------------------------------------------------------------- DMPHN


def test_dmphn_is_the_authors_data_flow():
    network, x = small("dmphn"), picture(16, 24)
    for parameter in network.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    encoders = [getattr(network, f"encoder_lv{k}") for k in (1, 2, 3)]
    decoders = [getattr(network, f"decoder_lv{k}") for k in (1, 2, 3)]
    whole = x - 0.5
    halves = whole[:, :, :8], whole[:, :, 8:]
    features, residuals = [], []
    for half in halves:
        quarters = half[..., :12], half[..., 12:]
        features.append(torch.cat([encoders[2](q) for q in quarters], 3))
        residuals.append(decoders[2](features[-1]))
    second = torch.cat([encoders[1](h + r) for h, r in zip(halves, residuals, strict=True)], 2)
    second = second + torch.cat(features, 2)
    first = encoders[0](whole + decoders[1](second)) + second
    assert torch.allclose(network(x), decoders[0](first) + 0.5, rtol=1e-10)


def test_repeated_levels_cut_nothing(refused):
    assert small("dmphn", levels=(1, 1, 1)).axes == [None, None]
    assert small("dmphn", levels=(1, 2, 4, 8)).axes == [2, 3, 2]
    with refused("DMPHN has no levels"):
        build("dmphn", levels=(1, 4))


@pytest.mark.parametrize("name", [*WITH_PASSES, "dmphn"])
def test_what_a_new_network_adds_depends_on_the_picture(name):
    # Where a signal fades on its way through the layers, training finds nothing to change.
    network = build(name, width=8).eval()
    first = torch.rand(1, 3, 64, 64)
    other = first.clone()
    other[..., 30:34, 30:34] = 0
    with torch.no_grad():
        changed = network(other) - other - (network(first) - first)
    assert changed[..., 20:44, 20:44].std() > 1e-3


# ---------------------------------------------------------------- tiles


@pytest.mark.parametrize(
    ("name", "options"),
    [("mtrnn", {}), ("mtrnn", {"kernel": 5}), ("mt-dmphn", {}), ("fpn", {}), ("srn", {"scales": 1})],
)
def test_the_reach_of_one_pass_is_exact(name, options):
    network = build(name, **{"width": 2, "iterations": 1, **options}).double()
    for key, parameter in network.named_parameters():
        # Positive, so that no ReLU is silent, and small, so that no tanh is full.
        parameter.data.fill_(0.003 if key.endswith("weight") else 0)
    start = network.multiple * (network.reach // network.multiple + 1)
    reached = []
    for middle in range(start, start + network.multiple):  # where a pixel lies within its stride counts
        x = torch.ones(1, 3, network.multiple, 2 * start + 16, dtype=torch.float64, requires_grad=True)
        network(x)[..., middle].sum().backward()
        columns = x.grad.abs().sum((0, 1, 2)).nonzero()
        reached += [middle - columns.min(), columns.max() - middle]
    assert max(reached) == network.reach


@pytest.mark.parametrize(
    "options",
    [{"iterations": 1}, {"iterations": 2}, {"iterations": 1, "scales": 2}, {"own_ends": 2, "iterations": 2}],
)
def test_tiles_make_no_difference_however_a_strip_is_cut(options):
    network, x = small(**options), picture(12, 1000)[:1]
    with torch.no_grad():
        assert torch.allclose(apply_in_tiles(network, x, 1, 50), network(x), rtol=0, atol=1e-12)


# ---------------------------------------------------------------- the authors' DMPHN


def test_the_authors_dmphn_sharpens_the_real_pictures_of_gopro(benchmark_set):
    network = load("official/dmphn")
    assert isinstance(network.encoder_lv3.layer9, nn.Conv2d)
    stack = (
        torch.from_numpy(benchmark_set("GoPro_samples")["Flower"][200:456, 500:756]).permute(2, 0, 1) / 255
    )
    sharp, blurred = stack[None].split(3, 1)
    error = (restore(network, blurred) - sharp).square().mean()
    assert error < 0.8 * (blurred - sharp).square().mean()


# ---------------------------------------------------------------- the papers' numbers


@pytest.mark.parametrize(
    ("table", "key", "cell"),
    [
        ("mtrnn/5", ("GoPro", "MT-RNN"), Cell(31.15, 0.945)),
        ("mtrnn/later", ("MT-RNN", "HIDE"), Cell(29.15, 0.918)),
        ("mtrnn/later", ("DMPHN", "GoPro"), Cell(31.20, 0.940)),
        ("mtrnn/later", ("Nah", "GoPro"), Cell(29.08, 0.914, checked=False)),
        ("dmphn/1", ("DMPHN(1-2-4)", "GoPro"), Cell(30.21, 0.9345, checked=False)),
        ("mtrnn/timers", ("MT-RNN", "synchronised"), "0.394"),
        ("mtrnn/ours-z", ("seconds", "6"), "2.065"),
    ],
)
def test_printed_numbers(table, key, cell):
    assert TABLES[table].cells[key] == cell


def test_what_is_not_known_has_no_cell():
    assert "mtrnn/2" not in TABLES
    assert ("Ours-Z", "parameters") not in TABLES["mtrnn/5-cost"].cells
    assert all(not cell.checked for cell in TABLES["dmphn/1"].cells.values())


# ---------------------------------------------------------------- recipes


@pytest.mark.parametrize("profile", ["quick", "reduced"])
def test_every_ablation_changes_what_it_is_named_for(profile):
    base = find("mtrnn-mt-seed0", profile)
    for name in [name for name in RECIPES if name.startswith(("mtrnn-", "dmphn-seed"))]:
        recipe = find(name, profile)
        build(recipe.network, **recipe.options)
        assert recipe.seed == int(name[-1])
        # Equal budgets but for the control that is named for it.
        assert recipe.updates == base.updates * (6 if "longer" in name else 1)
        assert recipe.patch % 16 == 0
        if name.endswith("seed0") and name != base.name:
            assert recipe.digest() != replace(base, name=name).digest()


def kept_and_gradients(**options):
    torch.manual_seed(0)
    network, x = build("mtrnn", width=4, iterations=6, **options), torch.rand(2, 3, 32, 32)
    kept, found = kept_by(network, x, every=True)
    sum(y.square().mean() for y in found).backward()
    return kept, [parameter.grad for parameter in network.parameters()]


def test_checkpointing_keeps_a_fraction_of_the_memory_and_changes_no_gradient():
    plain, gradients = kept_and_gradients()
    checkpointed, same = kept_and_gradients(checkpoint=True)
    assert checkpointed < plain / 10
    assert all(torch.equal(a, b) for a, b in zip(gradients, same, strict=True))
    assert find("mtrnn", "paper").options["checkpoint"]
