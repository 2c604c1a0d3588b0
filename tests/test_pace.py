"""The pace of a machine is that of real updates, and shares of a time are what they should be."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from restorelib import pace, queue
from restorelib.degrade import Jpeg, Noise
from restorelib.errors import RestoreError
from restorelib.pace import minutes_for, paces, shares, size, updates_per_minute
from restorelib.recipes import find
from restorelib.training import Training


@pytest.fixture
def slow_step(monkeypatch):
    """`slow_step(seconds)`: real steps of trainings, on a clock that says each takes so long; lists them."""
    now, steps, step = [0.0], [], Training.step
    monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def make(seconds):
        def slow(training):
            now[0] += seconds
            steps.append(training.recipe.name)
            return step(training)

        monkeypatch.setattr(Training, "step", slow)
        return steps

    return make


@pytest.mark.parametrize(
    ("seconds", "updates", "steps"),
    [
        (0.25, 240.0, 4 + 20),  # a second of warming up, then five
        (2.0, 30.0, 1 + 3),  # the third ends after six seconds
        (60.0, 1.0, 1 + 1),
    ],
)
def test_updates_of_the_training_are_counted(recipe, slow_step, seconds, updates, steps):
    made = slow_step(seconds)
    assert updates_per_minute(recipe) == pytest.approx(updates)
    assert made == ["tiny"] * steps


def test_the_bundled_pictures_are_enough(recipe, slow_step):
    slow_step(10.0)
    assert updates_per_minute(replace(recipe, train_on=("nowhere",))) == pytest.approx(6)


def test_each_size_is_measured_once_in_another_process(recipe):
    other = recipe.vary("other", seed=1, updates=7, lr=0.1, train_on=("nowhere",))
    with paces(seconds=0.1) as told:
        measured = told(recipe)
        assert 0 < measured < math.inf
        assert told(other) == measured  # a second measurement would differ
        assert told(recipe.vary("wider", options={"width": 9})) != measured
        with pytest.raises(RestoreError):
            told(recipe.vary("wrong", network="vsdr"))
        assert told(recipe) == measured


def test_what_makes_an_update_cost_the_same(recipe):
    assert size(find("red30-noise30", "reduced")) == size(find("red30-noise50", "reduced"))
    assert size(find("mtrnn-mt-seed0", "reduced")) == size(find("mtrnn-mt-seed2", "reduced"))
    assert size(recipe) == size(recipe.vary("other", task=recipe.task * 2, seed=3, minutes=1, lr=1))
    different = [
        recipe,
        recipe.vary("tiny", options={"depth": 4}),
        recipe.vary("tiny", patch=18),
        recipe.vary("tiny", batch=5),
        recipe.vary("tiny", optimiser="muon"),
        recipe.vary("tiny", average=0.9),
        recipe.vary("tiny", task=(Noise(30),)),
        recipe.vary("tiny", task=(Jpeg(10),)),
    ]
    assert len({size(each) for each in different}) == len(different)
    assert len({size(find(*run)) for run in queue.WANTED}) < len(queue.WANTED) / 3


def test_minutes_for_a_recipe(recipe):
    assert minutes_for(recipe, 4.0) == 5.0  # 20 updates
    assert minutes_for(replace(recipe, minutes=3), 4.0) == 3.0
    assert minutes_for(replace(recipe, minutes=30), 4.0) == 5.0
    assert minutes_for(recipe, None) == math.inf
    assert minutes_for(replace(recipe, minutes=3), None) == 3.0


@pytest.mark.parametrize(
    ("needs", "minutes", "expected"),
    [
        ([30, 30, 30], 60, [20, 20, 20]),
        ([5, 30, 100], 60, [5, 27.5, 27.5]),
        (
            [100, 10, 100, 16],
            60,
            [17, 10, 17, 16],
        ),  # 16 is more than a quarter, but no third of what 10 leave
        ([10, 20], 60, [10, 20]),
        ([math.inf, 10, math.inf], 60, [25, 10, 25]),
        ([10, 0, 10], 10, [5, 0, 5]),
        ([10, 20], 0, [0, 0]),
        ([10, 20], -1, [0, 0]),
        ([], 60, []),
    ],
)
def test_shares_of_a_time(needs, minutes, expected):
    assert shares(needs, minutes) == pytest.approx(expected)
