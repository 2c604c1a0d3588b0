"""The runs that the book wants, most valuable first, and a worker that makes the missing ones."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

from accelerate import PartialState

from restorelib.errors import RestoreError
from restorelib.images import require
from restorelib.recipes import find, memnet, mtrnn, rednet
from restorelib.runs import SHIPPED, make, record
from restorelib.training import Stopped

# A run is wanted with all its updates: one that was cut short for lack of time stays on the list.
WANTED = (
    ("vdsr", "paper"),
    ("edsr-x2", "reduced"),
    ("edsr-x3", "reduced"),
    ("edsr-x4", "reduced"),
    ("mdsr", "reduced"),
    ("srresnet-x2", "reduced"),
    ("srcnn", "reduced"),
    ("memnet", "reduced"),
    ("memnet-noise", "reduced"),
    ("memnet-jpeg", "reduced"),
    ("mtrnn", "reduced"),
    *((f"vdsr-train-x{scales}", "reduced") for scales in ("2", "3", "4", "23", "24", "34", "234")),
    *((f"vdsr-depth{depth}", "reduced") for depth in (5, 10, 15, 20)),
    *((f"vdsr-{kind}-lr{lr}", "reduced") for kind in ("residual", "plain") for lr in (0.1, 0.01, 0.001)),
    ("srcnn-9-1-5", "reduced"),
    *((f"red30-noise{level}", "reduced") for level in ("50", "30", "70", "10", "-blind")),
    *((f"red30-{task}", "reduced") for task in ("x2", "x3", "x4", "x234", "jpeg10", "jpeg20")),
    *((f"red{depth}-noise{sigma}", "reduced") for depth in (20, 10) for sigma in (50, 30, 70, 10)),
    *((f"red{depth}-x{scale}", "reduced") for depth in (20, 10) for scale in (2, 3, 4)),
    *(
        (f"rednet-{label}-seed{seed}", "reduced")
        for seed in rednet.SEEDS
        for label in (*rednet.ABLATIONS, *rednet.BOTTLENECKS)
    ),
    *(
        (f"memnet-{variant}-seed{seed}", "reduced")
        for variant in ("full", "no-long", "no-short", "basic", "shared-norms", "not-shared")
        for seed in memnet.SEEDS
    ),
    *(
        (f"mtrnn-{label}-seed{seed}", "reduced")
        for seed in mtrnn.SEEDS
        for label in (*mtrnn.ABLATIONS, *mtrnn.OTHERS)
    ),
    *(
        (f"mtrnn-from-tl{level}-seed{seed}", "reduced")
        for seed in mtrnn.SEEDS
        for level in (3, 5, 7, 9, 11, 13)
    ),
    *(
        (f"{name}-seed{seed}", "reduced")
        for seed in mtrnn.SEEDS
        for name in ("mtrnn-one-step-longer", "dmphn")
    ),
)


def missing(out: Path) -> Iterator[tuple[str, str]]:
    """The wanted runs, as (recipe, profile), that are neither shipped nor in the folder `out`."""
    for name, profile in WANTED:
        digest = find(name, profile).digest()
        folders = (SHIPPED / f"{name}-{profile}", out / f"{name}-{profile}")
        records = [record(folder) for folder in folders if (folder / "record.json").is_file()]
        if digest not in [about["recipe_sha256"] for about in records]:
            yield name, profile


def work(out: Path, minutes: float | None = None, checkpoint_seconds: float = 60) -> None:
    """Make the missing runs in `out`, one folder each, until all are made or the time is up.

    The run that the time cuts off keeps a checkpoint; another call, here or where `out` was carried to, goes
    on from it. A run that fails is reported in one line, and the next one is made.
    """
    if PartialState().num_processes > 1:  # they would not agree on when the time is up
        raise RestoreError("the queue trains on one device; start it without a launcher")
    until = time.monotonic() + 60 * minutes if minutes else math.inf
    for name, profile in missing(out):
        if time.monotonic() > until:
            break
        recipe, folder = find(name, profile), out / f"{name}-{profile}"
        try:
            require(recipe.train_on)
            make(recipe, profile, folder, None, checkpoint_seconds, until)
        except Stopped:
            raise
        except RestoreError as error:
            print(f"{name}-{profile}: failed ({error})")
            continue
        if (folder / "record.json").is_file():
            about = record(folder)
            print(f"{folder}: {about['updates']} updates in {about['minutes']} minutes")
        else:
            print(f"{folder}: the time is up; the same command continues it")
