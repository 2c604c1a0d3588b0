"""RED-Net: sizes, which layers the skips join, the bottleneck, the paper's numbers."""

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, relu

from restorelib import runs, sets
from restorelib.baselines import load_rednet
from restorelib.degrade import Bicubic, Jpeg, Noise
from restorelib.evaluation import evaluate
from restorelib.networks import build
from restorelib.networks.rednet import deconv
from restorelib.papers import TABLES, Cell
from restorelib.recipes import RECIPES, find
from restorelib.recipes.rednet import SEEDS


def small(**options):
    """Narrow, in float64, with biases that matter."""
    network = build("rednet", **{"width": 4, **options}).double()
    for layer in network.layers:
        nn.init.normal_(layer.bias, std=0.1)
    return network


def picture(*size):
    return torch.rand(2, 1, *size, dtype=torch.float64)


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("depth", "width", "count"),
    [
        (10, 64, 296_641),
        (20, 64, 665_921),
        (30, 64, 1_035_201),
        (10, 128, 1_183_105),
        (20, 128, 2_658_945),
        (30, 128, 4_134_785),
    ],
)
def test_parameter_counts(depth, width, count):
    with torch.device("meta"):
        for options in ({}, {"deconvolution": False}, {"skips": "block"}, {"stride": 3}):
            network = build("rednet", depth=depth, width=width, **options)
            assert sum(p.numel() for p in network.parameters()) == count
            # MemNet's table has 4,131K for 128 channels at depth 30: the weights alone
            biases = (depth - 1) * width + 1
            assert sum(layer.weight.numel() for layer in network.layers) == count - biases


def test_half_the_layers_are_transposed_unless_told_otherwise():
    kinds = [type(layer) for layer in build("rednet", width=4).layers]
    assert kinds == [nn.Conv2d] * 15 + [nn.ConvTranspose2d] * 15
    kinds = [type(layer) for layer in build("rednet", width=4, deconvolution=False).layers]
    assert kinds == [nn.Conv2d] * 30


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (7, 12), (33, 21)])
@pytest.mark.parametrize(
    "options", [{}, {"deconvolution": False}, {"skips": "block"}, {"depth": 10, "skip_every": 0}]
)
def test_pictures_of_any_size_keep_it(options, size):
    y = small(**options)(picture(*size))
    assert y.shape == (2, 1, *size)
    assert y.isfinite().all()


# ---------------------------------------------------------------- wiring, by hand from the release

# conv i -> deconv j; at depth 30 as the authors' prototxt has them
PAIRS = {
    (30, 2): {14: 1, 12: 3, 10: 5, 8: 7, 6: 9, 4: 11, 2: 13},
    (20, 2): {8: 2, 6: 4, 4: 6, 2: 8},
    (10, 2): {4: 1, 2: 3},
    (30, 4): {12: 3, 8: 7, 4: 11},
    (20, 4): {8: 2, 4: 6},
    (30, 0): {},
    (10, 0): {},
}


def by_hand(network, x, pairs, stride=1):
    """The release's forward pass without its global sum, with nothing of the library but the weights."""
    depth, padding = len(network.layers), 1 if stride == 1 else 0
    outputs = {}
    y = x
    for i in range(1, depth // 2 + 1):
        layer = network.layers[i - 1]
        y = outputs[i] = relu(conv2d(y, layer.weight, layer.bias, stride, padding))
    skips = {deconv: outputs[conv] for conv, deconv in pairs.items()}
    for j in range(1, depth // 2 + 1):
        layer = network.layers[depth // 2 + j - 1]
        y = conv_transpose2d(y, layer.weight, layer.bias, stride, padding)
        if j < depth // 2:
            y = relu(relu(y) + skips.get(j, 0))
    return y


@pytest.mark.parametrize(("depth", "skip_every"), PAIRS)
def test_symmetric_skips_join_the_layers_that_the_authors_join(depth, skip_every):
    network, x = small(depth=depth, skip_every=skip_every), picture(9, 7)
    expected = x + by_hand(network, x, PAIRS[depth, skip_every])
    assert torch.allclose(network(x), expected, rtol=1e-10)
    for cut in PAIRS[depth, skip_every]:
        others = {i: j for i, j in PAIRS[depth, skip_every].items() if i != cut}
        assert (network(x) - x - by_hand(network, x, others)).abs().max() > 1e-3


@pytest.mark.parametrize(("first", "mirror"), PAIRS[30, 2].items())
def test_a_convolution_is_heard_next_where_its_skip_ends(first, mirror):
    # All layers behind it, up to the skip's end, are deaf, so only the skip can carry what changes.
    network, x = small(), picture(5, 5)
    for layer in network.layers[first : 15 + mirror]:
        layer.weight.data.zero_()
    inputs = {}
    for number, layer in enumerate(network.layers):
        layer.register_forward_pre_hook(lambda _, args, number=number: inputs.update({number: args[0]}))
    network(x)
    before = dict(inputs)
    network.layers[first - 1].bias.data += 1
    network(x)
    moved = [number for number in inputs if (inputs[number] - before[number]).abs().max() > 0.1]
    assert moved[:2] == [first, 15 + mirror]  # the layers after them; counted from 0


# Layer (from 1) whose input it is -> layer to whose output it is added, by the same count.
BLOCKS = {
    (10, 2): [(2, 3), (4, 5), (6, 7), (8, 9)],
    (10, 4): [(2, 5), (6, 9)],
    (20, 4): [(2, 5), (6, 9), (10, 13), (14, 17)],
    (30, 2): [(i, i + 1) for i in range(2, 30, 2)],
}


@pytest.mark.parametrize(("depth", "skip_every"), BLOCKS)
def test_block_skips_add_the_input_of_a_block_to_its_output(depth, skip_every):
    network = small(depth=depth, skip_every=skip_every, skips="block", deconvolution=False)
    x = y = picture(9, 7)
    starts, ends = zip(*BLOCKS[depth, skip_every], strict=True)
    for number, layer in enumerate(network.layers, 1):
        if number in starts:
            start = y
        y = conv2d(y, layer.weight, layer.bias, padding=1)
        if number in ends:
            y = y + start
        if number < depth:
            y = relu(y)
    assert torch.allclose(network(x), x + y, rtol=1e-10)
    symmetric = small(depth=depth, skip_every=skip_every, deconvolution=False)
    symmetric.load_state_dict(network.state_dict())
    assert (symmetric(x) - network(x)).abs().max() > 1e-3


def test_the_input_is_added_to_the_output_and_nothing_cuts_the_sum():
    network, x = small(), picture(9, 7)
    plain = small(residual=False)
    plain.load_state_dict(network.state_dict())
    assert torch.equal(network(x), x + plain(x))
    network.layers[-1].bias.data -= 1000
    assert network(x).max() < -100  # no ReLU after the last layer or the sum


# ---------------------------------------------------------------- start


@pytest.mark.parametrize("deconvolution", [True, False])
def test_zero_last_starts_at_the_input(deconvolution):
    x = torch.rand(1, 1, 9, 9)
    options = {"width": 4, "deconvolution": deconvolution}
    assert torch.equal(build("rednet", zero_last=True, **options)(x), x)
    assert not torch.allclose(build("rednet", **options)(x), x, atol=0.01)


def test_a_transposed_layer_starts_as_the_convolution_it_stands_for():
    for layer in small(deconvolution=False).layers[15:]:
        x = torch.rand(2, layer.in_channels, 9, 7, dtype=torch.float64)
        assert torch.allclose(deconv(layer)(x), layer(x))
        assert layer(x).std() > 0.01


@pytest.mark.parametrize("depth", [10, 20, 30])
@pytest.mark.parametrize(
    "options", [{}, {"skip_every": 0}, {"skips": "block"}, {"skips": "block", "skip_every": 4}]
)
def test_signals_neither_fade_nor_burst_at_the_start(depth, options):
    torch.manual_seed(0)
    x = torch.rand(2, 1, 24, 24)
    network = build("rednet", depth=depth, residual=False, **options)
    y = network(x)
    assert 0.01 < y.square().mean().sqrt() < 100
    y.square().mean().backward()
    assert all(layer.weight.grad.abs().max() > 0 for layer in network.layers)


# ---------------------------------------------------------------- reach and bottleneck


def seen(network, size, at):
    """First and last column of the input that move pixel (`at`, `at`), with every weight at work."""
    for key, parameter in network.named_parameters():
        parameter.data.fill_(0.01 if key.endswith("weight") else 0)  # positive: no ReLU is silent
    x = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, at, at].backward()
    columns = x.grad[0, 0].abs().sum(0).nonzero()
    return columns.min().item(), columns.max().item()


@pytest.mark.parametrize("depth", [10, 20, 30])
@pytest.mark.parametrize("options", [{}, {"skip_every": 0}, {"skips": "block"}, {"deconvolution": False}])
def test_the_reach_is_the_depth(depth, options):
    network = small(depth=depth, width=2, **options)
    assert network.reach == depth
    assert seen(network, 71, 35) == (35 - depth, 35 + depth)


def test_the_bottleneck_turns_a_243_pixel_square_into_a_vector():
    network = small(depth=10, skip_every=0, stride=3)
    sizes = []
    for layer in network.layers:
        layer.register_forward_hook(lambda *args: sizes.append(args[-1].shape[-1]))
    assert network(picture(243, 243)).shape == (2, 1, 243, 243)
    assert sizes == [81, 27, 9, 3, 1, 3, 9, 27, 81, 243]
    assert network(picture(243, 486)).shape == (2, 1, 243, 486)
    assert network.reach == 242
    assert seen(network, 486, 243) == (243, 485)


def test_skips_lead_around_the_bottleneck():
    network, x = small(depth=10, stride=3), picture(243, 243)
    assert torch.allclose(network(x), x + by_hand(network, x, PAIRS[10, 2], stride=3), rtol=1e-10)
    # Fed through one vector of zeros, only the skips tell pictures apart.
    network.layers[4].weight.data.zero_()
    plain = small(depth=10, stride=3, skip_every=0)
    plain.load_state_dict(network.state_dict())
    other = picture(243, 243)
    assert torch.allclose(plain(x) - x, plain(other) - other)
    assert (network(x) - x - network(other) + other).abs().max() > 1e-2


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"depth": 15}, "RED-Net has no depth 15; choose 10, 20 or 30"),
        ({"skip_every": 3}, "RED-Net has no skip_every 3; choose 0, 2 or 4"),
        ({"skips": "dense"}, "RED-Net has no skips dense; choose symmetric or block"),
        ({"stride": 2}, "RED-Net has no stride 2; choose 1 or 3"),
        ({"stride": 3, "deconvolution": False}, "plain convolutions cannot undo a stride"),
        ({"stride": 3, "skips": "block"}, "block skips cannot cross a stride"),
        ({"filters": 64}, "rednet: .*'filters'"),
    ],
)
def test_what_it_cannot_be_is_refused(options, why, refused):
    with refused(why):
        build("rednet", **options)


def test_a_size_that_the_stride_does_not_fit_is_refused(refused):
    with refused("takes heights and widths that 243 divides, not 243 x 244"):
        build("rednet", depth=10, width=2, stride=3)(torch.rand(1, 1, 243, 244))


def test_for_scoring_pictures_are_cropped_to_what_the_stride_fits(noise):
    network = build("rednet", depth=10, width=2, stride=3)
    whole = noise(250, 500)
    scores = [evaluate(network, {"a": picture}, Noise(0))["psnr"] for picture in (whole, whole[:243, :486])]
    assert scores[0] == scores[1]


# ---------------------------------------------------------------- weights of the public port


def as_the_port_names(network):
    """A state dict with the port's names, typed out from its model.py."""
    half = len(network.layers) // 2
    places = [f"conv_layers.{i}.0" for i in range(half)]
    places += [f"deconv_layers.{i}.0" for i in range(half - 1)] + [f"deconv_layers.{half - 1}"]
    return {
        f"{place}.{kind}": getattr(layer, kind).data.clone()
        for place, layer in zip(places, network.layers, strict=True)
        for kind in ("weight", "bias")
    }


@pytest.mark.parametrize(("depth", "skip_every"), [(10, 0), (20, 2), (30, 2)])
def test_weights_with_the_ports_names_compute_what_the_port_computes(tmp_path, depth, skip_every):
    x = picture(9, 7)
    network = small(depth=depth, skip_every=skip_every).float()
    torch.save(as_the_port_names(network), tmp_path / "port.pt")
    loaded = load_rednet(tmp_path / "port.pt")
    assert not loaded.training
    expected = x + by_hand(network.double(), x, PAIRS[depth, skip_every])
    assert torch.allclose(loaded.double()(x), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"conv_layers.0.0.weight": torch.rand(4, 3, 3, 3)},
            "takes 3 channels, as the port does",
        ),
        ({"conv_layers.5.0.weight": torch.rand(4, 4, 3, 3)}, "has 6 layers named conv_layers.N.0"),
        ({"deconv_layers.1.0.weight": torch.rand(4, 4, 5, 5)}, r"it has a layers.6.weight of \(4, 4, 5, 5\)"),
        ({"deconv_layers.5.weight": torch.rand(4, 1, 3, 3)}, "it has a layers.10.weight"),
        ({"fc.weight": torch.rand(4)}, "is no REDNet of the port; it has a fc.weight"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, refused, change, why):
    torch.save(as_the_port_names(small(depth=10)) | change, tmp_path / "port.pt")
    with refused(why):
        load_rednet(tmp_path / "port.pt")


# ---------------------------------------------------------------- recipes

SIZES = [(name, profile) for name in RECIPES if name.startswith("red") for profile in RECIPES[name]]


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *((f"noise{sigma}", (Noise(sigma),)) for sigma in (10, 30, 50, 70)),
        ("noise-blind", (Noise(10), Noise(30), Noise(50), Noise(70))),
        *((f"x{scale}", (Bicubic(scale),)) for scale in (2, 3, 4)),
        ("x234", (Bicubic(2), Bicubic(3), Bicubic(4))),
        *((f"jpeg{quality}", (Jpeg(quality),)) for quality in (10, 20)),
    ],
)
@pytest.mark.parametrize("depth", [10, 20, 30])
def test_there_is_a_recipe_for_every_cell_of_the_papers_tables(depth, name, task):
    for profile, width in (("smoke", 8), ("quick", 32), ("reduced", 64), ("paper", 128)):
        recipe = find(f"red{depth}-{name}", profile)
        assert recipe.task == task
        network = build(recipe.network, **recipe.options)
        assert len(network.layers) == depth
        assert network.layers[0].out_channels == width
        assert len(network.sources) == {10: 0, 20: 4, 30: 7}[depth]  # the paper's RED10 has no skips
        assert recipe.several_sizes is False


@pytest.mark.parametrize(("name", "profile"), SIZES)
def test_no_picture_trains_and_tests(name, profile):
    recipe = find(name, profile)

    def files(names):
        sources = {sets.DERIVED.get(name, (name,))[0] for name in names}
        return sources | ({"BSD100"} if "BSD68" in sources else set())  # BSD68 is part of it

    assert files(recipe.train_on).isdisjoint(files(recipe.test_on))
    noise = isinstance(recipe.task[0], Noise)
    if profile != "smoke":  # noise is removed from grey pictures, all else from luma
        assert all(name.endswith("-grey") for name in recipe.train_on) == noise


def test_ablations_differ_from_each_other_in_the_network_and_the_seed_alone():
    names = [name for name in RECIPES if name.startswith("rednet-") and "bottleneck" not in name]
    assert len(names) == 10 * len(SEEDS)
    for profile in ("quick", "reduced"):
        first, *others = (find(name, profile) for name in names)
        for other in others:
            free = {"name", "options", "seed"}
            same = [{k: v for k, v in r.as_dict().items() if k not in free} for r in (first, other)]
            assert same[0] == same[1]
        built = {str(sorted(find(name, profile).options.items())) for name in names}
        assert len(built) == 10


def test_a_short_training_of_each_kind(tmp_path, small_set):
    tiny = {"train_on": (str(small_set),), "validate_on": str(small_set), "test_on": (str(small_set),)}
    for name in ("red10-noise-blind", "red20-jpeg10", "red30-x3"):
        recipe = find(name, "smoke").vary(name, updates=4, **tiny)
        about = runs.record(runs.make(recipe, "smoke", tmp_path / name))
        assert about.updates == 4
        assert len(about.scores) == len(recipe.task)


# ---------------------------------------------------------------- the paper's numbers


@pytest.mark.parametrize(
    ("table", "key", "psnr", "ssim"),
    [
        (1, ("10", "BM3D"), 34.18, 0.9339),
        (1, ("50", "RED10"), 26.51, 0.7571),
        (1, ("70", "RED30"), 25.31, 0.7206),
        (2, ("30", "WNNM"), 27.48, 0.7807),
        (2, ("50", "RED20"), 25.67, 0.7117),
        (3, ("Set5", "2", "RED30"), 37.66, 0.9599),
        (3, ("Set5", "4", "CSCN"), 31.04, 0.8775),
        (4, ("Set14", "3", "RED20"), 29.61, 0.8343),
        (5, ("BSD100", "4", "RED10"), 27.25, 0.7238),
        (5, ("BSD100", "2", "ARFL+"), 31.35, 0.8885),
        (6, ("14-images", "10"), 34.49, 0.9368),
        (6, ("BSD200", "70"), 24.36, 0.6544),
        (7, ("Set5", "3"), 33.70, 0.9222),
        (7, ("BSD100", "4"), 27.35, 0.7276),
    ],
)
def test_published_numbers(table, key, psnr, ssim):
    assert TABLES[f"rednet/{table}"].cells[key] == Cell(psnr, ssim)


def test_figure_3c_in_the_order_of_its_legend():
    cells = TABLES["rednet/figure-3c"].cells
    legend = [cells[skips, every].psnr for every in "24" for skips in ("symmetric", "block")]
    assert legend == [25.08, 24.59, 25.30, 25.21]


def test_the_quoted_network_fails_above_its_level():
    assert [cell.psnr for cell in TABLES["rednet/burger"].cells.values()] == [29.95, 27.81, 18.62, 14.84]


def test_tables_are_complete():
    # 4 sigmas x 9 methods; 3 scales x 9 methods; 2 sets x 4 sigmas; 3 sets x 3 scales
    assert [len(TABLES[f"rednet/{i}"].cells) for i in range(1, 8)] == [36, 36, 27, 27, 27, 8, 9]


@pytest.mark.parametrize(("table", "gains"), [(1, (0.32, 0.43, 0.49, 0.51)), (2, (0.38, 0.47, 0.49, 0.42))])
def test_the_gains_over_wnnm_are_those_of_the_papers_text(table, gains):
    cell = TABLES[f"rednet/{table}"].cell
    ours = [cell(sigma, "RED30").psnr - cell(sigma, "WNNM").psnr for sigma in (10, 30, 50, 70)]
    assert ours == pytest.approx(gains, abs=0.001)


def test_deeper_is_better_and_one_network_for_all_costs_a_little():
    for i in range(1, 6):
        cells = TABLES[f"rednet/{i}"].cells
        for *row, _ in cells:
            scores = [cells[*row, f"RED{depth}"].psnr for depth in (10, 20, 30)]
            assert scores == sorted(scores)
    for set_name, table in (("Set5", 3), ("Set14", 4), ("BSD100", 5)):
        for scale in (2, 3, 4):
            own = TABLES[f"rednet/{table}"].cell(set_name, scale, "RED30").psnr
            assert 0 < own - TABLES["rednet/7"].cells[set_name, str(scale)].psnr < 0.2
