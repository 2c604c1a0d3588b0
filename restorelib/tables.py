"""Tables for the page, made from records and published numbers; no number is typed.

Every table has the paper's number, ours, the difference, and below it what ours cost. A number of ours leads
to the record it came from.
"""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from restorelib import papers, runs
from restorelib.papers import TABLES, Cell, answers

DAGGER = "† not checked against the paper"


class Ours(str):
    """A number of ours as printed, which knows the runs it came from.

    Attributes:
        runs: their names.
    """

    runs: tuple[str, ...]

    def __new__(cls, text: str, *runs: str) -> "Ours":
        """The number `text` of some runs."""
        number = super().__new__(cls, text)
        number.runs = tuple(map(str, runs))
        return number


class Source(str):
    """A note on where numbers come from. It stands below the table in the fold that lists its records."""


@dataclass
class Grid:
    """A table that shows itself as HTML in a notebook and as aligned text elsewhere.

    A cell that is `Ours` leads to the record of its run, and where there are several, of the first. Below the
    table, folded, stand the notes that are a `Source` and the records of all. A note explains the dagger
    where a cell has one.

    Attributes:
        caption: what the numbers are, and their unit.
        header: one heading a column.
        rows: the cells, row by row; the first of a row is its heading.
        notes: what stands below.
        marked: (row, column) of the cells printed in bold; `best` finds the largest numbers.
    """

    caption: str
    header: Sequence[str]
    rows: list[Sequence[str]]
    notes: list[str] = field(default_factory=list)
    marked: Collection[tuple[int, int]] = ()

    def __post_init__(self) -> None:
        if any("†" in cell for line in self.rows for cell in line):
            self.notes = [*self.notes, DAGGER]

    def runs(self) -> list[str]:
        """The runs that the numbers came from."""
        cells = (cell for row in self.rows for cell in row if isinstance(cell, Ours))
        return list(dict.fromkeys(run for cell in cells for run in cell.runs))

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in self.header)
        body = "".join(f"<tr>{self._row(number)}</tr>" for number in range(len(self.rows)))
        notes = [
            f"<p class='rl-notes'>{linked(note)}</p>" for note in self.notes if not isinstance(note, Source)
        ]
        notes = "".join(notes) + self._sources()
        caption = html.escape(self.caption)
        # A region that can scroll must be reachable by keyboard.
        return (
            f'<div class="rl-scroll" tabindex="0" role="group" aria-label="{caption}">'
            f'<table class="rl-table"><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        )

    def _row(self, number: int) -> str:
        first, *rest = self.rows[number]
        cells = [f'<th scope="row">{linked(first)}</th>']
        for column, cell in enumerate(rest, 1):
            bold = ' class="marked"' if (number, column) in self.marked else ""
            cells.append(f"<td{bold}>{linked(cell)}</td>")
        return "".join(cells)

    def _sources(self) -> str:
        told = [f"<p>{linked(note)}</p>" for note in self.notes if isinstance(note, Source)]
        if names := [linked(run) for run in self.runs() if runs.address(run)]:
            told.append(f"<p class='rl-records'>Records ({len(names)}): {', '.join(names)}.</p>")
        fold = f"<summary>Where the numbers come from</summary>{''.join(told)}"
        return f"<details class='rl-notes'>{fold}</details>" if told else ""

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.caption, *text, *self.notes])


# A number with decimals; a difference, which has a sign, is none.
DECIMAL = re.compile(r"\d[\d,]*\.\d+")


def best(
    rows: Sequence[Sequence[str]], by: str = "row", columns: Collection[int] | None = None
) -> set[tuple[int, int]]:
    """(row, column) of the largest numbers as printed, for `Grid.marked`; several where they are equal.

    Args:
        rows: the cells of a table. The first of a row is its heading; cells without decimals and differences
            (with a sign) take no part.
        by: "row", the largest number of each row; "column", of each column.
        columns: only these columns; all if None.
    """
    numbers = {
        (row, column): float(number[0].replace(",", ""))
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if column and (columns is None or column in columns) and (number := DECIMAL.match(cell))
    }
    axis = 0 if by == "row" else 1
    largest: dict[int, float] = {}
    for place, number in numbers.items():
        largest[place[axis]] = max(number, largest.get(place[axis], number))
    return {place for place, number in numbers.items() if number == largest[place[axis]]}


# A name of a run has a hyphen or a slash in it, which no plain word beside it has.
NAME = re.compile(r"[\w.]+[-/][\w/.+-]*[\w+]")


def linked(text: str, markdown: bool = False) -> str:
    """Text in which our numbers and the names of runs lead to their records: HTML, escaped, or Markdown."""
    link = "[{}]({})" if markdown else '<a href="{1}">{0}</a>'

    def to_record(shown: str, run: str) -> str:
        address = runs.address(run)
        return link.format(shown, address) if address else shown

    shown = text if markdown else html.escape(text)
    if isinstance(text, Ours):
        return to_record(shown, text.runs[0])
    return NAME.sub(lambda name: to_record(name[0], name[0]), shown)


def cost(run: str) -> str:
    """What a run cost, in one line: training pictures, start, updates, minutes, hardware, seed.

    A plus behind its name says that it was scored with the self-ensemble.
    """
    about = runs.record(run.removesuffix("+"))
    recipe = about.recipe
    trained = f"trained from {recipe.start}" if recipe.start else "trained"
    precision = "fp32" if about.precision == "no" else about.precision  # no mixed precision
    scored = ", scored with the self-ensemble" if run.endswith("+") else ""
    return (
        f"{about.name}, {trained} on {' + '.join(recipe.train_on)}: "
        f"{about.updates:,} updates of {recipe.batch} patches, "
        f"{about.minutes:.1f} minutes on {about.hardware}, {precision}, seed {about.seed}{scored}"
    )


def score_of(run: str, dataset: str, parameter: int) -> tuple[float, float] | None:
    """(PSNR, SSIM) in a run's record for a set and a scale, sigma or quality; None if it has none."""
    for score in runs.record(run).scores:
        if (score.set, score.parameter) == (dataset, parameter):
            return score.psnr, score.ssim
    return None


def ours(run: str, dataset: str, parameter: int) -> Ours:
    """PSNR / SSIM of a run on a set as printed, or a dash; `score_of` gives the numbers."""
    return Ours(show(score_of(run, dataset, parameter)), run)


def show(cell: Cell | tuple[float, float] | None) -> str:
    """A number as printed: PSNR / SSIM, with a dagger where it was not checked, or a dash."""
    if cell is None:
        return "–"
    psnr, ssim, mark = (
        (cell.psnr, cell.ssim, "" if cell.checked else "†") if isinstance(cell, Cell) else (*cell, "")
    )
    return f"{psnr:.2f}{mark}" if ssim is None else f"{psnr:.2f} / {ssim:.4f}{mark}"


def difference(ours: tuple[float, float] | None, paper: Cell | None) -> str:
    """Ours minus the paper's, in dB."""
    if ours is None or paper is None:
        return "–"
    return _signed(ours[0] - paper.psnr)


def _signed(decibels: float) -> str:
    """A difference; rounded first, as a paper's number is, and because -0.00 would puzzle."""
    return f"{round(decibels, 2) + 0:+.2f}"


def spread(names: Sequence[str], dataset: str, parameter: int) -> Ours:
    """Mean PSNR of runs that differ in their seed, ± half the range, in dB."""
    scores = [score_of(name, dataset, parameter)[0] for name in names]
    return Ours(f"{sum(scores) / len(scores):.2f} ± {(max(scores) - min(scores)) / 2:.2f}", *names)


def gap(names: Sequence[str], others: Sequence[str], dataset: str, parameter: int) -> Ours:
    """Mean difference in PSNR of runs to others, seed by seed, ± half its range, in dB.

    A question mark says "undecided": a t-test finds p of 0.05 or more for a mean of zero. One seed decides
    nothing either.
    """
    each = gaps(names, others, dataset, parameter)
    mean = _signed(sum(each) / len(each))
    if len(each) == 1:
        return Ours(f"{mean}, one seed", *names, *others)
    from scipy.stats import ttest_1samp  # here, because it takes longer to load than all the rest of a table

    decided = ttest_1samp(each, 0).pvalue < 0.05
    text = f"{mean} ± {(max(each) - min(each)) / 2:.2f}{'' if decided else ' ?'}"
    return Ours(text, *names, *others)


def gaps(names: Sequence[str], others: Sequence[str], dataset: str, parameter: int) -> list[float]:
    """Differences in PSNR of runs to others, one by one, in dB."""
    return [
        score_of(name, dataset, parameter)[0] - score_of(other, dataset, parameter)[0]
        for name, other in zip(names, others, strict=True)
    ]


def benchmark(
    table: str,
    column: str,
    our: str | Mapping[int, str] | None = None,
    others: Mapping[str, str] | None = None,
    sets: Sequence[str] | None = None,
) -> Grid:
    """A benchmark table beside our run: set, parameter, paper, further runs, ours, difference, and the cost.

    Args:
        table: name in `restorelib.papers.TABLES` whose rows are (set, parameter).
        column: the paper's column to compare with.
        our: a run, or one for each parameter, in place of those that `papers` names.
        others: heading -> run, shown between the paper's column and ours.
        sets: only these sets; all if None.
    """
    printed, others = TABLES[table], others or {}
    answered = answers(table, column) if our is None else papers.column(table, TABLES, column, our)
    rows, used = [], []
    for answer in answered.cells:
        dataset, parameter = answer.dataset, answer.parameter
        if sets is None or dataset in sets:
            paper = printed.cell(*answer.labels)
            used += [answer.run] if answer.run not in used else []
            middle = [ours(run, dataset, parameter) for run in others.values()]
            found = score_of(answer.run, dataset, parameter)
            line = (show(paper), *middle, ours(answer.run, dataset, parameter), difference(found, paper))
            rows.append((answer.row, *line))
    header = ("set", f"paper: {column}", *others, "ours", "difference")
    return Grid(printed.title, header, rows, notes(table, *used), best(rows))


def notes(table: str, *ours: str) -> list[str]:
    """What stands folded below a table: where the paper's numbers come from, and what ours cost."""
    return [Source(f"Paper: {TABLES[table].source}."), *sources(*ours)]


def sources(*runs: str) -> list[str]:
    """What stands folded below a table without numbers of a paper: what ours cost."""
    return [Source(f"Ours: {cost(run)}.") for run in runs]


def minutes_to(levels: Sequence[float], names: Sequence[str]) -> Grid:
    """When the validation PSNR of runs first reached some levels, in minutes; a dash where it never did."""
    rows = []
    for name in names:
        about = runs.record(name)
        reached = [[m for _, m, psnr in about.validation if psnr >= level] for level in levels]
        when = (Ours(f"{times[0]:.1f}" if times else "–", name) for times in reached)
        rows.append((name, about.hardware, *when))
    header = ("run", "hardware", *(f"{level} dB" for level in levels))
    return Grid("Minutes until the validation PSNR was reached", header, rows)
