"""MemNet and DRCN: sizes, memories, gates, statistics, supervision, checkpointing, the paper's numbers."""

from dataclasses import replace

import pytest
import torch
from kept import kept_by
from torch import nn
from torch.nn.functional import batch_norm, conv2d, relu

from restorelib.degrade import Noise
from restorelib.networks import build
from restorelib.networks.memnet import RecursiveUnit
from restorelib.objectives import loss_of
from restorelib.optimisers import clip_gradients
from restorelib.papers import TABLES, Cell
from restorelib.recipes import PROFILES, find
from restorelib.sets import load_set
from restorelib.tiles import apply_in_tiles
from restorelib.training import Training


def small(name="memnet", **options):
    """Few parameters, in float64 and eval mode, with biases and batch statistics that matter."""
    sizes = {"memnet": {"blocks": 3, "recursions": 2, "width": 8}, "drcn": {"recursions": 3, "width": 6}}
    network = build(name, **sizes[name] | options).double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.1)
    return network.eval()


def picture(*size):
    return torch.rand(2, 1, *size, dtype=torch.float64)


# ---------------------------------------------------------------- sizes


def count(name="memnet", **options):
    """(weights of convolutions, with their biases, all parameters)."""
    with torch.device("meta"):
        network = build(name, **options)
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    weights = sum(conv.weight.numel() for conv in convs)
    biases = sum(conv.bias.numel() for conv in convs)
    return weights, weights + biases, sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("options", "depth", "counts", "not_shared"),
    [
        ({"blocks": 4}, 54, (435_328, 436_161, 446_787), 1_909_888),
        ({}, 80, (676_992, 678_209, 694_851), 2_888_832),
        ({"recursions": 8}, 104, (726_144, 727_361, 748_611), 3_822_720),
        ({"blocks": 10, "recursions": 10}, 212, (1_373_312, 1_375_297, 1_420_867), 8_008_832),
    ],
)
def test_parameter_counts(options, depth, counts, not_shared):
    blocks, recursions = options.get("blocks", 6), options.get("recursions", 6)
    assert 2 + blocks * (2 * recursions + 1) == depth
    assert count(supervised=False, **options) == counts
    assert count(supervised=False, shared=False, **options)[0] == not_shared


def test_counts_of_the_variants():
    assert count()[2] == 695_497  # a normalisation and a weight for each of six outputs
    assert count(long_term=False)[0] == 590_976
    assert count(short_term=False)[0] == 554_112
    # without the gates' 1x1 convolutions; a highway gate has one of 64 to 64 in each block
    gates = sum(64 * 64 * (6 + m) for m in range(1, 7))
    assert count(gate="mean")[0] == 676_992 - gates
    assert count(gate="highway")[0] == 676_992 - gates + 6 * 64 * 64
    # 12 layers that add 8 channels each to 64, and the transition from 160 to 64
    dense = sum(9 * 8 * (64 + 8 * i) for i in range(12)) + 160 * 64
    assert count(unit="dense", long_term=False)[0] == 6 * dense + 2 * 9 * 64
    # one pair of normalisations in place of six, 2 x 2 x 64 numbers each, in six blocks
    assert count()[2] - count(shared_norms=True)[2] == 6 * 5 * 256


def test_the_networks_of_table_2_have_the_sizes_it_prints():
    sizes = {
        "VDSR": count("vdsr")[0],
        "DRCN": count("drcn")[0],
        "MemNet-91": count(supervised=False)[0],
        "MemNet_M-291": count()[0],
    }
    for column, size in sizes.items():
        assert TABLES["memnet/2"].cells["parameters", column].rstrip("†") == f"{round(size / 1000):,}K"


# ---------------------------------------------------------------- the whole, by hand


def by_hand(network, x, blocks, recursions, every=True, long_term=True, short_term=True):
    """The forward pass of the sheet from the weights alone."""
    tensors = network.state_dict()

    def activated(bn, layer, x):
        mean, var = tensors[f"{bn}.running_mean"], tensors[f"{bn}.running_var"]
        x = relu(batch_norm(x, mean, var, tensors[f"{bn}.weight"], tensors[f"{bn}.bias"]))
        weight = tensors[f"{layer}.weight"]
        return conv2d(x, weight, tensors[f"{layer}.bias"], padding=weight.shape[-1] // 2)

    memory = [activated("extract.0", "extract.2", x)]
    for m in range(blocks):
        h, short = memory[-1], []
        for r in range(recursions):
            unit = f"blocks.{m}.unit"
            inner = activated(f"{unit}.norms.{r}.0", f"{unit}.convs.0.0", h)
            h = h + activated(f"{unit}.norms.{r}.1", f"{unit}.convs.0.1", inner)
            short.append(h)
        seen = (memory if long_term else []) + (short if short_term else short[-1:])
        gate = f"blocks.{m}.gate.weigh"
        memory.append(activated(f"{gate}.0", f"{gate}.2", torch.cat(seen, 1)))
    if not every:
        return x + activated("output_norms.0", "reconstruct", memory[-1])
    predictions = [x + activated(f"output_norms.{m}", "reconstruct", memory[m + 1]) for m in range(blocks)]
    final = sum(w * y for w, y in zip(tensors["output_weight"], predictions, strict=True))
    return torch.stack([*predictions, final])


@pytest.mark.parametrize("memories", [(True, True), (False, True), (True, False), (False, False)])
def test_the_network_is_the_papers(memories):
    options = dict(zip(("long_term", "short_term"), memories, strict=True))
    network, x = small(**options), picture(9, 7)
    network.output_weight.data = torch.tensor([0.2, -0.5, 1.3], dtype=torch.float64)
    expected = by_hand(network, x, 3, 2, **options)
    assert torch.allclose(network(x, every=True), expected, rtol=1e-10)
    assert torch.equal(network(x), network(x, every=True)[-1])
    assert expected.std() > 0.1


def test_the_basic_network_reconstructs_the_last_block_alone():
    network, x = small(supervised=False), picture(9, 7)
    assert torch.allclose(network(x), by_hand(network, x, 3, 2, every=False), rtol=1e-10)


def test_weights_of_the_outputs_start_at_one_over_m_or_as_told():
    assert build("memnet", blocks=5, width=8).output_weight.tolist() == pytest.approx([0.2] * 5)
    assert build("memnet", blocks=5, width=8, output_weight=1.0).output_weight.tolist() == [1.0] * 5


def test_weights_start_as_caffes_msra_filler():
    # variance of two over the inputs to a sum; the last block's gate has 12 * 64
    torch.manual_seed(0)
    network = build("memnet")
    gate = network.blocks[5].gate.weigh[2]
    assert gate.weight.std().item() == pytest.approx((2 / (12 * 64)) ** 0.5, rel=0.03)
    assert network.reconstruct.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.1)
    assert gate.bias.abs().max() == 0


@pytest.mark.parametrize("name", ["memnet", "drcn"])
def test_zero_last_starts_at_the_input(name):
    sizes = {"memnet": {"blocks": 2, "recursions": 2}, "drcn": {"recursions": 3}}[name]
    x = torch.rand(2, 1, 9, 9)
    predictions = build(name, width=8, zero_last=True, **sizes)(x, every=True)
    assert torch.allclose(predictions, x.expand_as(predictions), atol=1e-6)
    assert not torch.allclose(build(name, width=8, **sizes)(x), x, atol=0.01)


# ---------------------------------------------------------------- gates


def test_a_mean_gate_gives_every_memory_the_same_weight():
    network, x = small(blocks=1, gate="mean"), picture(6, 6)
    start = network.extract(x)
    first, second = network.blocks[0].unit(start)
    assert torch.allclose(network.blocks[0](start), (start + first + second) / 3)
    assert not list(network.blocks[0].gate.parameters())


def test_a_highway_gate_carries_or_transforms_at_every_pixel():
    block, x = small(blocks=1, gate="highway").blocks[0], torch.randn(1, 8, 6, 6).double()
    last = block.unit(x)[-1]
    layer = block.gate.share[-1]
    layer.weight.data.zero_()
    for bias, expected in ((-50, x), (50, last), (0, (x + last) / 2)):
        layer.bias.data.fill_(bias)
        assert torch.allclose(block(x), expected)
    nn.init.normal_(layer.weight)
    share = (block(x) - x) / (last - x)
    assert share.min() > 0
    assert share.max() < 1
    assert share[0, 0].std() > 0.01  # it differs from pixel to pixel
    fresh = build("memnet", width=8, gate="highway").blocks[0].gate.share[-1]
    assert fresh.bias.tolist() == [-1] * 8


def test_a_dense_layer_sees_all_layers_before_it_in_its_block_and_none_outside():
    network, x = small(unit="dense", long_term=False), torch.randn(1, 8, 6, 6).double()
    kept = network.blocks[1].unit(x)
    assert [y.shape[1] for y in kept] == [8, 1, 1, 1, 1]
    assert torch.equal(kept[0], x)
    assert torch.equal(kept[3], network.blocks[1].unit.layers[2](torch.cat(kept[:3], 1)))
    other = torch.randn_like(x)
    assert torch.equal(network.blocks[1](other, x), network.blocks[1](x, x))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"gate": "lstm"}, "MemNet has no gate 'lstm'; choose memory or highway or mean"),
        ({"unit": "plain"}, "MemNet has no unit 'plain'; choose recursive or dense"),
        ({"gate": "highway", "long_term": False}, "a highway gate has no memories to leave out"),
        ({"gate": "mean", "unit": "dense"}, "take the gate 'memory'"),
        ({"filters": 64}, "memnet: .*'filters'"),
    ],
)
def test_what_it_cannot_be_is_refused(options, why, refused):
    with refused(why):
        build("memnet", **options)


# ---------------------------------------------------------------- recursions


def test_recursions_share_convolutions_and_not_batch_normalisation():
    unit = build("memnet", blocks=1, recursions=5, width=8).blocks[0].unit
    assert (len(unit.convs), len(unit.norms)) == (1, 5)
    free = build("memnet", blocks=1, recursions=5, width=8, shared=False, shared_norms=True).blocks[0].unit
    assert (len(free.convs), len(free.norms)) == (5, 1)


def test_networks_that_share_nothing_can_compute_what_shared_ones_do():
    shared, free = small(), small(shared=False)
    tensors = shared.state_dict()
    for name in free.state_dict():
        tensors.setdefault(name, tensors[name.replace("convs.1.", "convs.0.")])
    free.load_state_dict(tensors)
    x = picture(7, 8)
    assert torch.allclose(free(x), shared(x), rtol=1e-12)
    free.blocks[0].unit.convs[1][0].weight.data += 0.1
    assert (free(x) - shared(x)).abs().max() > 1e-3


def test_each_recursion_has_the_statistics_of_its_own_input():
    torch.manual_seed(0)
    unit = build("memnet", blocks=1, recursions=4, width=8).blocks[0].unit
    x = torch.randn(16, 8, 12, 12)
    for norm in unit.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = 1.0  # the statistics of the last batch alone
    inputs = [x, *unit.train()(x)[:-1]]
    for (norm, _), h in zip(unit.norms, inputs, strict=True):
        assert torch.allclose(norm.running_var, h.var((0, 2, 3)), rtol=1e-4)
    # what the recursions add grows: statistics of one are wrong for another
    assert unit.norms[3][0].running_var.mean() > 2 * unit.norms[0][0].running_var.mean()


def test_shared_statistics_part_evaluation_from_training():
    x = torch.rand(16, 1, 12, 12)
    apart = {}
    for shared_norms in (False, True):
        torch.manual_seed(0)
        network = build("memnet", blocks=2, recursions=4, width=8, shared_norms=shared_norms)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # the mean over all that came by
        for _ in range(3):
            trained = network(x).detach()
        apart[shared_norms] = (network.eval()(x) - trained).abs().mean().item()
    assert apart[False] < 0.01
    assert apart[True] > 0.3  # as much as the picture itself varies


# ---------------------------------------------------------------- whole pictures


@pytest.mark.parametrize("options", [{}, {"gate": "highway"}, {"unit": "dense", "long_term": False}])
def test_in_evaluation_a_picture_and_its_tiles_agree(options):
    network, x = small(**options), torch.rand(1, 1, 60, 50, dtype=torch.float64)
    assert network.reach == 2 + 2 * 3 * 2
    with torch.no_grad():
        whole = network(x)
        assert torch.allclose(apply_in_tiles(network, x, 1, 24), whole, rtol=0, atol=1e-12)
        # a neighbour in the batch changes nothing, as it would in training mode
        assert torch.allclose(network(torch.cat([x, 1 - x]))[:1], whole, rtol=0, atol=1e-12)
        network.reach //= 2
        assert (apply_in_tiles(network, x, 1, 24) - whole).abs().max() > 1e-12
        network.train()
        assert (network(torch.cat([x, 1 - x]))[:1] - whole).abs().max() > 0.01


# ---------------------------------------------------------------- DRCN


def test_drcn_is_one_layer_applied_again_and_again():
    network, x = small("drcn"), picture(9, 7)
    h = relu(network.embed[2](relu(network.embed[0](x))))
    predictions = []
    for _ in range(3):
        h = relu(network.recurse[0](h))
        predictions.append(x + network.reconstruct[2](relu(network.reconstruct[0](h))))
    given = network(x, every=True)
    assert torch.allclose(given[:3], torch.stack(predictions))
    assert torch.allclose(given[3], sum(predictions) / 3)  # the weights start equal
    assert torch.equal(network(x), given[3])


def test_the_recursion_of_drcn_starts_as_the_identity():
    network = build("drcn", recursions=4, width=6)
    h = torch.rand(1, 6, 5, 5)
    assert torch.equal(network.recurse(h), h)


# ---------------------------------------------------------------- the loss


@pytest.fixture
def memnet(recipe):
    """A training of a small MemNet, every prediction with the same weight."""
    options = {"blocks": 3, "recursions": 2, "width": 8}
    return replace(recipe, network="memnet", options=options, task=(Noise(25),), final_weight=0.25, lr=1e-3)


@pytest.fixture
def train(small_set):
    pictures = load_set(str(small_set))
    return lambda recipe, **options: Training(recipe, list(pictures.values()), pictures, **options)


@pytest.mark.parametrize(("loss", "power"), [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("name", ["memnet", "drcn"])
def test_the_loss_divides_itself_among_the_predictions(memnet, name, loss, power):
    network, x, y = small(name), picture(9, 9).float(), picture(9, 9).float()
    network.float()
    parts = [(z - y).abs().pow(power).mean().item() for z in network(x, every=True)]
    for alpha in (0.0, 0.25, 0.7, 1.0):
        # alpha for the final one, (1 - alpha) / M for each of the others (section 3.3)
        expected = alpha * parts[3] + (1 - alpha) / 3 * sum(parts[:3])
        asked = replace(memnet, loss=loss, final_weight=alpha)
        assert loss_of(asked, network, x, y).item() == pytest.approx(expected, rel=1e-5)


def test_every_weight_learns_from_the_loss(memnet):
    torch.manual_seed(0)
    network = build("memnet", **memnet.options).eval()
    loss_of(memnet, network, *torch.rand(2, 2, 1, 12, 12)).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.abs().sum() > 0, key
    # the final prediction alone does not reach the weights of the outputs when it has no share
    network.zero_grad()
    loss_of(replace(memnet, final_weight=0.0), network, *torch.rand(2, 2, 1, 12, 12)).backward()
    assert network.output_weight.grad.abs().max() == 0


def test_a_supervised_training_learns(memnet, train):
    training = train(replace(memnet, updates=60, options={**memnet.options, "zero_last": True}, lr=1e-2))
    untrained = training.validate()
    assert training.run().validation[-1][2] > untrained + 2


@pytest.mark.parametrize("options", [{}, {"gate": "highway"}, {"gate": "mean"}, {"unit": "dense"}])
def test_mixed_precision_keeps_pictures_in_full(memnet, train, options):
    training = train(memnet.vary("tiny", options=options), precision="bf16")
    assert training.step().isfinite()
    with torch.autocast("cpu", torch.bfloat16):
        assert training.bare_network()(torch.rand(1, 1, 9, 9), every=True).dtype == torch.float32


def test_mixed_precision_sums_recursions_in_full():
    """Eight times 2^-10 to one: each is lost where 16 bits add, all together are a step of 16 bits."""
    unit = RecursiveUnit(width=2, recursions=8, shared=True, shared_norms=False)
    second = unit.convs[0][1]
    nn.init.zeros_(second.weight)
    nn.init.constant_(second.bias, 2**-10)
    with torch.autocast("cpu", torch.bfloat16):
        kept = unit(torch.ones(1, 2, 4, 4))
    assert [memory.dtype for memory in kept] == 8 * [torch.bfloat16]
    assert kept[2].unique().tolist() == [1]
    assert kept[7].unique().tolist() == [1 + 2**-7]


def test_networks_with_one_prediction_refuse_a_share_for_others(memnet, train, refused):
    basic = replace(memnet, options={**memnet.options, "supervised": False})
    with refused("tiny: this network makes one prediction; leave final_weight at 1"):
        train(basic)
    train(replace(basic, final_weight=1.0)).step()


def test_the_norm_of_all_gradients_is_clipped_to_the_threshold_over_the_rate(memnet):
    def clipped(clip, lr):
        parameters = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
        parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, -4.0])
        clip_gradients(replace(memnet, clip=clip, clip_threshold=0.01), parameters, lr)
        return torch.cat([p.grad for p in parameters]).tolist()

    assert clipped("norm/lr", 0.1) == pytest.approx([0.06, 0, 0, -0.08], abs=1e-5)  # norm 0.1
    assert clipped("norm/lr", 0.001) == pytest.approx([3, 0, 0, -4])  # norm 10: nothing is cut
    assert clipped("norm", 0.001) == pytest.approx([0.006, 0, 0, -0.008], abs=1e-5)


# ---------------------------------------------------------------- checkpointing


@pytest.mark.parametrize("shared_norms", [False, True])
def test_checkpointing_changes_neither_losses_nor_weights_nor_statistics(memnet, train, shared_norms):
    losses, weights = {}, {}
    for checkpoint in (False, True):
        options = {**memnet.options, "checkpoint": checkpoint, "shared_norms": shared_norms}
        training = train(replace(memnet, options=options), precision="no")
        losses[checkpoint] = [training.step().item() for _ in range(6)]
        weights[checkpoint] = training.weights()
    assert losses[True] == pytest.approx(losses[False], abs=1e-6)
    assert weights[True].keys() == weights[False].keys()
    for key, tensor in weights[False].items():
        assert torch.allclose(weights[True][key].double(), tensor.double(), rtol=0, atol=1e-6), key
    batches = weights[True]["blocks.0.unit.norms.0.0.num_batches_tracked"]
    assert batches == 6 * (2 if shared_norms else 1)  # once a use, not once a computation


def saved_bytes(**options):
    network = build("memnet", blocks=4, recursions=4, width=16, **options)
    return kept_by(network, torch.rand(4, 1, 31, 31))[0]


def test_checkpointing_keeps_a_fraction_of_the_memory():
    plain, checkpointed = saved_bytes(), saved_bytes(checkpoint=True)
    one_map = 4 * 16 * 31 * 31 * 4  # bytes of one (4, 16, 31, 31) tensor
    assert plain > 90 * one_map  # 4 blocks x 4 recursions x 5, and what the gates see
    assert checkpointed < 15 * one_map


def test_without_gradients_nothing_is_computed_twice():
    network, x = small(checkpoint=True), picture(8, 8)
    calls = []
    network.blocks[0].register_forward_pre_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        network(x)
    assert len(calls) == 1
    network(x).sum().backward()
    assert len(calls) == 3


# ---------------------------------------------------------------- recipes


def test_every_prediction_has_the_same_share_of_the_loss_in_the_papers_recipes():
    for name in ("memnet", "memnet-noise", "memnet-jpeg"):
        for profile in PROFILES:
            recipe = find(name, profile)
            blocks = len(build("memnet", **recipe.options).blocks)
            assert recipe.final_weight == pytest.approx(1 / (blocks + 1))


def test_ablations_of_a_profile_differ_in_what_they_are_about_alone():
    for profile in ("quick", "reduced"):
        full = find("memnet-full-seed0", profile)
        assert find("memnet-full-seed1", profile) == replace(full, name="memnet-full-seed1", seed=1)
        options = {**full.options, "long_term": False}
        assert find("memnet-no-long-seed0", profile) == replace(
            full, name="memnet-no-long-seed0", options=options
        )
        basic = find("memnet-basic-seed0", profile)
        assert (basic.options["supervised"], basic.final_weight, basic.updates) == (False, 1.0, full.updates)
        shallow, deep = (find(f"memnet-{label}-seed0", profile).options for label in ("shallow", "deep"))
        assert shallow["blocks"] < deep["blocks"]
        assert shallow["width"] if profile == "quick" else "width" not in shallow


# ---------------------------------------------------------------- the paper's numbers


@pytest.mark.parametrize(
    ("table", "key", "cell"),
    [
        (1, ("2", "MemNet_NL"), Cell(37.68, None, False)),
        (1, ("3", "MemNet_NS"), Cell(34.00, None, False)),
        (1, ("4", "MemNet"), Cell(31.74)),
        (2, ("PSNR", "DRCN"), Cell(33.82)),
        (2, ("PSNR", "MemNet-91"), Cell(33.92, None, False)),
        (2, ("PSNR", "MemNet_M-91"), Cell(33.98, None, False)),
        (2, ("filters", "RED"), "128"),
        (2, ("training-images", "DRCN"), "91"),
        (3, ("14-images", "30", "RED"), Cell(29.17, 0.8423)),
        (3, ("14-images", "70", "MemNet"), Cell(25.42, 0.7260, False)),
        (3, ("BSD200", "50", "MemNet"), Cell(25.86, 0.7202, False)),
        (3, ("BSD200", "70", "WNNM"), Cell(23.95, 0.6346)),
        (4, ("Set5", "2", "MemNet"), Cell(37.78, 0.9597)),
        (4, ("Set5", "3", "DRRN"), Cell(34.03, 0.9244)),
        (4, ("Set14", "3", "DRCN"), Cell(29.76, 0.8311)),
        (4, ("BSD100", "4", "LapSRN"), Cell(27.32, 0.7275)),
        (4, ("Urban100", "4", "MemNet"), Cell(25.50, 0.7630)),
        (5, ("classic5", "10", "MemNet"), Cell(29.69, 0.8107)),
        (5, ("LIVE1", "20", "DnCNN"), Cell(31.59, 0.8802)),
        (6, ("PSNR", "M10R10"), Cell(34.23, None, False)),
    ],
)
def test_published_numbers(table, key, cell):
    assert TABLES[f"memnet/{table}"].cells[key] == cell


def test_tables_are_complete():
    # 3 scales x 3; 6 rows x 6; 2 sets x 3 sigmas x 7; 4 sets x 3 scales x 8 without LapSRN at x3; 2 sets x 2
    # qualities x 5; 4 depths
    sizes = [len(TABLES[f"memnet/{i}"].cells) for i in range(1, 7)]
    assert sizes == [9, 36, 42, 96 - 4, 20, 4]


def test_the_tables_agree_with_each_other_and_with_other_papers():
    tables = [TABLES[f"memnet/{i}"].cells for i in range(1, 7)]
    for scale in (2, 3, 4):
        key = str(scale), "MemNet"
        assert tables[0][key].psnr == tables[3]["Set5", *key].psnr
    assert tables[1]["PSNR", "MemNet_M-291"].psnr == tables[5]["PSNR", "M6R6"].psnr == 34.09
    red = {"14-images": TABLES["rednet/1"].cells, "BSD200": TABLES["rednet/2"].cells}
    for (name, sigma, method), cell in tables[2].items():
        if method != "MemNet":
            assert cell == red[name][sigma, "RED30" if method == "RED" else method]
    vdsr = TABLES["vdsr/3"].cells
    shared = [key for key in tables[3] if key in vdsr and key[2] in ("Bicubic", "VDSR")]
    assert len(shared) == 24
    assert all(tables[3][key] == vdsr[key] for key in shared)


def test_the_papers_order():
    ablation, depth = TABLES["memnet/1"].cell, TABLES["memnet/6"].cell
    for scale in (2, 3, 4):
        scores = [ablation(scale, column).psnr for column in ("MemNet_NL", "MemNet_NS", "MemNet")]
        assert scores == sorted(scores)
    scores = [depth("PSNR", column).psnr for column in ("M4R6", "M6R6", "M6R8", "M10R10")]
    assert scores == sorted(scores)
