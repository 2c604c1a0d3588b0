"""The queue: what is missing is made in order, within the time, and where only the essentials are there."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from restorelib import queue, runs, training
from restorelib.checkpoints import read_tensors
from restorelib.errors import RestoreError
from restorelib.recipes import RECIPES, find
from restorelib.training import Stopped


@pytest.fixture
def wanted(monkeypatch, recipe):
    """Three tiny recipes, wanted in this order."""
    recipes = {name: recipe.vary(name, seed=seed) for seed, name in enumerate(("first", "second", "third"))}
    monkeypatch.setattr(queue, "WANTED", [(name, "smoke") for name in recipes])
    monkeypatch.setattr(queue, "find", lambda name, profile: recipes[name])
    return recipes


def test_the_most_valuable_come_first_and_no_ablation_is_forgotten():
    first = [name for name, _ in queue.WANTED[:12]]
    assert first[0] == "vdsr"
    places = [first.index(name) for name in ("edsr-x2", "red30-noise30", "memnet", "mtrnn")]
    assert places == sorted(places)
    seeded = {name for name, sizes in RECIPES.items() if "-seed" in name and "reduced" in sizes}
    assert seeded <= {name for name, _ in queue.WANTED}
    seeds = [int(name[-1]) for name, _ in queue.WANTED[-len(seeded) + 2 :]]
    assert seeds == sorted(seeds)


def test_every_wanted_run_has_a_recipe_and_is_wanted_once():
    assert len(set(queue.WANTED)) == len(queue.WANTED)
    for name, profile in queue.WANTED:
        recipe = find(name, profile)
        if recipe.start:  # what it starts from comes first
            assert queue.WANTED.index((recipe.start, profile)) < queue.WANTED.index((name, profile))


def test_a_run_that_time_cut_short_is_still_wanted(tmp_path, wanted):
    assert [name for name, _ in queue.missing(tmp_path)] == ["first", "second", "third"]
    runs.make(wanted["second"], "smoke", tmp_path / "second-smoke")
    runs.make(wanted["third"], "smoke", tmp_path / "third-smoke", minutes=1e-6)
    assert runs.record(tmp_path / "third-smoke").updates < wanted["third"].updates
    assert [name for name, _ in queue.missing(tmp_path)] == ["first", "third"]


def test_missing_runs_are_made_in_order_and_then_none_is_left(tmp_path, wanted, capsys):
    queue.work(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [str(tmp_path / f"{name}-smoke") for name in wanted]
    assert {runs.record(tmp_path / f"{name}-smoke").updates for name in wanted} == {20}
    queue.work(tmp_path)
    assert capsys.readouterr().out == ""


def test_the_budget_cuts_a_run_off_and_the_next_call_ends_at_the_same_weights(
    tmp_path, wanted, capsys, clock, monkeypatch
):
    step = training.Training.step

    def timed(self):
        clock.now += 0.01  # seconds of an update
        return step(self)

    for module in (queue, training):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(training.Training, "step", timed)
    wanted["first"] = replace(wanted["first"], updates=200)
    whole = runs.make(wanted["first"], "smoke", tmp_path / "whole")

    calls = 0
    while list(queue.missing(tmp_path)):
        queue.work(tmp_path, minutes=0.2 / 60)
        calls += 1
        assert calls < 100
    said = capsys.readouterr().out
    assert calls > 2
    assert "first-smoke: the time is up; the same command continues it" in said
    weights, expected = (
        read_tensors(folder / "weights.safetensors")[0] for folder in (tmp_path / "first-smoke", whole)
    )
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_run_that_fails_does_not_hold_up_the_others(tmp_path, wanted, capsys):
    wanted["first"] = replace(wanted["first"], optimiser="sgd", lr=1e20, clip=None, updates=200)
    wanted["second"] = replace(wanted["second"], train_on=("DIV2K_train_HR",))
    queue.work(tmp_path)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("first-smoke: failed (first: the loss is")
    line = "DIV2K_train_HR: is not here; restorelib data DIV2K_train_HR fetches it (3.5 GB)"
    assert second == f"second-smoke: failed ({line})"
    assert third.startswith(str(tmp_path / "third-smoke"))


def test_someone_who_ends_a_run_ends_the_queue(tmp_path, wanted, monkeypatch):
    def stopped(*args):
        raise Stopped("stopped by SIGTERM")

    monkeypatch.setattr(queue, "make", stopped)
    with pytest.raises(RestoreError, match="SIGTERM"):
        queue.work(tmp_path)


ESSENTIALS = """
import sys

BLOCKED = {"pooch", "requests", "matplotlib", "ipywidgets", "IPython", "jupyter", "nbval"}

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
from restorelib import queue
queue.WANTED = [("vdsr", "smoke"), ("mdsr", "smoke")]
sys.argv = ["restorelib", "train", "--queue", "--out", sys.argv[1]]
from restorelib.__main__ import main
main()
"""


def test_it_runs_where_only_what_training_needs_is_installed(tmp_path):
    done = subprocess.run([sys.executable, "-c", ESSENTIALS, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"vdsr-smoke", "mdsr-smoke"}


def test_the_queue_refuses_several_processes(tmp_path, wanted, refused, monkeypatch):
    monkeypatch.setattr(queue, "PartialState", lambda: SimpleNamespace(num_processes=2))
    with refused("start it without a launcher"):
        queue.work(tmp_path)
