"""Entries of a record's scores: a network on sets of pictures, degraded in each way of its task."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from restorelib.degrade import Degradation, Recorded
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate
from restorelib.metrics import Protocol
from restorelib.records import Score
from restorelib.sets import RECORDED, load_set

# Sets whose published tables clip grey files like luma: Set14's `bridge`, see the chapter on the protocol.
CLIPPED = ("Set14",)


def score_sets(
    network: nn.Module, task: Sequence[Degradation], sets: tuple[str, ...], self_ensemble: bool = False
) -> list[Score]:
    """One entry a set and degradation; sets that can't be had are left out with one line."""
    scores = []
    for name in sets:
        try:
            pictures = load_set(name)
        except RestoreError as error:
            print(f"{error}. Not scored on {name}.")
            continue
        scores += score_set(network, task, name, pictures, self_ensemble)
    return scores


def score_set(
    network: nn.Module,
    task: Sequence[Degradation],
    name: str,
    pictures: Mapping[str, np.ndarray],
    self_ensemble: bool = False,
) -> list[Score]:
    """One entry for each degradation that the pictures of the set `name` are scored under."""
    scores = []
    for degradation in scored_under(name, task):
        protocol = replace(protocol_of(name, degradation), self_ensemble=self_ensemble)
        scores.append(Score(set=name, **evaluate(network, pictures, degradation, protocol)))
    return scores


def scored_under(name: str, task: Sequence[Degradation]) -> Sequence[Degradation]:
    """What a set is scored under: the blur that its pictures come with, else the task."""
    return [Recorded(level) for level in RECORDED[name]] if name in RECORDED else task


def protocol_of(name: str, degradation: Degradation) -> Protocol:
    """What a set of this name is scored by: the papers' protocol, as their tables of this set have it."""
    usual = Protocol.usual(degradation)
    return replace(usual, clip_grey=True) if name in CLIPPED else usual
