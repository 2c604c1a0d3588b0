"""Reads a master notebook: the questions, their solutions and tests, in otter-grader's marks.

A question that is homework only has the tag "homework" at its first cell; all others are in the lab as well.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
MASTERS = ROOT / "book" / "exercises"
CHAPTERS = tuple(sorted(path.stem for path in MASTERS.glob("*.ipynb")))
LENGTHS = ("lab", "homework")
EXERCISES = tuple(f"{chapter}-{length}" for chapter in CHAPTERS for length in LENGTHS)

MARK = re.compile(r"# (BEGIN|END) (QUESTION|SOLUTION|PROMPT|TESTS)\n?")
TEST = re.compile(r'""" # BEGIN TEST CONFIG\n(.*?)""" +# END TEST CONFIG\s*\n', re.DOTALL)
SOLUTION_MARK = re.compile(r"^ *# (BEGIN|END) SOLUTION( NO PROMPT)?\n?", re.MULTILINE)


@dataclass(frozen=True)
class Test:
    """A function that raises AssertionError for a wrong answer; its arguments are names of the notebook."""

    name: str
    points: float
    hidden: bool
    source: str


@dataclass
class Question:
    """One question. `points` counts what is marked by hand; `solution` is code, or the answer and rubric."""

    name: str
    homework: bool
    manual: bool = False
    points: float = 0
    solution: str = ""
    tests: list[Test] = field(default_factory=list)

    @property
    def worth(self) -> float:
        """The most points it can give."""
        return self.points + sum(test.points for test in self.tests)


@dataclass
class Exercise:
    """A lab or a homework. `cells` holds code every student is given, and questions, in their order."""

    name: str
    cells: list[str | Question]
    notebook: nbformat.NotebookNode

    @property
    def questions(self) -> list[Question]:
        """The questions, in order."""
        return [cell for cell in self.cells if isinstance(cell, Question)]

    def provided(self) -> dict:
        """The names that the notebook gives to everyone, from running the cells that define them."""
        names: dict = {}
        for cell in self.cells:
            if isinstance(cell, str):
                exec(compile(cell, self.name, "exec"), names)
        return names


def read(exercise: str) -> Exercise:
    """The exercise "CHAPTER-lab" or "CHAPTER-homework", from its chapter's master."""
    chapter, length = exercise.rsplit("-", 1)
    notebook = nbformat.read(MASTERS / f"{chapter}.ipynb", as_version=4)
    cells: list[str | Question] = []
    kept = []
    question: Question | None = None
    block = ""
    for cell in notebook.cells:
        mark = MARK.match(cell.source) if cell.cell_type == "raw" else None
        if mark and mark.groups() == ("BEGIN", "QUESTION"):
            about = yaml.safe_load(cell.source)
            question = Question(homework="homework" in cell.metadata.get("tags", ()), **about)
        wanted = question is None or length == "homework" or not question.homework
        if wanted:
            kept.append(cell)
        if mark:
            block = mark[2] if mark[1] == "BEGIN" else ""
            if mark.groups() == ("BEGIN", "QUESTION") and wanted:
                cells.append(question)
            if mark.groups() == ("END", "QUESTION"):
                question = None
        elif question and block == "SOLUTION":
            question.solution += SOLUTION_MARK.sub("", cell.source) + "\n"
        elif question and block == "TESTS":
            question.tests.append(_test(cell.source))
        elif cell.cell_type == "code" and block != "PROMPT" and wanted:
            cells.append(cell.source)
    notebook.cells = kept
    return Exercise(exercise, cells, notebook)


def _test(source: str) -> Test:
    about = TEST.match(source)
    config = yaml.safe_load(about[1])
    body = source[about.end() :]
    name = re.search(r"def (\w+)\(", body)[1]
    return Test(name, config["points"], config.get("hidden", False), body)
