"""Muon: its step is orthogonal, as long as AdamW's, and torch's own on a matrix; what it moves."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from restorelib.networks import build
from restorelib.optimisers import Muon, as_matrix, convolutions, make_optimiser, orthogonal
from restorelib.recipes import RECIPES, find


def gradients(network, seed=0):
    """Give every parameter a random gradient."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def names(network, wanted):
    return {name for name, p in network.named_parameters() if any(p is other for other in wanted)}


def test_singular_values_become_one_and_directions_stay():
    u, _, v = torch.linalg.svd(torch.randn(3, 40, 90), full_matrices=False)
    given = u @ torch.diag(torch.linspace(0.2, 2, 40)) @ v
    found = orthogonal(given)
    # In the basis of the given matrix's own directions the result is a diagonal near one.
    inside = u.mT @ found @ v.mT
    diagonal = inside.diagonal(dim1=1, dim2=2)
    assert diagonal.min() > 0.65
    assert diagonal.max() < 1.25
    assert (inside - torch.diag_embed(diagonal)).abs().max() < 1e-4
    assert torch.allclose(orthogonal(given.mT), found.mT, atol=1e-5)
    assert torch.allclose(orthogonal(1000 * given), found, atol=1e-4)


def test_on_a_matrix_it_is_torch_s_own():
    mine = nn.Sequential(nn.Conv2d(96, 64, (1, 3), bias=False))  # a matrix of 64 x 288
    theirs = nn.Parameter(as_matrix(mine[0].weight, turned=False).detach().clone())
    settings = {"lr": 0.01, "weight_decay": 0.1, "momentum": 0.95}
    ours = Muon(mine, **settings)
    other = torch.optim.Muon([theirs], adjust_lr_fn="match_rms_adamw", **settings)
    before = theirs.detach().clone()
    for seed in range(3):
        gradients(mine, seed)
        theirs.grad = mine[0].weight.grad.flatten(1).clone()
        ours.step()
        other.step()
    moved = (theirs - before).norm()
    # torch iterates in bf16, which has three digits.
    assert (as_matrix(mine[0].weight, turned=False) - theirs).norm() < 0.02 * moved


def test_a_step_is_as_long_as_one_of_adamw():
    network = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Conv2d(64, 256, 3))
    weights = [layer.weight.detach().clone() for layer in network]
    gradients(network)
    Muon(network, lr=1e-3, weight_decay=0).step()
    for layer, before in zip(network, weights, strict=True):
        length = (layer.weight - before).square().mean().sqrt().item()
        assert 0.7 * 0.2e-3 < length < 1.2 * 0.2e-3  # as far as singular values are from one


def test_what_is_no_matrix_moves_as_with_adamw():
    mine, theirs = (build("edsr", blocks=2, width=32) for _ in range(2))
    theirs.load_state_dict(mine.state_dict())
    ours, other = Muon(mine, lr=1e-3), torch.optim.AdamW(theirs.parameters(), lr=1e-3, weight_decay=1e-4)
    for seed in range(3):
        for network, optimiser in ((mine, ours), (theirs, other)):
            gradients(network, seed)
            optimiser.step()
    same = {
        name
        for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True)
        if torch.allclose(a, b, atol=1e-7)
    }
    moved = names(mine, dict(convolutions(mine)))
    assert same == {name for name, _ in mine.named_parameters()} - moved
    assert "body.0.body.0.weight" in moved
    assert {"head.0.weight", "body.0.body.0.bias"} <= same


@pytest.mark.parametrize(
    ("network", "options", "moved", "left"),
    [
        ("vdsr", {}, 18, ("layers.0.weight", "layers.19.weight")),
        ("rednet", {"depth": 10}, 8, ("layers.0.weight", "layers.9.weight")),
        ("memnet", {"width": 32}, 12, ()),  # two a block, which its recursions share
    ],
)
def test_first_and_last_layers_and_gates_are_left_to_adamw(network, options, moved, left):
    built = build(network, **options)
    found = dict(convolutions(built))
    assert len(found) == moved
    assert not names(built, found) & set(left)
    assert all(min(as_matrix(w, t).shape) >= 32 and w.shape[2:] == (3, 3) for w, t in found.items())


def test_a_transposed_convolution_is_the_matrix_of_its_convolution():
    """Its weight is stored (in, out, ...); turned, it steps as the same weights of a convolution do."""
    one, other = nn.Conv2d(48, 32, 3, bias=False), nn.ConvTranspose2d(48, 32, 3, bias=False)
    with torch.no_grad():
        other.weight.copy_(one.weight.transpose(0, 1))
    gradients(one)
    other.weight.grad = one.weight.grad.transpose(0, 1).contiguous()
    for layer in (one, other):
        Muon(nn.Sequential(layer), lr=0.1).step()
    assert torch.allclose(other.weight.transpose(0, 1), one.weight, atol=1e-6)


def test_layers_of_one_shape_in_one_product_step_as_each_alone():
    together = nn.Sequential(*(nn.Conv2d(32, 32, 3) for _ in range(3)))
    alone = [nn.Sequential(nn.Conv2d(32, 32, 3)) for _ in range(3)]
    for layer, single in zip(together, alone, strict=True):
        single[0].load_state_dict(layer.state_dict())
    gradients(together)
    Muon(together, lr=0.1).step()
    for layer, single in zip(together, alone, strict=True):
        single[0].weight.grad, single[0].bias.grad = layer.weight.grad, layer.bias.grad
        Muon(single, lr=0.1).step()
        assert torch.allclose(single[0].weight, layer.weight, atol=1e-6)


def test_channels_last_changes_nothing():
    plain, last = (nn.Sequential(nn.Conv2d(48, 32, 3)) for _ in range(2))
    last.load_state_dict(plain.state_dict())
    last.to(memory_format=torch.channels_last)
    for network in (plain, last):
        gradients(network)
        Muon(network, lr=0.1).step()
    assert torch.allclose(plain[0].weight, last[0].weight, atol=1e-6)


def test_branches_without_a_gradient_stay():
    network = nn.Sequential(nn.Conv2d(32, 32, 3), nn.Conv2d(32, 32, 3))
    before = network[1].weight.detach().clone()
    gradients(network)
    network[1].weight.grad = network[1].bias.grad = None
    Muon(network, lr=0.1).step()
    assert torch.equal(network[1].weight, before)


def test_weights_that_are_shared_are_moved_once():
    """DRCN applies one convolution again and again."""
    network = build("drcn", width=32)
    optimiser = Muon(network)
    moved = [p for group in optimiser.param_groups for p in group["params"]]
    assert len(moved) == len(set(moved)) == len(list(network.parameters()))


@pytest.mark.parametrize("name", ["muon", "adamw", "sgd"])
def test_an_optimiser_by_name_has_the_recipe_s_rate(name):
    recipe = find("vdsr", "smoke").vary("own", options={"width": 32}, optimiser=name, lr=0.003)
    optimiser = make_optimiser(recipe, build(recipe.network, **recipe.options))
    assert {group["lr"] for group in optimiser.param_groups} == {0.003}
    assert {group["weight_decay"] for group in optimiser.param_groups} == {recipe.weight_decay}


def test_every_recipe_of_muon_has_matrices_to_move():
    for profiles in RECIPES.values():
        for profile, recipe in profiles.items():
            if recipe.optimiser == "muon" and profile != "smoke":
                assert dict(convolutions(build(recipe.network, **recipe.options))), recipe.name


def test_it_goes_down_a_valley_that_is_steep_one_way():
    """Least squares whose directions differ a thousandfold in steepness."""
    scale = torch.logspace(-1.5, 0, 64)

    def left(optimiser_of):
        torch.manual_seed(0)
        layer = nn.Sequential(nn.Conv2d(64, 64, (1, 3), bias=False))
        goal = torch.randn_like(layer[0].weight)
        optimiser = optimiser_of(layer)
        losses = []
        for _ in range(200):
            gap = (layer[0].weight - goal) * scale[:, None, None, None]
            losses.append(gap.square().mean())
            optimiser.zero_grad()
            losses[-1].backward()
            optimiser.step()
        assert all(b < a * 1.5 for a, b in pairwise(losses))
        return losses[-1].item()

    muon = left(lambda layer: Muon(layer, lr=0.03, weight_decay=0))
    descent = left(lambda layer: torch.optim.SGD(layer.parameters(), lr=0.03, momentum=0.9))
    assert muon < descent / 2
