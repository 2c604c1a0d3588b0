"""The queue: what is missing is made in order, within the time, and where only the essentials are there."""

import math
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from restorelib import plan, queue, runs, training
from restorelib.checkpoints import read_about, read_tensors
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


@pytest.fixture
def timed(clock, monkeypatch):
    """`timed(seconds)`: from now on an update takes so long, and nothing else takes time."""
    step = training.Training.step

    def start(seconds):
        def slow(self):
            clock.now += seconds
            return step(self)

        for module in (queue, training):
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(training.Training, "step", slow)

    return start


def test_the_budget_cuts_a_run_off_and_the_next_call_ends_at_the_same_weights(
    tmp_path, wanted, capsys, timed
):
    timed(0.01)
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


# ---------------------------------------------------------------- shares of a time

# Updates a minute; each run has 20 updates.
PACES = {"first": 2.0, "second": 0.2, "third": 1.0}


@pytest.fixture
def shared(monkeypatch, wanted):
    """`shared("first", ...)`: these runs are headline runs, and a machine trains at `PACES`.

    Returns the names of what was measured.
    """
    measured = []

    @contextmanager
    def paces():
        yield lambda recipe: measured.append(recipe.name) or PACES[recipe.name]

    def share(*names):
        for module in (queue, plan):
            monkeypatch.setattr(module, "HEADLINES", tuple((name, "smoke") for name in names))
            monkeypatch.setattr(module, "paces", paces)
        return measured

    return share


@pytest.fixture
def made(monkeypatch):
    """What the queue made, as (folder, minutes it was given, minute it must end), on a clock of its own.

    A run takes as long as it should, or `made.slower` times that, unless it is cut off.
    """
    now = [1000.0]
    made = SimpleNamespace(runs=[], slower={})
    monkeypatch.setattr(queue, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def make(recipe, profile, folder, minutes, checkpoint_seconds, until):
        made.runs.append((folder.name, minutes, round((until - 1000) / 60, 2)))
        needs = minutes or made.slower.get(recipe.name, 1) * 20 / PACES[recipe.name]
        now[0] = min(now[0] + 60 * needs, until)

    monkeypatch.setattr(queue, "make", make)
    return made


def test_each_headline_run_has_a_share_and_the_rest_what_is_left(tmp_path, shared, made):
    measured = shared("first", "second")
    queue.work(tmp_path, minutes=60)
    # 10 minutes are enough for the first, so 50 are left for the second, which would need 100
    assert made.runs == [("first-smoke", None, 60.0), ("second-smoke-50.00min", 50.0, math.inf)]
    assert measured == ["first", "second"]


def test_what_the_headline_runs_leave_goes_to_the_others(tmp_path, shared, made):
    shared("first", "third")
    queue.work(tmp_path, minutes=60)
    assert made.runs == [
        ("first-smoke", None, 60.0),
        ("third-smoke", None, 60.0),
        ("second-smoke", None, 60.0),  # cut off after 30 minutes, as ever
    ]


def test_a_run_that_takes_longer_takes_from_all_that_follow(tmp_path, shared, made):
    shared("first", "second", "third")
    made.slower["first"] = 2.5
    queue.work(tmp_path, minutes=60)
    assert made.runs == [
        ("first-smoke", None, 60.0),  # 25 minutes in place of 10
        ("second-smoke-17.50min", 17.5, math.inf),
        ("third-smoke-17.50min", 17.5, math.inf),  # needs 20
    ]


def test_a_run_that_fails_leaves_its_share_to_the_others(tmp_path, shared, made, wanted, capsys):
    shared("second", "third")
    wanted["second"] = replace(wanted["second"], train_on=("DIV2K_train_HR",))
    queue.work(tmp_path, minutes=15)
    assert made.runs == [("third-smoke-15.00min", 15.0, math.inf)]
    assert "second-smoke-7.50min: failed (DIV2K_train_HR: " in capsys.readouterr().out


def test_a_run_that_cannot_be_measured_has_an_equal_share(tmp_path, shared, made, monkeypatch, capsys):
    shared("first", "second")

    def pace(recipe):
        if recipe.name == "first":
            raise RestoreError("first: a batch of 4 patches does not fit")
        return PACES[recipe.name]

    @contextmanager
    def paces():
        yield pace

    monkeypatch.setattr(queue, "paces", paces)
    queue.work(tmp_path, minutes=60)
    assert made.runs[0] == ("first-smoke-30.00min", 30.0, math.inf)
    assert "first-smoke: not measured (first: a batch of 4 patches does not fit)" in capsys.readouterr().out


def test_without_a_limit_nothing_is_measured_and_every_run_is_whole(tmp_path, shared, made):
    measured = shared("first", "second")
    queue.work(tmp_path)
    names = ("first-smoke", "second-smoke", "third-smoke")
    assert made.runs == [(name, None, math.inf) for name in names]
    assert measured == []


def test_a_schedule_ends_with_its_share_and_the_whole_run_is_wanted_again(
    tmp_path, shared, wanted, timed, capsys
):
    timed(0.125)
    shared("second")
    queue.work(tmp_path, minutes=0.02)
    folder = tmp_path / "second-smoke-0.02min"
    about = runs.record(folder)
    # the record says what was asked for, what it was given and what it did
    assert about.recipe == replace(wanted["second"], minutes=0.02)
    assert (about.recipe.updates, about.updates, about.minutes) == (20, 10, 0.02)
    assert capsys.readouterr().out == f"{folder}: 10 of 20 updates in 0.02 minutes\n"
    assert about.recipe_sha256 != wanted["second"].digest()
    written = (folder / "record.json").read_bytes()
    assert ("second", "smoke") in queue.missing(tmp_path)

    # with as much time again it is left alone, and the others have the time
    queue.work(tmp_path, minutes=0.02)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first-smoke", folder.name]
    # with more than twice as much a longer one is made beside it, and without a limit the whole one
    assert queue.headlines(tmp_path, 0.04) == []
    assert queue.headlines(tmp_path, 0.05) == [("second", "smoke")]
    queue.work(tmp_path)
    assert runs.record(tmp_path / "second-smoke").recipe == wanted["second"]
    assert runs.record(tmp_path / "second-smoke").updates == 20
    assert (folder / "record.json").read_bytes() == written
    assert list(queue.missing(tmp_path)) == []


def test_a_share_that_was_not_finished_goes_on_at_its_length(tmp_path, shared, wanted, made):
    folder = tmp_path / "second-smoke-30.00min"
    runs.make(wanted["second"], "smoke", folder, minutes=30, until=0)  # ends after one update of 20
    assert not (folder / "record.json").exists()
    assert queue.begun(tmp_path, "second", "smoke") == 30
    shared("second")
    queue.work(tmp_path, minutes=60)
    assert made.runs == [
        ("second-smoke-30.00min", 30.0, math.inf),
        ("first-smoke", None, 60.0),
        ("third-smoke", None, 60.0),
    ]


def test_a_share_longer_than_the_time_is_cut_off_and_kept(tmp_path, shared, wanted, made):
    runs.make(wanted["second"], "smoke", tmp_path / "second-smoke-30.00min", minutes=30, until=0)
    shared("second")
    queue.work(tmp_path, minutes=10)
    assert made.runs == [("second-smoke-30.00min", 30.0, 10.0)]


def test_what_a_checkpoint_holds_is_not_needed_again(tmp_path, wanted):
    runs.make(wanted["third"], "smoke", tmp_path / "third-smoke", until=0)
    about = read_about(tmp_path / "third-smoke" / "checkpoint.safetensors")
    assert about["recipe"] == wanted["third"].digest()
    job = queue.Job(wanted["third"], "smoke", tmp_path, pace=1.0)
    assert job.needs == pytest.approx(19)  # one of 20 updates is made
    assert queue.part_done(replace(wanted["third"], lr=0.1), job.folder) == 0  # another recipe's
    (job.folder / "checkpoint.safetensors").write_bytes(b"damaged")
    assert job.needs == pytest.approx(20)


def test_a_run_that_its_own_limit_ended_is_not_made_again(tmp_path, wanted):
    wanted["first"] = replace(wanted["first"], minutes=1e-6)
    queue.work(tmp_path)
    assert runs.record(tmp_path / "first-smoke").updates < 20
    assert list(queue.missing(tmp_path)) == []


def test_only_folders_called_by_minutes_are_shares(tmp_path):
    for name in ("vdsr-reduced-12.50min", "vdsr-reduced-oldmin", "vdsr-reduced", "edsr-vdsr-reduced-1.00min"):
        (tmp_path / name).mkdir()
    found = list(queue.shortened(tmp_path, "vdsr", "reduced"))
    assert found == [(tmp_path / "vdsr-reduced-12.50min", 12.5)]


def test_the_headline_runs_are_wanted_and_called_like_their_recipes():
    assert [name for name, _ in queue.HEADLINES] == ["vdsr", "edsr-x2", "red30-noise50", "memnet", "mtrnn"]
    assert set(queue.HEADLINES) <= set(queue.WANTED)
    assert all(find(name, profile).name == name for name, profile in queue.WANTED)


# ---------------------------------------------------------------- the plan


def test_the_plan_says_what_each_run_needs_and_gets(tmp_path, shared):
    measured = shared("second")
    assert plan.plan(tmp_path, minutes=60) == [
        plan.Row("second-smoke", 0.2 * 4 / 60, 100.0, 60.0, plan.SHORTENED),
        plan.Row("first-smoke", None, None, 0.0, plan.NOT_REACHED),
        plan.Row("third-smoke", None, None, 0.0, plan.NOT_REACHED),
    ]
    assert measured == ["second"]
    assert list(tmp_path.iterdir()) == []  # nothing is trained


def test_the_plan_goes_on_until_the_time_is_given_away(tmp_path, shared):
    shared("third")
    rows = plan.plan(tmp_path, minutes=60)
    assert [(row.run, row.needs, row.share, row.note) for row in rows] == [
        ("third-smoke", 20.0, 20.0, ""),
        ("first-smoke", 10.0, 10.0, ""),
        ("second-smoke", 100.0, 30.0, plan.CUT_OFF),
    ]
    said = plan.as_text(rows, 60)
    assert "Of 3 runs 3 are reached in 60 minutes, 2 of them made whole." in said
    assert said.splitlines()[3].split()[:4] == ["second-smoke", "0.0", "100.0", "30.0"]


def test_the_plan_says_that_everything_fits(tmp_path, shared):
    shared("first", "second", "third")
    assert "Everything fits: 130.0 of 200 minutes." in plan.as_text(plan.plan(tmp_path, 200), 200)
    assert "Everything fits: 130.0 of 130 minutes." in plan.as_text(plan.plan(tmp_path, 130), 130)
    assert "Everything" not in plan.as_text(plan.plan(tmp_path, 129), 129)


def test_without_a_limit_the_plan_measures_all(tmp_path, shared, wanted):
    measured = shared("third")
    rows = plan.plan(tmp_path)
    assert measured == ["first", "second", "third"]
    assert [(row.needs, row.share, row.note) for row in rows] == [(10, 10, ""), (100, 100, ""), (20, 20, "")]
    assert "All 3 runs need 130.0 minutes." in plan.as_text(rows)
    runs.make(wanted["third"], "smoke", tmp_path / "third-smoke")
    assert "All 2 runs need 110.0 minutes." in plan.as_text(plan.plan(tmp_path))
    assert plan.as_text([]) == "No run is missing."


def test_the_plan_goes_on_with_what_was_begun(tmp_path, shared, wanted):
    shared("second")
    runs.make(wanted["second"], "smoke", tmp_path / "second-smoke-30.00min", minutes=30, until=0)
    runs.make(wanted["first"], "smoke", tmp_path / "first-smoke", until=0)
    rows = plan.plan(tmp_path, 60)
    assert rows[0].needs == pytest.approx(28.5)  # the first of 20 updates is made
    assert [(row.run, row.note) for row in rows[:2]] == [("second-smoke", plan.BEGUN), ("first-smoke", "")]
    assert rows[1].needs == pytest.approx(9.5)


# ---------------------------------------------------------------- a machine that only trains

ESSENTIALS = """
import sys

BLOCKED = {"pooch", "requests", "matplotlib", "ipywidgets", "IPython", "jupyter", "nbval", "playwright"}

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
"""
TRAIN = """
from restorelib import queue
queue.WANTED = [("vdsr", "smoke"), ("mdsr", "smoke")]
sys.argv = ["restorelib", "train", "--queue", "--out", sys.argv[1]]
from restorelib.__main__ import main
main()
"""


def test_it_runs_where_only_what_training_needs_is_installed(tmp_path):
    program = ESSENTIALS + TRAIN
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"vdsr-smoke", "mdsr-smoke"}


COLLECT = """
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", sys.argv[1]]))
"""


def test_the_tests_for_a_gpu_are_found_there():
    program = [sys.executable, "-c", ESSENTIALS + COLLECT, Path(__file__).with_name("test_gpu.py")]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(program, capture_output=True, text=True, env=alone, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stdout
    assert "test_gpu.py::test_a_step_never_waits_for_the_gpu" in done.stdout


def test_the_queue_refuses_several_processes(tmp_path, wanted, refused, monkeypatch):
    monkeypatch.setattr(queue, "PartialState", lambda: SimpleNamespace(num_processes=2))
    with refused("start it without a launcher"):
        queue.work(tmp_path)
