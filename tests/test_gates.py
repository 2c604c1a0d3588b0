"""Links to the gates of MemNet: which there are, what a cut one hands on, their weights and gradients."""

import numpy as np
import pytest
import torch

from restorelib import gates, runs, tables
from restorelib.degrade import Bicubic
from restorelib.evaluation import evaluate
from restorelib.networks import build

RUN = "memnet-quick"


@pytest.fixture
def network():
    return small()


def small(**options):
    torch.manual_seed(0)
    network = build("memnet", blocks=2, recursions=3, width=4, **options).double().eval()
    for block in network.blocks:
        torch.nn.init.uniform_(block.gate.weigh[0].weight, 0.5, 1.5)
        torch.nn.init.normal_(block.gate.weigh[0].bias)
    return network


def remembered(network, x):
    """(long-term, short-term) memory of the last gate."""
    first = network.extract(x)
    second = network.blocks[0](first)
    return [first, second], network.blocks[1].unit(second)


def test_every_memory_of_every_gate_is_a_link(network):
    first = [(1, "B0"), (1, "H1"), (1, "H2"), (1, "H3")]
    second = [(2, "B0"), (2, "B1"), (2, "H1"), (2, "H2"), (2, "H3")]
    assert gates.links_of(network) == first + second
    assert gates.links_of(small(long_term=False)) == first[1:] + second[2:]
    assert gates.links_of(small(short_term=False)) == [first[0], first[3], *second[:2], second[4]]


@pytest.mark.parametrize(("memory", "place"), [("B0", 0), ("B1", 1), ("H1", 2), ("H3", 4)])
def test_a_cut_link_hands_on_the_mean_of_its_maps(network, memory, place):
    x = torch.rand(1, 1, 12, 10, dtype=torch.float64)
    with torch.no_grad():
        less = gates.without(network, (2, memory))
        long, short = remembered(network, x)
        norm, relu, layer = network.blocks[1].gate.weigh
        maps = relu(norm(torch.cat([*long, *short], 1)))
        for channel in range(4 * place, 4 * place + 4):
            maps[0, channel] = maps[0, channel].mean()
        assert torch.allclose(less.blocks[1].gate(tuple(long), short), layer(maps))
        assert torch.equal(less.blocks[0](long[0]), long[1])
        assert not torch.allclose(less(x), network(x))
        whole = network(x)
        assert torch.equal(network(x), whole)


def test_several_links_can_be_cut(network):
    x = torch.rand(1, 1, 12, 10, dtype=torch.float64)
    with torch.no_grad():
        less = network
        for link in gates.links_of(network)[4:]:
            less = gates.without(less, link)
        features = []
        less.blocks[1].gate.register_forward_hook(lambda _, __, out: features.append(out))
        less(x)
    # without any of its memories a gate says the same everywhere
    assert features[0].std((2, 3)).max() < 1e-12


def test_weights_are_norms_times_the_scale_before_them(network):
    norm, _, layer = network.blocks[0].gate.weigh
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[:2, 4:8, 0, 0] = torch.tensor([3.0, 4.0])[:, None]  # norm 5 for each map of H1
        norm.weight[4:8] = torch.tensor([1.0, -2.0, 0.0, 3.0])
    found = gates.weights(network)
    assert found[1, "H1"] == pytest.approx(5 * (1 + 2 + 0 + 3) / 4)
    assert found[1, "B0"] == found[1, "H3"] == 0
    assert set(found) == set(gates.links_of(network))


def test_gradients_are_those_of_the_memories():
    network, x = small(supervised=False), torch.rand(2, 1, 8, 8, dtype=torch.float64)
    found = gates.gradients(network, lambda network: network(x).square().sum())
    with torch.no_grad():
        long, short = remembered(network, x)
    leaves = [memory.clone().requires_grad_() for memory in (*long, *short)]
    output = network.blocks[1].gate(tuple(leaves[:2]), leaves[2:])
    (x + network.reconstruct(torch.relu(network.output_norms[0](output)))).square().sum().backward()
    expected = {memory: leaf.grad.norm().item() for memory, leaf in zip(NAMES, leaves, strict=True)}
    assert {memory: found[2, memory] for memory in NAMES} == pytest.approx(expected)
    assert set(found) == set(gates.links_of(network))
    again = gates.gradients(network, lambda network: 2 * network(x).square().sum())
    assert again[1, "B0"] == pytest.approx(2 * found[1, "B0"])


NAMES = ["B0", "B1", "H1", "H2", "H3"]


def test_values_as_a_grid(network):
    values = {(1, "B0"): 1.0, (2, "B1"): 2.0, (2, "H3"): 3.0}
    rows = gates.grid(network, values)
    assert rows.shape == (2, 5)
    assert (rows[0, 0], rows[1, 1], rows[1, 4]) == (1, 2, 3)
    assert np.isnan(rows).sum() == 7


@pytest.mark.parametrize(
    ("name", "key"), [(RUN, "scale"), ("memnet-noise-quick", "sigma"), ("memnet-jpeg-quick", "quality")]
)
def test_what_is_measured_belongs_to_the_run(name, key):
    content = gates.measured(name)
    scored, _ = tables.score_of(name, content["set"], content[key])
    assert content["psnr"] == pytest.approx(scored, abs=0.005)
    assert list(gates.lost(name)) == gates.links_of(runs.load(name))


def test_a_measured_cut_comes_out_again(benchmark_set):
    pictures = benchmark_set("Set5")
    whole, cut = (
        evaluate(network, pictures, Bicubic(3))["psnr"]
        for network in (runs.load(RUN), gates.without(runs.load(RUN), (1, "H1")))
    )
    assert 0.1 < whole - cut < 2
    assert whole - cut == pytest.approx(gates.lost(RUN)[1, "H1"], abs=0.005)
