"""The runs that the book wants, most valuable first, and a worker that makes the missing ones."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

from accelerate import PartialState

from restorelib.errors import RestoreError
from restorelib.recipes import RECIPES, find
from restorelib.runs import SHIPPED, make, record
from restorelib.sets import require
from restorelib.training import Stopped

# A run is wanted with all its updates: one that was cut short for lack of time stays on the list.
WANTED = (
    ("vdsr", "paper"),
    *((name, "reduced") for name in ("edsr-x2", "edsr-x3", "edsr-x4", "mdsr")),
    *((f"red30-noise{level}", "reduced") for level in ("30", "50", "-blind")),
    *((name, "reduced") for name in ("memnet", "memnet-noise", "memnet-jpeg")),
    *((name, "reduced") for name in ("mtrnn", "mtrnn-ms-seed0", "mtrnn-one-step-longer-seed0")),
    *((name, "reduced") for name in ("srcnn", "srcnn-9-1-5", "srresnet-x2")),
    *((f"vdsr-train-x{scales}", "reduced") for scales in ("2", "3", "4", "23", "24", "34", "234")),
    *((f"vdsr-depth{depth}", "reduced") for depth in (5, 10, 15, 20)),
    *((f"vdsr-{kind}-lr{lr}", "reduced") for kind in ("residual", "plain") for lr in (0.1, 0.01, 0.001)),
    *((f"red30-{task}", "reduced") for task in ("noise70", "noise10", "x2", "x3", "x4", "x234")),
    *((f"red30-jpeg{quality}", "reduced") for quality in (10, 20)),
    *((f"red{depth}-noise{sigma}", "reduced") for depth in (20, 10) for sigma in (50, 30, 70, 10)),
    *((f"red{depth}-x{scale}", "reduced") for depth in (20, 10) for scale in (2, 3, 4)),
)
# Then every ablation, once with each seed before the next.
WANTED += tuple(
    (name, "reduced")
    for seed in (0, 1, 2)
    for name, sizes in RECIPES.items()
    if name.endswith(f"-seed{seed}") and "reduced" in sizes and (name, "reduced") not in WANTED
)


def missing(out: Path) -> Iterator[tuple[str, str]]:
    """The wanted runs, as (recipe, profile), that are neither shipped nor in the folder `out`."""
    for name, profile in WANTED:
        recipe = find(name, profile)
        folders = (SHIPPED / f"{name}-{profile}", out / f"{name}-{profile}")
        records = [record(folder) for folder in folders if (folder / "record.json").is_file()]
        whole = [about for about in records if about.updates == recipe.updates]
        if not any(recipe.made(about.recipe_sha256) for about in whole):
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
            print(f"{folder}: {about.updates} updates in {about.minutes} minutes")
        else:
            print(f"{folder}: the time is up; the same command continues it")
