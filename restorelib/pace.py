"""How fast this machine trains a recipe, measured in seconds, and how a limited time is shared."""

import json
import math
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace

from restorelib.errors import RestoreError
from restorelib.recipe import Recipe
from restorelib.sets import load_set
from restorelib.training import Training

SECONDS = 5.0  # that a recipe is measured for
WARMING = 1.0  # seconds before that; on a GPU the first updates try out ways of computing
# The fields that an update's cost depends on, beside the kinds of degradation.
COSTLY = ("network", "options", "patch", "batch", "optimiser", "average", "incremental")


def updates_per_minute(recipe: Recipe, seconds: float = SECONDS) -> float:
    """The pace of a recipe on this machine, from real updates on the bundled pictures; one at least."""
    pictures = list(load_set("bundled_train").values())
    training = Training(replace(recipe, train_on=("bundled_train",)), pictures, {})
    _pace(training, WARMING)
    return 60 * _pace(training, seconds)


def _pace(training: Training, seconds: float) -> float:
    """Updates a second, over at least so many seconds."""
    begun, before = time.perf_counter(), training.progress.step
    while time.perf_counter() - begun < seconds:
        loss = training.step_within_memory()
    loss.item()  # a GPU works behind: reading the loss waits for it
    return (training.progress.step - before) / (time.perf_counter() - begun)


def size(recipe: Recipe) -> str:
    """What recipes have in common whose updates cost the same: network and size, batch, optimiser."""
    plain = recipe.as_dict()
    kinds = sorted({type(degradation).__name__ for degradation in recipe.task})
    return json.dumps([kinds, *(plain[field] for field in COSTLY)], sort_keys=True)


@contextmanager
def paces(seconds: float = SECONDS) -> Iterator[Callable[[Recipe], float]]:
    """A function that gives the `updates_per_minute` of a recipe; recipes of one `size` are measured once.

    They are measured in a process of its own, which takes the memory along when it ends: what is trained
    afterwards records its own peak. The function raises `RestoreError` if a recipe does not fit into memory.
    """
    known: dict[str, float] = {}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:

        def pace(recipe: Recipe) -> float:
            try:
                if size(recipe) not in known:
                    known[size(recipe)] = fresh.submit(updates_per_minute, recipe, seconds).result()
            except BrokenProcessPool:
                raise RestoreError(
                    f"{recipe.name}: could not be measured; is the memory too small?"
                ) from None
            return known[size(recipe)]

        yield pace


def minutes_for(recipe: Recipe, pace: float | None) -> float:
    """The minutes that a recipe takes at so many updates a minute (None: unknown); its limit is the most."""
    return min(recipe.updates / pace if pace else math.inf, recipe.minutes or math.inf)


def shares(needs: Sequence[float], minutes: float) -> list[float]:
    """Equal parts of a time, but to nobody more than it needs; what that leaves, the others share equally.

    Args:
        needs: the minutes that each can use; infinity where nobody knows.
        minutes: what there is.
    """
    given, left = [0.0] * len(needs), max(0.0, minutes)
    for served, place in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        given[place] = min(needs[place], left / (len(needs) - served))
        left -= given[place]
    return given
