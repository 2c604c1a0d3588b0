"""Every number of a paper that a run of the book stands beside, as one Markdown page.

`restorelib scoreboard` prints it, `book/scoreboard.md` keeps it, and a test compares the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from restorelib.published import TABLES
from restorelib.tables import DAGGER, cost, difference, score_of, show

HEADER = ("row", "paper", "ours", "difference", "run and cost")
INTRODUCTION = """# Scoreboard

Every row of every table that this book reproduces: what the paper prints, what our run gives under the same
protocol, and what that run cost. The chapters explain the differences. A dash stands where our run was not
scored. This page is generated: `restorelib scoreboard` prints it.
"""

EDSR = {scale: f"edsr-x{scale}-reduced" for scale in (2, 3, 4)}
# (table, column): the run that reproduces the column, or one for each scale, sigma or quality.
BENCHMARKS = {
    ("vdsr/3", "SRCNN"): {2: "srcnn-quick"},
    ("vdsr/3", "VDSR"): "vdsr-reduced",
    ("edsr/baseline", "baseline"): EDSR,
    ("edsr/3", "EDSR"): EDSR,
    ("edsr/3", "MDSR"): "mdsr-reduced",
}


@dataclass(frozen=True)
class Claim:
    """A cell of a published table and where our number for it stands: a run's score on a set."""

    label: str
    key: tuple
    run: str
    dataset: str
    parameter: int


def page() -> str:
    """The whole page."""
    sections = [
        _section("vdsr/1", TABLES["vdsr/1"].title, _learning_rates()),
        _section("vdsr/2", TABLES["vdsr/2"].title, _training_scales()),
    ]
    for table, column in BENCHMARKS:
        sections.append(_section(table, f"{TABLES[table].title}: {column}", _benchmark(table, column)))
    return "\n".join([INTRODUCTION, *sections])


def _learning_rates() -> Iterator[Claim]:
    for rate, network, epoch in TABLES["vdsr/1"].cells:
        if epoch == "epoch80":  # the end of the paper's training, beside the end of ours
            run = f"vdsr-{network}-lr{rate}-quick"
            yield Claim(f"{network}, rate {rate}", (rate, network, epoch), run, "Set5", 2)


def _training_scales() -> Iterator[Claim]:
    for tested, trained in TABLES["vdsr/2"].cells:
        run = f"vdsr-train-x{trained.replace(',', '')}-quick"
        label = f"trained on ×{trained}, tested at ×{tested}"
        yield Claim(label, (tested, trained), run, "Set5", tested)


def _benchmark(table: str, column: str) -> Iterator[Claim]:
    our = BENCHMARKS[table, column]
    for key in TABLES[table].cells:
        dataset, parameter, method = key
        run = our if isinstance(our, str) else our.get(parameter)
        if method == column and run:
            yield Claim(f"{dataset} ×{parameter}", key, run, dataset, parameter)


def _section(table: str, title: str, claims: Iterator[Claim]) -> str:
    rows = [_row(table, claim) for claim in claims]
    note = f"Paper: {TABLES[table].source}."
    if any("†" in row[1] for row in rows):
        note += f" {DAGGER}."
    lines = [f"| {' | '.join(row)} |" for row in (HEADER, ("---",) * len(HEADER), *rows)]
    return "\n".join([f"## {title}\n", *lines, f"\n{note}\n"])


def _row(table: str, claim: Claim) -> tuple[str, ...]:
    paper, ours = TABLES[table].cells[claim.key], score_of(claim.run, claim.dataset, claim.parameter)
    return claim.label, show(paper), show(ours), difference(ours, paper), cost(claim.run)
