"""Tables for the page, made from records and published numbers; no number is typed.

Every table has the paper's number, ours, the difference, and below it what ours cost.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from restorelib import runs
from restorelib.published import TABLES, Cell

DAGGER = "† not checked against the paper"


@dataclass
class Grid:
    """A table that shows itself as HTML in a notebook and as aligned text elsewhere.

    A note explains the dagger where a cell has one.
    """

    caption: str
    header: Sequence[str]
    rows: list[Sequence[str]]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if any("†" in cell for line in self.rows for cell in line):
            self.notes = [*self.notes, DAGGER]

    def _repr_html_(self) -> str:
        cell = html.escape
        head = "".join(f'<th scope="col">{cell(h)}</th>' for h in self.header)
        body = "".join(
            f'<tr><th scope="row">{cell(first)}</th>{"".join(f"<td>{cell(c)}</td>" for c in rest)}</tr>'
            for first, *rest in self.rows
        )
        notes = "".join(f"<p class='rl-notes'>{cell(note)}</p>" for note in self.notes)
        # A region that can scroll must be reachable by keyboard.
        return (
            f'<div class="rl-scroll" tabindex="0" role="group" aria-label="{cell(self.caption)}">'
            f'<table class="rl-table"><caption>{cell(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        )

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.caption, *text, *self.notes])


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


def spread(names: Sequence[str], dataset: str, parameter: int) -> str:
    """Mean PSNR of runs that differ in their seed, ± half the range, in dB."""
    scores = [score_of(name, dataset, parameter)[0] for name in names]
    return f"{sum(scores) / len(scores):.2f} ± {(max(scores) - min(scores)) / 2:.2f}"


def gap(names: Sequence[str], others: Sequence[str], dataset: str, parameter: int) -> str:
    """Mean difference in PSNR of runs to others, seed by seed, ± half its range, in dB.

    A question mark says "undecided": a t-test finds p of 0.05 or more for a mean of zero. One seed decides
    nothing either.
    """
    each = gaps(names, others, dataset, parameter)
    mean = _signed(sum(each) / len(each))
    if len(each) == 1:
        return f"{mean}, one seed"
    from scipy.stats import ttest_1samp  # here, because it takes longer to load than all the rest of a table

    decided = ttest_1samp(each, 0).pvalue < 0.05
    return f"{mean} ± {(max(each) - min(each)) / 2:.2f}{'' if decided else ' ?'}"


def gaps(names: Sequence[str], others: Sequence[str], dataset: str, parameter: int) -> list[float]:
    """Differences in PSNR of runs to others, one by one, in dB."""
    return [
        score_of(name, dataset, parameter)[0] - score_of(other, dataset, parameter)[0]
        for name, other in zip(names, others, strict=True)
    ]


def benchmark(
    table: str,
    column: str,
    our: str | Mapping[int, str],
    others: Mapping[str, str] | None = None,
    sets: Sequence[str] | None = None,
) -> Grid:
    """A benchmark table beside our run: set, parameter, paper, further runs, ours, difference, and the cost.

    Args:
        table: name in `restorelib.published.TABLES` whose rows are (set, parameter).
        column: the paper's column to compare with.
        our: the run, or one for each parameter.
        others: heading -> run, shown between the paper's column and ours.
        sets: only these sets; all if None.
    """
    published = TABLES[table]
    others = others or {}
    rows, used = [], []
    for dataset, parameter, method in published.cells:
        if method == column and (sets is None or dataset in sets):
            paper = published.cells[dataset, parameter, column]
            run = our if isinstance(our, str) else our[parameter]
            used += [run] if run not in used else []
            ours = score_of(run, dataset, parameter)
            middle = [show(score_of(run, dataset, parameter)) for run in others.values()]
            label = f"{dataset} ×{parameter}"
            rows.append((label, show(paper), *middle, show(ours), difference(ours, paper)))
    header = ("set", f"paper: {column}", *others, "ours", "difference")
    return Grid(published.title, header, rows, notes(table, *used))


def notes(table: str, *ours: str) -> list[str]:
    """What stands below a table: where the paper's numbers come from, and what ours cost."""
    return [f"Paper: {TABLES[table].source}.", *(f"Ours: {cost(our)}." for our in ours)]


def speeds(result: dict) -> Grid:
    """A result of `restorelib.bench.bench` as a table: how fast each network trains on a machine."""
    header = ("network", "parameters", "patch", "patches/s", "GFLOP/s", "of peak", "of bare network", "MiB")
    rows = [
        (
            row["network"],
            f"{row['parameters']:,}",
            f"{row['patch']} × {row['patch']}",
            f"{row['patches_per_second']:.0f}",
            f"{row['gflops']:.0f}",
            f"{row['peak_fraction']:.0%}",
            f"{row['bare_over_step']:.0%}",
            f"{row['memory_mb']}",
        )
        for row in result["rows"]
    ]
    return Grid(f"Training on {result['hardware']}", header, rows, [_machine(result)])


def choices(result: dict) -> Grid:
    """How many times longer a step takes with one choice undone, and how patches are fed."""
    ways = list(result["rows"][0]["times_longer"])
    header = ("network", *ways, "sampler", "loader", "share")
    rows = [
        (
            row["network"],
            *(f"× {row['times_longer'][way]:.2f}" for way in ways),
            f"{row['sampler_patches_per_second']:,}",
            f"{row['loader_patches_per_second']:,}",
            f"{row['sampler_share']:.1%}",
        )
        for row in result["rows"]
    ]
    about = (
        "Sampler and loader: patches/s of the book's sampler and of the DataLoader. Share: what drawing "
        "patches takes of a step."
    )
    return Grid("Duration of a step with one choice undone", header, rows, [about, _machine(result)])


def _machine(result: dict) -> str:
    return (
        f"Measured on {result['hardware']} with torch {result['torch']} in {result['precision']}; "
        f"the fastest convolution there makes {result['convolution_peak_gflops']:,.0f} GFLOP/s."
    )


def minutes_to(levels: Sequence[float], names: Sequence[str]) -> Grid:
    """When the validation PSNR of runs first reached some levels, in minutes; a dash where it never did."""
    rows = []
    for name in names:
        about = runs.record(name)
        reached = [[m for _, m, psnr in about.validation if psnr >= level] for level in levels]
        rows.append((name, about.hardware, *(f"{when[0]:.1f}" if when else "–" for when in reached)))
    header = ("run", "hardware", *(f"{level} dB" for level in levels))
    return Grid("Minutes until the validation PSNR was reached", header, rows)
