"""Running statistics of batch normalisation beside those of the weights as they are."""

import pytest
import torch
from torch import nn

from restorelib import norms, runs
from restorelib.recipes import find
from restorelib.training import Training

RUN = "edsr-ladder-srresnet-seed0-quick"


@pytest.fixture
def training(bundled):
    recipe = find("srresnet-x2", "smoke").vary("last-weights", average=None)
    pictures = list(bundled.values())
    centre = {"one": pictures[0][:96, :96]}
    made = Training(recipe, pictures, centre, precision="no")
    # As it starts, each block is the identity, whatever its normalisation does.
    for module in made.bare_network().modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
    return made


def test_statistics_that_fit_score_the_same(training):
    network = training.bare_network()
    norms.measure_statistics(network, lambda number: training.restore(network, number))
    found = norms.scores(training)
    assert found["running"] == pytest.approx(found["measured"], abs=1e-4)


def test_statistics_of_other_weights_cost_decibels_until_they_are_measured(training):
    fitting = norms.scores(training)["measured"]
    with torch.no_grad():
        for name, buffer in training.bare_network().named_buffers():
            if name.endswith("running_var"):
                buffer.mul_(25)
    found = norms.scores(training)
    assert found["measured"] == pytest.approx(fitting, abs=1e-4)
    assert abs(found["running"] - fitting) > 0.1
    assert norms.scores(training) == found  # the training's own statistics stay as they are


def test_a_network_without_normalisation_has_one_score(bundled):
    recipe = find("edsr-x2", "smoke")
    pictures = list(bundled.values())
    found = norms.scores(Training(recipe, pictures, {"one": pictures[0][:96, :96]}, precision="no"))
    assert found["running"] == found["measured"]


def test_what_is_measured_is_the_training_of_the_run():
    validations = {update: psnr for update, _, psnr in runs.record(RUN).validation}
    rows = norms.measured(RUN)
    assert [row["update"] for row in rows] == [150, 300, 450, 600, 750]
    for row in rows:
        assert row["running"] == pytest.approx(validations[row["update"]], abs=0.01)
