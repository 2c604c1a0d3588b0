"""What the queue would do in some time: which runs, how long each takes here, and its share of the time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from restorelib.machine import best_precision, hardware
from restorelib.pace import paces, shares
from restorelib.queue import HEADLINES, ROUNDING, Job, begun, headlines, missing

SHORTENED = "its schedule ends with its share"
BEGUN = "goes on with the share it was given"
CUT_OFF = "cut off; the next call continues it"
UNKNOWN = "could not be measured"
NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Row:
    """A run of the plan.

    Attributes:
        run: its recipe and profile.
        speed: patches/s, as measured; None where it was not.
        needs: the minutes it still has to be trained to be whole; None where that is not known.
        share: the minutes that it gets.
        note: what becomes of it; "" if it is made whole.
    """

    run: str
    speed: float | None = None
    needs: float | None = None
    share: float = 0.0
    note: str = NOT_REACHED


def plan(out: Path, minutes: float | None = None) -> list[Row]:
    """What `queue.work` would make in `out`, in its order; trains nothing.

    Args:
        out: the folder of all runs.
        minutes: the time. Runs that get none of it are not measured. None: no limit.
    """
    left = minutes or math.inf
    first = headlines(out, minutes) if minutes else []
    rest = [run for run in missing(out) if not (minutes and run in HEADLINES)]
    rows = []
    with paces() as pace, tqdm(total=len(first) + len(rest), desc="measuring", leave=False) as bar:
        jobs = []
        for run in first:
            jobs.append(Job.of(*run, out, pace, begun(out, *run)))
            bar.update()
        for job, share in zip(jobs, shares([job.needs for job in jobs], left), strict=True):
            rows.append(_row(job, share, SHORTENED))
            left -= share
        for run in rest:
            if left < ROUNDING:
                rows.append(Row("-".join(run)))
                continue
            job = Job.of(*run, out, pace)
            rows.append(_row(job, min(job.needs, left) if job.pace else 0.0, CUT_OFF))
            left -= rows[-1].share
            bar.update()
    return rows


def _row(job: Job, share: float, otherwise: str) -> Row:
    """The row of a job with its share of the time; `otherwise` says what becomes of one that needs more."""
    note = "" if job.needs <= share else otherwise
    note = BEGUN if job.share else note
    note = UNKNOWN if job.pace is None else note
    speed = job.pace and job.pace * job.recipe.batch / 60
    needs = job.needs if math.isfinite(job.needs) else None
    return Row(f"{job.recipe.name}-{job.profile}", speed, needs, share, note)


def as_text(rows: Sequence[Row], minutes: float | None = None) -> str:
    """The plan for people: a line a run, and what comes of it all."""
    if not rows:
        return "No run is missing."
    width = max(len(row.run) for row in rows)
    lines = [f"{'':{width}} {'patches/s':>10} {'needs':>10} {'share':>8}  (minutes)"]
    for row in rows:
        needs, speed = _number(row.needs), _number(row.speed)
        share = _number(row.share if row.share < math.inf else None)
        lines.append(f"{row.run:{width}} {speed:>10} {needs:>10} {share:>8}  {row.note}".rstrip())
    measured = f"Measured on {hardware()}, precision {best_precision()}"
    return "\n".join(
        [*lines, _outcome(rows, minutes), f"{measured}; loading, validation and scoring come on top."]
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _outcome(rows: Sequence[Row], minutes: float | None) -> str:
    """What comes of the plan, in a sentence."""
    needed = sum(row.needs or 0.0 for row in rows)
    whole = sum(row.note == "" for row in rows)
    unknown = sum(row.note == UNKNOWN for row in rows)
    if whole == len(rows):
        if minutes:
            return f"Everything fits: {needed:,.1f} of {minutes:g} minutes."
        return f"All {whole} runs need {needed:,.1f} minutes."
    reached = sum(row.note != NOT_REACHED for row in rows)
    if not minutes:
        return f"{whole} runs need {needed:,.1f} minutes; {unknown} could not be measured."
    return f"Of {len(rows)} runs {reached} are reached in {minutes:g} minutes, {whole} of them made whole."
