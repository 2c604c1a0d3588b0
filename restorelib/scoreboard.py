"""Every number of a paper that a run of the book stands beside, as one Markdown page.

`restorelib scoreboard` prints it, `book/scoreboard.md` keeps it, and a test compares the two. What stands
beside what is told by `restorelib.papers`.
"""

from collections.abc import Mapping, Sequence
from statistics import mean

from restorelib.papers import PAPERS, TABLES, Answer, Answers, seeds
from restorelib.runs import record
from restorelib.tables import DAGGER, Grid, Ours, cost, difference, gap, linked, score_of, show

HEADER = ("row", "paper", "ours", "difference", "run and cost")
INTRODUCTION = """# Scoreboard

Every row of every table that this book reproduces: what the paper prints, what our run gives under the same
protocol, and what that run cost. The chapters explain the differences. A dash stands where our run was not
scored. A number of ours leads to the record of its run. The page is what `restorelib scoreboard` prints.
"""
# The temporal levels at which claims are looked at.
LEVELS = (7, 13)


def page() -> str:
    """The whole page."""
    sections = [INTRODUCTION]
    for paper in PAPERS:
        sections += [_section(answers) for answers in paper.answers]
        if paper.claims:
            grid = orderings(paper.name)
            rows = [f"## {grid.caption}\n", *_lines(grid.header, grid.rows)]
            sections.append("\n".join([*rows, "", *(linked(note, markdown=True) for note in grid.notes), ""]))
    return "\n".join(sections)


def heading(answers: Answers) -> str:
    """What the section of some answers is called."""
    title = TABLES[answers.table].title
    return title + (
        f"{'; ' if answers.part.startswith('ours') else ': '}{answers.part}" if answers.part else ""
    )


def orderings(name: str) -> Grid:
    """What a paper says is better where its numbers are not known, and by how much it is in our runs."""
    (paper,) = (paper for paper in PAPERS if paper.name == name)
    rows, used = [], set()
    for claim in paper.claims:
        better, worse = seeds(claim.better), seeds(claim.worse)
        gaps = {level: gap(better, worse, "bundled", level) for level in LEVELS}
        minutes = " and ".join(f"{record(names[0]).minutes:.0f}" for names in (better, worse))
        rows.append((claim.text, f"table {claim.table}", *gaps.values(), _verdict(gaps), minutes))
        used.add(len(better))
    header = ("the paper: better with", "in", *(f"ours, TL{n}" for n in LEVELS), "for us", "minutes a run")
    notes = [
        f"Ours: difference on the bundled photographs in dB, mean over {max(used)} seeds ± half the "
        f"range; one run: {cost(seeds(paper.claims[0].better)[0])}.",
        "? undecided: a t-test finds p of 0.05 or more. "
        f"So of {len(LEVELS) * len(rows)} differences chance alone decides one or two.",
    ]
    return Grid(f"Orderings of the {name} paper", header, rows, notes)


def _verdict(gaps: Mapping[int, str]) -> str:
    """Whether the first of two recipes is better, from the gaps at several temporal levels."""
    signs = {level: each[0] for level, each in gaps.items() if not each.endswith(("?", "seed"))}
    if not signs:
        return "undecided"
    if len(set(signs.values())) == 2:
        return "depends on the blur"
    where = "" if len(signs) == len(gaps) else f" at TL{next(iter(signs))}"
    return {"+": "holds", "-": "does not hold"}[next(iter(signs.values()))] + where


def _lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    told = [[linked(cell, markdown=True) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *told)]


def _section(answers: Answers) -> str:
    rows = [_row(answers.table, answer) for answer in answers.cells]
    note = f"Paper: {TABLES[answers.table].source}."
    if any("†" in row[1] for row in rows):
        note += f" {DAGGER}."
    return "\n".join([f"## {heading(answers)}\n", *_lines(HEADER, rows), f"\n{note}\n"])


def _row(table: str, answer: Answer) -> tuple[str, ...]:
    paper = TABLES[table].cell(*answer.labels)
    scores = [score_of(run, answer.dataset, answer.parameter) for run in answer.runs]
    ours = None if None in scores else (mean(psnr for psnr, _ in scores), mean(ssim for _, ssim in scores))
    others = f"; mean with {' and '.join(answer.runs[1:])}" if answer.runs[1:] else ""
    gained = difference(ours, paper) if answer.comparable else "–"
    return answer.row, show(paper), Ours(show(ours), *answer.runs), gained, cost(answer.run) + others
