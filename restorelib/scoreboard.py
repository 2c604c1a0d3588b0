"""Every number of a paper that a run of the book stands beside, as one Markdown page.

`restorelib scoreboard` prints it, `book/scoreboard.md` keeps it, and a test compares the two. What stands
beside what is told by `restorelib.papers`.
"""

from collections.abc import Mapping, Sequence
from statistics import mean

from restorelib.papers import PAPERS, TABLES, Answer, Answers, Paper, seeds
from restorelib.runs import record
from restorelib.tables import DAGGER, Grid, Ours, cost, difference, gap, linked, score_of, show

HEADER = ("row", "paper", "ours", "difference", "run")
INTRODUCTION = """# Scoreboard

Every row of every table that this book reproduces, paper by paper: what the paper prints, and what our run
gives under the same protocol. The chapters explain the differences. A number of ours leads to the record of
its run; what runs cost is folded below each table. A dash stands where our run was not scored, or on other
pictures than the paper's. The page is what `restorelib scoreboard` prints.
"""
FILTER = """<div class="rl-filter" data-sets="{sets}" hidden></div>
<script type="module" src="../_static/scoreboard.js"></script>
"""
# How far from the paper's number a row may be, in dB, for each column of the summary.
NEAR = (0.1, 0.5, 1.0)
# What undoes a degradation, by the name of its parameter.
TASKS = {"scale": "Super-resolution", "sigma": "Denoising", "quality": "JPEG", "level": "Deblurring"}


def page() -> str:
    """The whole page."""
    papers = [paper for paper in PAPERS if paper.answers or paper.claims]
    answered = [answer for paper in papers for answers in paper.answers for answer in answers.cells]
    narrow = FILTER.format(sets=" ".join(dict.fromkeys(answer.dataset for answer in answered)))
    return "\n".join([INTRODUCTION, _summary(papers), narrow, *map(_of_paper, papers)])


def _summary(papers: Sequence[Paper]) -> str:
    """How many rows of each paper are how near, and what became of its claims."""
    rows = []
    for paper in papers:
        answered = [answer for answers in paper.answers for answer in answers.cells]
        gaps = [abs(gap) for answers in paper.answers for gap in _gaps(answers)]
        near = [str(sum(round(gap, 2) <= limit for gap in gaps)) for limit in NEAR]
        claims = " / ".join(map(str, tally(paper.name))) if paper.claims else "–"
        rows.append((paper.name, f"{len(answered)}", f"{len(gaps)}", *near, claims))
    limits = (f"within {limit} dB" for limit in NEAR)
    header = ("paper", "rows", "on the paper's pictures", *limits, "claims hold / fail / undecided")
    return "\n".join([*_lines(header, rows), ""])


def _gaps(answers: Answers) -> list[float]:
    """Ours minus the paper's in dB, where both are of the same pictures."""
    found = ((_score(answer), TABLES[answers.table].cell(*answer.labels), answer) for answer in answers.cells)
    return [ours[0] - paper.psnr for ours, paper, answer in found if ours and answer.comparable]


def _of_paper(paper: Paper) -> str:
    sections = [f"## {paper.name}\n", *map(_section, paper.answers)]
    if paper.claims:
        grid = orderings(paper.name)
        notes = (linked(note, markdown=True) for note in grid.notes)
        lines = [f"### {grid.caption}\n", f"{_task(paper.answers[0])}.\n", *_lines(grid.header, grid.rows)]
        sections.append("\n".join([*lines, "", *notes, ""]))
    return "\n".join(sections)


def heading(answers: Answers) -> str:
    """What the section of some answers is called."""
    title = TABLES[answers.table].title
    return title + (
        f"{'; ' if answers.part.startswith('ours') else ': '}{answers.part}" if answers.part else ""
    )


def orderings(name: str) -> Grid:
    """What a paper says is better, by how much it is better there, and in our runs."""
    (paper,) = (paper for paper in PAPERS if paper.name == name)
    printed = any(claim.printed for claim in paper.claims)
    rows, used = [], set()
    for claim in paper.claims:
        better, worse = seeds(claim.better), seeds(claim.worse)
        gaps = {label: gap(better, worse, *where) for label, where in claim.on.items()}
        minutes = " and ".join(f"{record(names[0]).minutes:.0f}" for names in (better, worse))
        there = [claim.printed or "–"] if printed else []
        rows.append((claim.text, claim.where, *there, *gaps.values(), _verdict(gaps), minutes))
        used.add(len(better))
    ours = (f"ours, {label}" for label in paper.claims[0].on)
    there = ["paper"] if printed else []
    header = ("the paper: better with", "in", *there, *ours, "for us", "minutes a run")
    notes = [
        f"Ours: difference in PSNR in dB{_photographs(paper)}, mean over {max(used)} seeds ± half the "
        f"range; one run: {cost(seeds(paper.claims[0].better)[0])}.",
        "? undecided: a t-test finds p of 0.05 or more. So chance alone decides one difference in twenty.",
    ]
    return Grid(f"Orderings of the {name} paper", header, rows, notes)


def _photographs(paper: Paper) -> str:
    """What pictures the columns of claims belong to, where their headings do not say so."""
    where = {dataset for claim in paper.claims for dataset, _ in claim.on.values()}
    return " on the bundled photographs" if where == {"bundled"} else ""


def tally(name: str) -> tuple[int, int, int]:
    """How many claims of a paper hold in our runs, do not hold, and are neither."""
    said = [row[-2] for row in orderings(name).rows]
    held, failed = (sum(word.startswith(begin) for word in said) for begin in ("holds", "does not"))
    return held, failed, len(said) - held - failed


def _verdict(gaps: Mapping[str, str]) -> str:
    """Whether the first of two recipes is better, from the gaps under several headings."""
    signs = {label: each[0] for label, each in gaps.items() if not each.endswith(("?", "seed"))}
    if not signs:
        return "undecided"
    if len(set(signs.values())) == 2:
        return "depends"
    where = "" if len(signs) == len(gaps) else f" at {' and '.join(signs)}"
    return {"+": "holds", "-": "does not hold"}[next(iter(signs.values()))] + where


def _lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown; a number and its spread stay on one line."""
    told = [[linked(cell, markdown=True).replace(" ± ", "\u00a0±\u00a0") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *told)]


def _section(answers: Answers) -> str:
    rows = [_row(answers.table, answer) for answer in answers.cells]
    note = f"{_task(answers)}. Paper: {TABLES[answers.table].source}."
    if any("†" in row[1] for row in rows):
        note += f" {DAGGER}."
    costs = "\n".join(f"- {linked(cost(run), markdown=True)}" for run in answers.runs)
    fold = f":::{{dropdown}} What these runs cost\n{costs}\n:::"
    return "\n".join([f"### {heading(answers)}\n", f"{note}\n", *_lines(HEADER, rows), f"\n{fold}\n"])


def _task(answers: Answers) -> str:
    """What the networks of a table do."""
    return TASKS[record(answers.runs[0].removesuffix("+")).task[0].key]


def _score(answer: Answer) -> tuple[float, float] | None:
    """Mean (PSNR, SSIM) of the runs of an answer; None if one of them has none."""
    scores = [score_of(run, answer.dataset, answer.parameter) for run in answer.runs]
    return None if None in scores else (mean(psnr for psnr, _ in scores), mean(ssim for _, ssim in scores))


def _row(table: str, answer: Answer) -> tuple[str, ...]:
    paper, ours = TABLES[table].cell(*answer.labels), _score(answer)
    gained = difference(ours, paper) if answer.comparable else "–"
    run = f"{answer.run}, mean of {len(answer.runs)} seeds" if answer.runs[1:] else answer.run
    return answer.row, show(paper), Ours(show(ours), *answer.runs), gained, run
