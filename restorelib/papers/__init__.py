"""The papers: the tables they print, what they claim, and which run of ours answers which cell.

One file a paper, which holds its `PAPER`. Chapters and scoreboard read what is here.

A dagger behind a number says that it was not checked against the paper: it is quoted from memory and agrees
with what could be checked. Where a number is unknown there is no cell.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from restorelib.recipes import RECIPES


@dataclass(frozen=True)
class Cell:
    """One printed number: PSNR in dB, SSIM where the paper gives it, and whether it was checked."""

    psnr: float
    ssim: float | None = None
    checked: bool = True


@dataclass(frozen=True)
class Table:
    """A table of a paper.

    Args:
        title: what it shows.
        source: paper and table, and where the numbers were read if not there.
        cells: (row labels ..., column label) -> `Cell`; the words themselves where a table holds no scores.
            Labels are strings.
    """

    title: str
    source: str
    cells: dict[tuple[str, ...], Cell | str]

    def cell(self, *labels: str | float) -> Cell | str:
        """The cell of a row and column; raises `KeyError` where the paper has none."""
        return self.cells[tuple(map(str, labels))]


def parse(text: str, labels: int) -> dict[tuple[str, ...], Cell]:
    """Read a table of scores, as `words` does.

    A cell is `PSNR` or `PSNR/SSIM`, with a dagger if unchecked, or `?` if unknown.
    """
    cells = {}
    for key, word in words(text, labels).items():
        psnr, *ssim = word.rstrip("†").split("/")
        cells[key] = Cell(float(psnr), *map(float, ssim), checked=not word.endswith("†"))
    return cells


def words(text: str, labels: int) -> dict[tuple[str, ...], str]:
    """Read a table as it is printed: a header line, then rows whose first `labels` words are labels.

    `?` makes no cell.
    """
    header, *rows = (line.split() for line in text.strip().splitlines())
    cells = {}
    for row in rows:
        for column, word in zip(header[labels:], row[labels:], strict=True):
            if word != "?":
                cells[*row[:labels], column] = word
    return cells


# ---------------------------------------------------------------- ours


@dataclass(frozen=True)
class Answer:
    """Our number for a cell of a paper's table: the mean of the scores of some runs on a set.

    Args:
        row: what the scoreboard calls it.
        labels: those of the cell.
        runs: names; several differ in their seed.
        dataset, parameter: which of their scores: a set, and a scale, sigma, quality or temporal level.
        comparable: whether both are scores of the same pictures, or of some that are alike.
    """

    row: str
    labels: tuple[str, ...]
    runs: tuple[str, ...]
    dataset: str
    parameter: int
    comparable: bool = True

    @property
    def run(self) -> str:
        """The run, or the first of several."""
        return self.runs[0]


@dataclass(frozen=True)
class Answers:
    """Our numbers for a table or for one column of it.

    Args:
        table: its name in `TABLES`.
        cells: the answers, in the table's order.
        part: what a heading adds to the table's title: the column, or what ours is.
    """

    table: str
    cells: tuple[Answer, ...]
    part: str = ""

    @property
    def runs(self) -> tuple[str, ...]:
        """All runs of the answers, each once."""
        return tuple(dict.fromkeys(run for answer in self.cells for run in answer.runs))


@dataclass(frozen=True)
class Claim:
    """What a paper says is better, and how it is asked here: two recipes with the same seeds.

    Args:
        where: the paper's table, figure or section.
        text: what is better, and rather than what.
        better, worse: the recipes that stand for the two.
        on: on what they are compared: a column's heading -> set and parameter.
        printed: by how much it is better in the paper, in dB, and on what if not on the same.
    """

    where: str
    text: str
    better: str
    worse: str
    on: Mapping[str, tuple[str, int]]
    printed: str = ""


def printed_gap(table: Table, better: tuple[str, ...], worse: tuple[str, ...]) -> str:
    """The difference of two cells of a table in dB, with a dagger unless both were checked."""
    one, other = table.cells[better], table.cells[worse]
    return f"{one.psnr - other.psnr:+.2f}{'' if one.checked and other.checked else '†'}"


@dataclass(frozen=True)
class Paper:
    """A paper.

    Args:
        name: what the book calls it.
        published: year and month, by which papers are ordered.
        tables: name -> table; a name is the paper and what it calls the table, "vdsr/3".
        answers: which run of ours answers which cell.
        claims: what it says is better.
        unanswered: name of a table without any row of ours -> why.
    """

    name: str
    published: str
    tables: Mapping[str, Table]
    answers: tuple[Answers, ...] = ()
    claims: tuple[Claim, ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)


# Sets of the papers that can't be had, and those of ours that stand in for them.
STAND_INS = {"14-images": "Set12", "BSD200": "BSD200-half"}


def seeds(recipe: str) -> tuple[str, ...]:
    """The quick runs of a recipe that is trained with several seeds."""
    found = tuple(f"{name}-quick" for name in RECIPES if name.rpartition("-seed")[0] == recipe)
    if not found:
        raise KeyError(f"no recipe is called {recipe}-seed0")
    return found


def column(
    name: str, tables: Mapping[str, Table], heading: str, runs: str | Mapping[int, str], sign: str = " ×"
) -> Answers:
    """Answers to a column of a benchmark table, whose rows are (set, parameter).

    Args:
        name: the table's.
        tables: those of the paper.
        heading: the column's label.
        runs: the run that reproduces it, or one for each parameter; rows without a run are left out.
        sign: what stands before the parameter in the name of a row.
    """
    cells = []
    for dataset, parameter, method in tables[name].cells:
        run = runs if isinstance(runs, str) else runs.get(int(parameter))
        if method == heading and run:
            ours, where = stand_in(dataset)
            labels, comparable = (dataset, parameter, method), ours == dataset
            row = f"{where}{sign}{parameter}"
            cells.append(Answer(row, labels, (run,), ours, int(parameter), comparable))
    return Answers(name, tuple(cells), heading)


def stand_in(dataset: str) -> tuple[str, str]:
    """The set that ours are scored on where a paper has `dataset`, and how a row names both."""
    ours = STAND_INS.get(dataset, dataset)
    return ours, dataset if ours == dataset else f"{dataset}, ours on {ours}"


def _papers() -> Iterator[Paper]:
    for module in pkgutil.iter_modules(__path__):
        yield importlib.import_module(f"{__name__}.{module.name}").PAPER


PAPERS = sorted(_papers(), key=lambda paper: paper.published)
TABLES: dict[str, Table] = {name: table for paper in PAPERS for name, table in paper.tables.items()}


ANSWERS = [found for paper in PAPERS for found in paper.answers]
BY_CELL = {(found.table, each.labels): each for found in ANSWERS for each in found.cells}


def answers(table: str, part: str = "") -> Answers:
    """Our answers to a table or one of its columns; raises `KeyError` if there are none."""
    for found in ANSWERS:
        if found.table == table and part in ("", found.part):
            return found
    raise KeyError(f"{table}: no run of ours answers {part or 'it'}")


def answer(table: str, *labels: str | float) -> Answer:
    """Our answer to one cell of a table; raises `KeyError` if there is none."""
    return BY_CELL[table, tuple(map(str, labels))]
