"""The average of the weights: by hand, kept through kills, validated, shipped, with statistics of its own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from restorelib import runs
from restorelib.averaging import Average, measure_statistics
from restorelib.checkpoints import read_tensors
from restorelib.degrade import Bicubic
from restorelib.evaluation import evaluate
from restorelib.networks import build


@pytest.fixture
def averaged(recipe):
    return recipe.vary("averaged", average=0.8)


def test_by_hand(averaged, train):
    training = train(averaged)
    expected = {k: v.clone() for k, v in training.weights().items()}
    for update in range(1, 9):
        training.step()
        decay = min(0.8, (1 + update) / (10 + update))
        for key, weight in training.weights().items():
            expected[key] = decay * expected[key] + (1 - decay) * weight
    for key, weight in training.trained().state_dict().items():
        assert torch.allclose(weight, expected[key], atol=1e-6)
        assert not torch.equal(weight, training.weights()[key])


def test_training_itself_does_not_feel_it(recipe, averaged, train):
    plain, followed = train(recipe), train(averaged)
    for _ in range(5):
        plain.step()
        followed.step()
    assert all(torch.equal(v, followed.weights()[k]) for k, v in plain.weights().items())


def test_what_is_validated_recorded_and_loaded_is_the_average(averaged, small_set, pictures, tmp_path):
    folder = runs.make(averaged, "smoke", tmp_path / "run")
    record = runs.record(folder)
    assert record.recipe.average == 0.8
    again = evaluate(runs.load(folder), pictures, averaged.task[0])["psnr"]
    assert record.scores[0].psnr == pytest.approx(again, abs=1e-6)
    assert record.validation[-1][2] == pytest.approx(again, abs=1e-4)


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_training_that_was_broken_off_goes_on_to_the_same_average(averaged, train, tmp_path, optimiser):
    recipe = averaged.vary("broken", optimiser=optimiser, options={"width": 32})
    unbroken, first = train(recipe), train(recipe, folder=tmp_path)
    for _ in range(4):
        unbroken.step()
        first.step()
    first.save()
    second = train(recipe, folder=tmp_path)
    for _ in range(4):
        unbroken.step()
        second.step()
    for ours, expected in (
        (second.weights(), unbroken.weights()),
        (second.average.weights, unbroken.average.weights),
    ):
        assert all(torch.equal(ours[key], tensor) for key, tensor in expected.items())


def test_entries_of_a_checkpoint_have_owners(averaged, train, tmp_path):
    training = train(averaged, folder=tmp_path)
    training.step()
    training.save()
    tensors, _ = read_tensors(tmp_path / "checkpoint.safetensors")
    assert {name.split(".")[0] for name in tensors} == {"network", "optimiser", "average"}


def test_statistics_are_those_of_the_batches():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    batches = [torch.rand(8, 1, 9, 9) + shift for shift in (0, 1, 2)]
    network[1].running_mean.fill_(5)
    measure_statistics(network, lambda number: network(batches[number]), len(batches))
    features = torch.stack([network[0](batch) for batch in batches])
    assert torch.allclose(network[1].running_mean, features.mean((0, 1, 3, 4)), atol=1e-5)
    variances = torch.stack([x.var((0, 2, 3)) for x in features]).mean(0)
    assert torch.allclose(network[1].running_var, variances, atol=1e-5)
    assert network[1].momentum == 0.1
    assert not network.training


def test_a_network_without_normalisation_draws_no_batch():
    measure_statistics(build("vdsr", depth=3, width=8), lambda number: pytest.fail("drawn"))


def test_normalised_networks_validate_with_statistics_of_the_average(recipe, train):
    memnet = {"blocks": 1, "recursions": 1, "width": 8}
    normalised = recipe.vary("normalised", network="memnet", average=0.8)
    training = train(type(recipe)(**{**normalised.__dict__, "options": memnet}))
    for _ in range(5):
        training.step()
    network = training.trained()
    norm = next(m for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    last = next(m for m in training.bare_network().modules() if isinstance(m, nn.BatchNorm2d))
    assert not torch.allclose(norm.running_mean, last.running_mean, atol=1e-4)
    assert norm.num_batches_tracked == 20


def test_a_normalised_network_that_enlarges_validates_its_average(recipe, train):
    options = {"blocks": 1, "width": 8}
    task = (Bicubic(2, enlarge=False),)
    training = train(replace(recipe, network="srresnet", options=options, task=task, patch=12, average=0.8))
    training.step()
    assert np.isfinite(training.validate())


def test_a_long_memory_is_short_at_the_start():
    network = nn.Linear(1, 1, bias=False)
    average = Average(network, 0.999)
    start = network.weight.item()
    for update in range(1, 31):
        with torch.no_grad():
            network.weight.fill_(start + 1)
        average.follow(update)
    assert average.weights["weight"].item() == pytest.approx(start + 1, abs=1e-3)
