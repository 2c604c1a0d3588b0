"""The command line of the exercises: python -m grading build | grade | gradescope-run."""

from pathlib import Path

import typer

from grading import build as building
from grading import grade as marking
from restorelib.output import run_command

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__.splitlines()[0])


@app.command()
def build(python: Path) -> None:
    """Make student copies, solutions and archives from the masters; PYTHON is one that has otter-grader."""
    building.build(python)


@app.command()
def grade(
    exercise: str,
    folder: Path,
    out: Path = Path("marks.csv"),
    seed: int | None = None,
    step: float = marking.STEP,
    limit: float = marking.LIMIT,
    trusted: bool = False,
) -> None:
    """Mark the notebooks in FOLDER as EXERCISE (as "vdsr-lab") and write the table OUT.

    A cell or a call may take STEP seconds, a question LIMIT.
    Where this machine cannot wall submissions off, it goes on only if they are TRUSTED.
    """
    marking.grade(exercise, folder, out, seed, step, limit, trusted)


@app.command()
def gradescope_run(exercise: str, folder: Path, out: Path) -> None:
    """Mark one submission inside Gradescope's container."""
    marking.gradescope_results(exercise, folder, out)


if __name__ == "__main__":
    run_command(app, "grading")
