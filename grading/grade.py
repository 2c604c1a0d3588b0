"""Marks a folder of submissions, one process each, into a table; and one as Gradescope wants it."""

import json
import multiprocessing
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from grading import judge, link, results, walls
from grading.judge import Verdict
from grading.master import EXERCISES, Exercise, read
from restorelib.errors import RestoreError
from restorelib.output import shown

STEP = 20.0
LIMIT = 120.0


def submissions(folder: Path) -> dict[str, Path]:
    """Who submitted what: the notebooks in a folder and in the folders in it, by their paths."""
    if not os.path.isdir(folder):  # it takes names that are too long
        raise RestoreError(f"{folder}: no such folder; give one that holds the submitted notebooks")
    found = {p.relative_to(folder).with_suffix("").as_posix(): p for p in sorted(folder.rglob("*.ipynb"))}
    found = {name: path for name, path in found.items() if ".ipynb_checkpoints" not in path.parts}
    if not found:
        raise RestoreError(f"{folder}: holds no notebook (.ipynb)")
    return found


def check(exercise: str, confinement: str, trusted: bool) -> Exercise:
    """The exercise; raises `RestoreError` if there is none, or a wall lacks and trust is not said.

    With trust, one line says which.
    """
    if exercise not in EXERCISES:
        raise RestoreError(f"no exercise is called '{exercise}'; there are {', '.join(EXERCISES)}")
    if lacks := "; ".join(walls.missing(confinement)):
        if not trusted:
            raise RestoreError(
                f"this machine has no wall for {lacks}. Say --trusted if you trust all submissions"
            )
        print(f"without a wall for {lacks}", flush=True)
    return read(exercise)


def verdicts(
    exercise: str, found: dict[str, Path], seed: int, step: float, limit: float, confinement: str
) -> Iterator[tuple[str, Verdict]]:
    """Mark submissions one after the other; a judge that dies or hangs costs its own submission only."""
    most = judge.most_seconds(read(exercise), limit) + (judge.RESTARTS + 1) * (link.START + link.GRACE)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grading.judge"])
    for name, path in found.items():
        ours, theirs = context.Pipe(duplex=False)
        arguments = (theirs, exercise, path, seed, step, limit, confinement)
        process = context.Process(target=_judge, args=arguments)
        process.start()
        theirs.close()
        verdict = Verdict(remarks=["not marked: its judge died or hung"])
        try:
            if ours.poll(most):
                verdict = ours.recv()
        except (EOFError, OSError):  # the latter if it died in the middle of its verdict
            pass
        process.kill()
        process.join()
        yield name, verdict


def _judge(pipe, *arguments) -> None:
    try:
        pipe.send(judge.mark(*arguments))
    except Exception as error:  # a fault of ours: no marks is not the same as none deserved
        pipe.send(Verdict(remarks=[f"not marked: {type(error).__name__}: {error}"]))


def grade(
    exercise: str,
    folder: Path,
    out: Path,
    seed: int | None = None,
    step: float = STEP,
    limit: float = LIMIT,
    trusted: bool = False,
) -> None:
    """Mark all submissions in `folder`; write the table `out`, and beside it the answers to mark by hand.

    The same seed gives the same random tests; None draws one. It stands in the table. `trusted` marks also
    where the machine cannot wall submissions off.
    """
    confinement = "bwrap" if walls.usable("bwrap") else "none"
    about = check(exercise, confinement, trusted)
    found = submissions(folder)
    results.check(out)
    seed = secrets.randbelow(2**32) if seed is None else seed
    columns = [f"{question.name} ({question.worth:g})" for question in about.questions]
    rows = [["submission", *columns, "total", "of", "remarks", "seed"]]
    answers: dict[str, dict[str, str]] = {}
    for name, verdict in verdicts(exercise, found, seed, step, limit, confinement):
        answers[name] = verdict.answers
        rows.append(row(name, about, verdict, seed))
        results.write(out, results.table(rows))  # all anew, so that the file is whole whatever happens
        _, *_, total, of, remarks, _ = rows[-1]
        print(f"{shown(name)}: {total or '?'} of {of}{remarks and '; ' + remarks}", flush=True)
    if manual := [question for question in about.questions if question.manual]:
        results.write(out.with_suffix(".answers.md"), to_mark(manual, answers))


def row(name: str, about: Exercise, verdict: Verdict, seed: int) -> list[str]:
    """A submission's row: its marks, their sum and the most it could be, remarks, seed."""
    marks = [f"{verdict.marks[q.name]:g}" if q.name in verdict.marks else "" for q in about.questions]
    total = f"{sum(verdict.marks.values()):g}" if verdict.marks else ""
    of = f"{sum(question.worth for question in about.questions if not question.manual):g}"
    return [results.cell(name), *marks, total, of, results.cell("; ".join(verdict.remarks)), str(seed)]


def to_mark(manual: list, answers: dict[str, dict[str, str]]) -> str:
    """The written answers, question by question, each below its model answer and rubric."""
    parts = []
    for question in manual:
        parts.append(f"# {question.name}, {question.worth:g} points\n\n{question.solution}")
        for name, given in answers.items():
            quoted = results.quoted(given.get(question.name, ""))
            parts.append(f"## {shown(name)}\n\n{quoted or '(nothing)'}\n\nMark:\n")
    return "\n".join(parts)


def gradescope_results(exercise: str, folder: Path, out: Path) -> None:
    """Mark the one submission in `folder` and write what Gradescope reads.

    For root in its container, which bounds memory and is thrown away.
    """
    about = check(exercise, "setpriv", trusted=True)
    (path,) = list(submissions(folder).values())[:1]
    ((_, verdict),) = verdicts(exercise, {"it": path}, secrets.randbelow(2**32), STEP, LIMIT, "setpriv")
    remarks = [shown(remark) for remark in verdict.remarks]
    tests = [
        {
            "name": question.name,
            "score": verdict.marks.get(question.name, 0.0),
            "max_score": question.worth,
            "output": "\n".join(r for r in remarks if r.startswith(f"{question.name}:")),
        }
        for question in about.questions
        if not question.manual
    ]
    others = "\n".join(remark for remark in remarks if not remark.startswith("q"))
    results.write(out, json.dumps({"tests": tests, "output": others}, indent=1))
