"""The runs that the book wants, most valuable first, and a worker that makes the missing ones.

Without a limit every run is made whole. Within a limit, the headline runs come first, each with a share of
the time (`restorelib.pace.shares`). One that needs more than its share gets a schedule that ends with it: it
is finished at that length, in a folder of its own, NAME-PROFILE-MINUTESmin, and its record says how many
minutes it was given and how many of its updates it made. Such a run never stands in for the whole one, which
stays wanted. Later limits leave a headline run out that was made with at least half of what would be its
share now. All other runs are made whole whatever the limit; one that the time cuts off is continued by the
next call, and so is a training that was killed.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from accelerate import PartialState

from restorelib import recipes
from restorelib.checkpoints import read_about
from restorelib.errors import RestoreError
from restorelib.pace import minutes_for, paces, shares
from restorelib.progress import Progress
from restorelib.recipe import Recipe
from restorelib.recipes import RECIPES, find
from restorelib.runs import SHIPPED, make, record
from restorelib.sets import require
from restorelib.training import Stopped

HEADLINES = tuple((name, "reduced") for name in recipes.HEADLINES)
ROUNDING = 0.01  # minutes; shares are rounded to it, because folders are called by them

# A run is wanted with all its updates: one that was cut short for lack of time stays on the list.
WANTED = (
    ("vdsr", "paper"),
    *((name, "reduced") for name in ("edsr-x2", "edsr-x3", "edsr-x4", "mdsr")),
    *((f"red30-noise{level}", "reduced") for level in ("30", "50", "-blind")),
    *((name, "reduced") for name in ("memnet", "memnet-noise", "memnet-jpeg")),
    *((name, "reduced") for name in ("mtrnn", "mtrnn-ms-seed0", "mtrnn-one-step-longer-seed0")),
    ("vdsr", "reduced"),
    *((name, "reduced") for name in ("srcnn", "srcnn-9-1-5", "srresnet-x2")),
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


# ---------------------------------------------------------------- what is missing


def missing(out: Path) -> Iterator[tuple[str, str]]:
    """The wanted runs, as (recipe, profile), that are neither shipped nor in the folder `out`."""
    for name, profile in WANTED:
        recipe = find(name, profile)
        if not any(_whole(recipe, folder / f"{name}-{profile}") for folder in (SHIPPED, out)):
            yield name, profile


def _whole(recipe: Recipe, folder: Path) -> bool:
    """Whether a folder holds a run of this recipe that is not to be made again."""
    if not (folder / "record.json").is_file():
        return False
    about = record(folder)
    # The recipe's own limit may have cut a shipped one short on a slow machine; one made here has had it.
    whole = about.updates == recipe.updates or folder.parent != SHIPPED
    return whole and recipe.made(about.recipe_sha256)


def headlines(out: Path, minutes: float) -> list[tuple[str, str]]:
    """The missing headline runs, but for those that already had half an equal share of `minutes` or more."""
    wanted, enough = set(missing(out)), minutes / len(HEADLINES) / 2
    return [run for run in HEADLINES if run in wanted and longest(out, *run) < enough]


def longest(out: Path, name: str, profile: str) -> float:
    """The minutes of a recipe's longest finished run that was given a share of the time; 0 without one."""
    return max(
        (
            minutes
            for folder, minutes in shortened(out, name, profile)
            if (folder / "record.json").is_file()
            and replace(find(name, profile), minutes=minutes).made(record(folder).recipe_sha256)
        ),
        default=0.0,
    )


def begun(out: Path, name: str, profile: str) -> float | None:
    """The minutes of a run that was given a share of the time and not finished; None without one."""
    for folder, minutes in shortened(out, name, profile):
        if (folder / "checkpoint.safetensors").is_file() and not (folder / "record.json").is_file():
            return minutes
    return None


def shortened(out: Path, name: str, profile: str) -> Iterator[tuple[Path, float]]:
    """The folders of the runs of a recipe that were given a share of the time, and how many minutes."""
    named = re.compile(rf"{re.escape(name)}-{profile}-(\d+\.\d\d)min")
    for folder in sorted(out.glob(f"{name}-{profile}-*min")):
        if told := named.fullmatch(folder.name):
            yield folder, float(told[1])


# ---------------------------------------------------------------- jobs


@dataclass(frozen=True)
class Job:
    """A run that is to be made.

    Attributes:
        recipe, profile: what is trained.
        out: the folder of all runs.
        pace: updates a minute; None where it could not be measured.
        share: the minutes that its schedule ends with; None: it is made whole.
    """

    recipe: Recipe
    profile: str
    out: Path
    pace: float | None
    share: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        profile: str,
        out: Path,
        pace: Callable[[Recipe], float],
        share: float | None = None,
    ) -> "Job":
        """The job that makes a run; one that can't be measured is told in a line."""
        recipe = find(name, profile)
        try:
            return cls(recipe, profile, out, pace(recipe), share)
        except RestoreError as error:
            print(f"{name}-{profile}: not measured ({error})")
            return cls(recipe, profile, out, None, share)

    @property
    def folder(self) -> Path:
        """Where it is made; a checkpoint that lies there is continued."""
        whole = f"{self.recipe.name}-{self.profile}"
        return self.out / (whole if self.share is None else f"{whole}-{self.share:.2f}min")

    @property
    def limited(self) -> Recipe:
        """The recipe with the share as its limit."""
        return replace(self.recipe, minutes=self.share) if self.share else self.recipe

    @property
    def needs(self) -> float:
        """The minutes that are still to be trained; infinity where nobody knows."""
        left = 1 - part_done(self.limited, self.folder)
        return left * minutes_for(self.limited, self.pace) if left else 0.0

    def within(self, minutes: float) -> "Job":
        """This job if it needs no more minutes, or has a share already; else one with these as its share."""
        if self.share or self.needs <= minutes:
            return self
        return replace(self, share=max(ROUNDING, round(minutes, 2)))


def part_done(recipe: Recipe, folder: Path) -> float:
    """How much of a training the checkpoint in a folder holds, 0..1; 0 if it can't be continued."""
    path = folder / "checkpoint.safetensors"
    try:
        about = read_about(path) if path.is_file() else {}
    except RestoreError:  # said in full when the run is made
        return 0.0
    if not recipe.made(about.get("recipe", "")):
        return 0.0
    return Progress(**json.loads(about["progress"])).done(recipe)


# ---------------------------------------------------------------- the worker


def work(out: Path, minutes: float | None = None, checkpoint_seconds: float = 60) -> None:
    """Make the missing runs in `out`, one folder each, until all are made or the time is up.

    The run that the time cuts off keeps a checkpoint; another call, here or where `out` was carried to, goes
    on from it. A run that fails is reported in one line, and the next one is made.

    Args:
        out: the folder of all runs.
        minutes: the time; the headline runs have their shares of it first. None: no limit.
        checkpoint_seconds: how often a training saves its state.
    """
    if PartialState().num_processes > 1:  # they would not agree on when the time is up
        raise RestoreError("the queue trains on one device; start it without a launcher")
    until = time.monotonic() + 60 * minutes if minutes else math.inf
    if minutes:
        _work_by_shares(out, minutes, checkpoint_seconds, until)
    for name, profile in missing(out):
        if minutes and (name, profile) in HEADLINES:
            continue
        if time.monotonic() >= until:
            break
        _make(Job(find(name, profile), profile, out, None), checkpoint_seconds, until)


def _work_by_shares(out: Path, minutes: float, checkpoint_seconds: float, until: float) -> None:
    """Make the headline runs, each with its share of what is left when its turn comes."""
    if not (first := headlines(out, minutes)):
        return
    with paces() as pace:
        jobs = [Job.of(*run, out, pace, begun(out, *run)) for run in first]
    while jobs and (left := (until - time.monotonic()) / 60) > 0:
        share = shares([job.needs for job in jobs], left)[0]
        job, ends = jobs.pop(0).within(share), until
        if job.share:
            # Its schedule ends it, and the time that loading its pictures takes must not cut that off; unless
            # it was begun with more minutes than there are now.
            ends = math.inf if job.needs <= share + ROUNDING else time.monotonic() + 60 * share
        _make(job, checkpoint_seconds, ends)


def _make(job: Job, checkpoint_seconds: float, until: float) -> None:
    """Make a run, and tell in a line how that ended."""
    recipe, folder = job.recipe, job.folder
    try:
        require(recipe.train_on)
        make(recipe, job.profile, folder, job.share, checkpoint_seconds, until)
    except Stopped:
        raise
    except RestoreError as error:
        print(f"{folder.name}: failed ({error})")
        return
    if (folder / "record.json").is_file():
        about = record(folder)
        whole = "" if about.updates == recipe.updates else f" of {recipe.updates}"
        print(f"{folder}: {about.updates}{whole} updates in {about.minutes} minutes")
    else:
        print(f"{folder}: the time is up; the same command continues it")
