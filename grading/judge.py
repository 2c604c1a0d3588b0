"""Marks one submission: its code runs in a confined worker, the tests run here, on values alone.

A question is marked where its `grader.check` stands, with the names as they are there, and once more at the
end if that did not give all points. What ends the worker costs its own cell or question only: a new worker
runs the cells again without it.
"""

import json
import os
import re
import resource
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path

import torch

from grading.link import Link, StoppedError, SubmissionError
from grading.master import Exercise, Question, Test, read

LARGEST = 200 * 2**20  # bytes of a notebook; figures take some
JUDGE_BYTES = 16 * 2**30
RESTARTS = 12  # of the worker; each costs the time of all cells
HEADING = re.compile(r"^## Question (\d+)", re.MULTILINE)
OTHER_KIND = "gives something of another kind than asked for"
FREE = ("", -1)  # the section of what everyone is given, and of what runs again: it takes no question's time
CHECK = re.compile(r"""\.check\(\s*["'](q\d+)["']""")


# ---------------------------------------------------------------- what a notebook holds


@dataclass
class Verdict:
    """What a submission gets: points a question, why not more, and the answers to be marked by hand."""

    marks: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One thing to do with a submission: run a cell, or mark a question.

    `section` is the part of the notebook whose time it takes.
    """

    section: tuple[str, int]
    cell: int = 0
    source: str = ""
    question: Question | None = None


def load(path: Path) -> dict:
    """The notebook in a file. A link is not followed: it may lead to another's. Raises what is wrong."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise ValueError("no plain file, or too large")
        return json.load(file)


def steps(notebook: dict, exercise: Exercise) -> Iterator[Step]:
    """The cells of a notebook, and each question behind the last cell with its check, in their order.

    All questions follow once more: a function may have been written below its check, or have no check.
    """
    marked = {question.name: question for question in exercise.questions if not question.manual}
    code = [_text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    last = {name: number for number, source in enumerate(code, 1) for name in CHECK.findall(source)}
    asked = Counter(number for name, number in last.items() if name in marked)
    heading, checks, number = "", 0, 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (found := HEADING.search(_text(cell))):
            heading = f"q{found[1]}"
        if cell["cell_type"] == "code":
            number += 1
            yield Step((heading, checks), number, _text(cell))
            for name in dict.fromkeys(CHECK.findall(_text(cell))):
                if last[name] == number and name in marked:
                    yield Step((heading, checks), question=marked[name])
            checks += asked[number]
    for question in marked.values():
        yield Step((question.name, checks + 1), question=question)


def written_answers(notebook: dict, exercise: Exercise) -> dict[str, str]:
    """What stands below the headings of the questions that are marked by hand: text and code."""
    below: dict[str, list[str]] = {}
    current = None
    for cell in notebook["cells"]:
        heading = HEADING.search(_text(cell)) if cell["cell_type"] == "markdown" else None
        if heading:
            current = f"q{heading[1]}"
        elif current:
            below.setdefault(current, []).append(_text(cell))
    return {q.name: "\n\n".join(below.get(q.name, [])).strip() for q in exercise.questions if q.manual}


def _text(cell: dict) -> str:
    return "".join(cell["source"])


# ---------------------------------------------------------------- marking


class Marking:
    """The marking of one submission.

    Args:
        step: seconds that one cell or one call may take.
        limit: seconds that a question may take: its cells together, and its tests.
    """

    def __init__(self, exercise: Exercise, seed: int, step: float, limit: float):
        self.exercise, self.seed, self.step, self.limit = exercise, seed, step, limit
        self.provided = exercise.provided()
        self.given = {cell.strip() for cell in exercise.cells if isinstance(cell, str)}
        self.marks = {question.name: 0.0 for question in exercise.questions if not question.manual}
        self.notes: dict[str, list[str]] = {}
        self.cells: dict[int, str] = {}
        self.spent: Counter = Counter()
        self.ended: set[str] = set()
        self.end: list[str] = []
        self.section, self.done = FREE, 0
        self.until = time.monotonic() + most_seconds(exercise, limit)

    def run(self, todo: list[Step], confinement: str) -> None:
        """Do all steps. One that ends the worker is left out when the next worker does them again."""
        lost: set[int] = set()
        for _ in range(RESTARTS + 1):
            with Link(confinement, self.seconds) as link:
                try:
                    for place, step in enumerate(todo):
                        if place not in lost:
                            self.do(step, link, again=place < self.done)
                            self.done = max(self.done, place + 1)
                    return
                except StoppedError as stopped:
                    lost.add(place)
                    self.note(step, f"stopped: {stopped}")
                    if step.question:
                        self.ended.add(step.question.name)
        self.end.append(f"stopped: its worker was ended {RESTARTS + 1} times")

    def seconds(self) -> float:
        """How long the next request may take."""
        left = min(self.limit - self.spent[self.section], self.until - time.monotonic())
        if left <= 0:
            raise SubmissionError("not run: its question's time is used up")
        return min(self.step, left)

    def do(self, step: Step, link: Link, again: bool) -> None:
        """Run a cell, or mark a question; `again` if an earlier worker did."""
        if step.question and (again or step.question.name in self.ended):
            return
        start = time.monotonic()
        self.section = FREE if again or step.source.strip() in self.given else step.section
        try:
            if step.question:
                self.mark(step.question, link)
            else:
                link.request({"cell": step.source})
        except SubmissionError as error:
            self.note(step, str(error))
        finally:
            if self.section != FREE:
                self.spent[self.section] += time.monotonic() - start

    def mark(self, question: Question, link: Link) -> None:
        """Keep the points if they are more than before. What is right, or slow, is not marked again."""
        start = time.monotonic()
        points, remarks = mark_question(question, self.provided, link.get, self.seed)
        if question.name not in self.notes or points > self.marks[question.name]:
            self.marks[question.name], self.notes[question.name] = points, remarks
        if not remarks or time.monotonic() - start > self.step:
            self.ended.add(question.name)

    def note(self, step: Step, text: str) -> None:
        """Keep a remark on a step."""
        if step.question:
            self.notes.setdefault(step.question.name, []).append(f"{step.question.name}: {text}")
        else:
            self.cells[step.cell] = f"code cell {step.cell}: {text}"

    @property
    def remarks(self) -> list[str]:
        """All remarks: on cells, then on questions."""
        notes = [remark for notes in self.notes.values() for remark in notes]
        return [*self.cells.values(), *notes, *self.end]


def most_seconds(exercise: Exercise, limit: float) -> float:
    """The most that the marking of a submission may take, once its worker has started."""
    return limit * (len(exercise.questions) + 2)


def mark(
    exercise_name: str, submission: Path, seed: int, step: float, limit: float, confinement: str
) -> Verdict:
    """Mark a notebook. Whatever it holds, the verdict tells; nothing is raised for a submission's fault."""
    resource.setrlimit(resource.RLIMIT_AS, (JUDGE_BYTES, JUDGE_BYTES))
    exercise = read(exercise_name)
    marking = Marking(exercise, seed, step, limit)
    verdict = Verdict(marking.marks)
    try:
        notebook = load(submission)
        todo = list(steps(notebook, exercise))
        verdict.answers = written_answers(notebook, exercise)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        verdict.remarks.append(f"not a notebook ({type(error).__name__})")
        return verdict
    try:
        marking.run(todo, confinement)
    except StoppedError as stopped:
        marking.end.append(f"not marked: the worker did not start ({stopped})")
        if not marking.done:
            verdict.marks = {}
    verdict.remarks = marking.remarks
    return verdict


def mark_question(
    question: Question, provided: dict, get: Callable[[str], object], seed: int
) -> tuple[float, list[str]]:
    """The points of the tests that pass, and why others do not; `get(name)` looks up a submission's name.

    An answer whose public check is red does not get all points, whatever the hidden tests say.
    """
    points, remarks, red = 0.0, [], False
    for test in question.tests:
        why = failure(test, provided, get, seed)
        if why is None:
            points += test.points
            continue
        red |= not test.hidden
        text = f"{question.name}: {why}"
        if text not in remarks and not (remarks and OTHER_KIND in why):  # it adds nothing to what was said
            remarks.append(text)
    return (min(points, question.worth - 1) if red else points), remarks


def failure(test: Test, provided: dict, get: Callable[[str], object], seed: int) -> str | None:
    """Why a test does not pass, in one line; None if it does."""
    torch.manual_seed(seed)
    names: dict = {}
    exec(compile(test.source, test.name, "exec"), names)
    function = names[test.name]
    about = test.name.removeprefix("test_").replace("_", " ")
    try:
        needed = signature(function).parameters
        function(**{name: _own(provided[name]) if name in provided else get(name) for name in needed})
    except AssertionError as error:
        text = str(error).split("\n")[0][:300]
        return f"{text} (at: {about})" if test.hidden else text or about
    except SubmissionError as error:
        return f"{error} (at: {about})"
    except StoppedError:
        raise
    except Exception as error:  # the test could not use what it got
        text = str(error).split("\n")[0][:150]
        return f"{OTHER_KIND} (at: {about}; {type(error).__name__}: {text})"
    return None


def _own(value):
    """A given value for one test: the submission may change it in place."""
    return value.clone() if isinstance(value, torch.Tensor) else value
