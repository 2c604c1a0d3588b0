"""Accidents are noticed when they are provoked, and not in healthy trainings; and a recipe can go back."""

import pytest
import torch

from restorelib import runs
from restorelib.accidents import first_jump, layers_died, loss_jumped, validation_fell, windows
from restorelib.networks import build
from restorelib.recipe import Recipe
from restorelib.training import Training


@pytest.fixture
def longer(recipe):
    return recipe.vary("longer", updates=400, validations=8, lr=2e-3)


@pytest.fixture
def provoke(monkeypatch):
    """`provoke(training, update, change)` changes the network once, after so many updates."""

    def begin(training, update, change):
        step = Training.step
        done = []

        def changing(self):
            if self is training and self.progress.step == update and not done:
                done.append(True)
                with torch.no_grad():
                    change(self.bare_network())
            return step(self)

        monkeypatch.setattr(Training, "step", changing)
        return training

    return begin


# ---------------------------------------------------------------- what is seen


def test_windows_are_weighted_means_over_fifty_updates():
    assert windows([(50, 1.0), (100, 2.0)]) == [1.0, 2.0]
    assert windows([(20, 1.0), (60, 2.5), (80, 9.0)]) == [2.0]  # 20 of 1 and 40 of 2.5; the rest is too short


def test_a_loss_that_doubles_is_seen_and_one_that_wavers_is_not():
    steady = [(100 * i, 1 + 0.3 * (-1) ** i) for i in range(1, 12)]
    assert loss_jumped(steady) is None
    assert loss_jumped([*steady, (1200, 2.7)]) == "the loss is 2.7, 2.7 times its median before"
    falling = [(100 * i, 1 / i) for i in range(1, 12)]
    assert loss_jumped(falling) is None


def test_an_early_jump_has_to_be_larger():
    assert loss_jumped([(100, 0.5)]) is None
    assert loss_jumped([(100, 0.5), (150, 4.9)]) is None
    assert loss_jumped([(100, 0.5), (150, 5.5)]) == "the loss is 5.5, 11.0 times its median before"
    assert loss_jumped([(100, 0.5), (150, 0.5), (200, 0.5), (250, 1.1)]) is not None


@pytest.mark.parametrize(
    ("seed", "update", "what"),
    [
        (0, 138, "the loss is 1.13, 44.5 times its median before"),
        (1, 239, "the loss is 4.54e+04, 1759813.0 times its median before"),
        (2, 174, "the loss is 1.38e+04, 315608.1 times its median before"),
    ],
)
def test_the_jumps_of_networks_that_ran_away(seed, update, what):
    loss = runs.record(f"mtrnn-k5-seed{seed}-quick").loss
    assert first_jump(loss) == (update, what)
    assert loss_jumped(loss) is None


def test_a_healthy_training_has_no_first_jump():
    assert first_jump(runs.record("mtrnn-mt-seed0-quick").loss) is None
    assert first_jump([]) is None


def test_validation_has_to_fall_far_and_twice():
    assert validation_fell([(1, 1, 30.0), (2, 2, 34.6), (3, 3, 33.7)]) is None
    fallen = [(1, 1, 30.0), (2, 2, 34.6), (3, 3, 33.7), (4, 4, 33.9)]
    assert validation_fell(fallen) == "validation is at 33.90 dB, after 34.60 dB"
    assert validation_fell([*fallen, (5, 5, 34.5)]) is None
    assert validation_fell([]) is None


def test_a_dead_layer_is_numbered():
    network = build("vdsr", depth=6, width=8)
    x = torch.rand(2, 1, 9, 9)
    assert layers_died(lambda number: network(x)) is None
    with torch.no_grad():
        network.layers[3].bias.fill_(-100)
    assert (
        layers_died(lambda number: network(x)) == "ReLU 4 of 5 gives zeros only: nothing before it can learn"
    )


# ---------------------------------------------------------------- provoked


def kill(layer):
    def change(network):
        network.layers[layer].bias.fill_(-100)

    return change


def swell(factor):
    def change(network):
        network.layers[-1].weight.mul_(factor)
        network.layers[-1].bias.add_(0.2 * factor / 10)

    return change


@pytest.mark.parametrize(
    ("update", "change", "word"),
    [
        (60, kill(0), "ReLU 1 of 2"),
        (120, kill(1), "ReLU 2 of 2"),
        (210, kill(0), "ReLU 1 of 2"),
        (330, kill(1), "ReLU 2 of 2"),
        (250, swell(10), "the loss is"),
        (260, swell(20), "the loss is"),
        (310, swell(30), "the loss is"),
    ],
)
def test_what_is_provoked_is_told_once_and_noted(longer, train, provoke, capsys, update, change, word):
    training = provoke(train(longer), update, change)
    progress = training.run()
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("longer, update")]
    (at, what) = next(entry for entry in progress.accidents if word in entry[1])
    assert update < at <= update + 100
    assert sum(word in line for line in told) == 1
    assert any(f"update {at}: {what}" in line for line in told)


@pytest.mark.parametrize("by", [-0.02, 0.03, 0.05])
def test_validation_that_falls_is_noted(longer, train, provoke, monkeypatch, by):
    training = train(longer)
    training.run()
    with torch.no_grad():
        training.bare_network().layers[-1].bias.add_(by)
    best = max(psnr for *_, psnr in training.progress.validation)
    for i in (1, 2):
        training.progress.validation.append([400 + i, 0.1, training.validate()])
    training.look(validated=True)
    what = training.progress.accidents[-1][1]
    assert what.startswith("validation is at")
    assert what.endswith(f"after {best:.2f} dB")


@pytest.mark.parametrize(
    ("network", "options", "changes"),
    [
        ("vdsr", {"depth": 3, "width": 8}, {}),
        ("vdsr", {"depth": 6, "width": 32}, {"optimiser": "muon"}),
        ("srcnn", {}, {"average": 0.99}),
    ],
)
def test_healthy_trainings_have_none(longer, train, network, options, changes):
    recipe = Recipe(**{**longer.__dict__, "network": network, "options": options, **changes})
    assert train(recipe).run().accidents == []


# ---------------------------------------------------------------- going back


def test_a_recipe_goes_back_and_lowers_the_rate(longer, train, provoke, tmp_path):
    recipe = longer.vary("back", on_accident="go back")
    training = provoke(train(recipe, tmp_path), 120, kill(1))
    progress = training.run()
    assert len(progress.accidents) == 1
    assert progress.slowed == 0.5
    assert progress.step == 400
    assert [update for update, *_ in progress.loss] == sorted({update for update, *_ in progress.loss})
    assert layers_died(lambda number: training.trained()(torch.rand(1, 1, 9, 9))) is None
    # It learned after all: as much as one that had no accident.
    healthy = train(longer).run()
    assert progress.validation[-1][2] == pytest.approx(healthy.validation[-1][2], abs=0.3)


def test_going_back_survives_a_kill(longer, train, provoke, tmp_path):
    recipe = longer.vary("back", on_accident="go back")
    first = provoke(train(recipe, tmp_path), 120, kill(1))
    while not first.progress.slowed < 1:
        for _ in range(50):
            first.step()
        first.progress.validation.append([first.progress.step, 0.1, first.validate()])
        first.look(validated=True)
    first.save()
    second = train(recipe, tmp_path)
    assert second.progress == first.progress
    assert second.progress.step < 120
    for a, b in zip(first.weights().values(), second.weights().values(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(first.step(), second.step())


def test_the_record_has_them_and_the_snapshot_goes(longer, tmp_path, monkeypatch):
    step = Training.step

    def killing(self):
        if self.progress.step == 120 and self.progress.slowed == 1:
            with torch.no_grad():
                kill(1)(self.bare_network())
        return step(self)

    monkeypatch.setattr(Training, "step", killing)
    folder = runs.make(longer.vary("back", on_accident="go back"), "smoke", tmp_path / "run")
    record = runs.record(folder)
    ((update, what),) = record.accidents
    assert 120 < update <= 220
    assert "ReLU 2 of 2" in what
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights.safetensors"]


def test_another_policy_is_refused(longer, train, refused):
    with refused("on_accident is 'panic'; say 'go on' or 'go back'"):
        train(longer.vary("longer", on_accident="panic"))
