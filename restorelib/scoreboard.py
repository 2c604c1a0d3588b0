"""Every number of a paper that a run of the book stands beside, as one Markdown page.

`restorelib scoreboard` prints it, `book/scoreboard.md` keeps it, and a test compares the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from restorelib.published import TABLES
from restorelib.recipes import edsr, memnet, mtrnn, rednet
from restorelib.runs import record
from restorelib.tables import DAGGER, Grid, cost, difference, gap, score_of, show

HEADER = ("row", "paper", "ours", "difference", "run and cost")
INTRODUCTION = """# Scoreboard

Every row of every table that this book reproduces: what the paper prints, what our run gives under the same
protocol, and what that run cost. The chapters explain the differences. A dash stands where our run was not
scored. This page is generated: `restorelib scoreboard` prints it.
"""

EDSR = {scale: f"edsr-x{scale}-reduced" for scale in (2, 3, 4)}
RED10 = {scale: f"red10-x{scale}-quick" for scale in (2, 3, 4)}
# (table, column): the run that reproduces the column, or one for each scale, sigma or quality.
BENCHMARKS = {
    ("vdsr/3", "SRCNN"): {2: "srcnn-quick"},
    ("vdsr/3", "VDSR"): "vdsr-reduced",
    ("edsr/baseline", "baseline"): EDSR,
    ("edsr/3", "EDSR"): EDSR,
    ("edsr/3", "MDSR"): "mdsr-reduced",
    ("edsr/3", "EDSR+"): {scale: f"{run}+" for scale, run in EDSR.items()},
    ("edsr/3", "MDSR+"): "mdsr-reduced+",
    ("rednet/3", "RED10"): RED10,
    ("rednet/4", "RED10"): RED10,
    ("rednet/5", "RED10"): RED10,
    ("memnet/3", "MemNet"): "memnet-noise-quick",
    ("memnet/4", "MemNet"): "memnet-quick",
    ("memnet/5", "MemNet"): "memnet-jpeg-quick",
}
SIGNS = {"memnet/3": ", σ ", "memnet/5": " quality "}  # else a scale
# The pictures of these tables can't be had; ours are scored on others.
OTHER_PICTURES = {"14-images": "Set12", "BSD200": "BSD200-half"}
NOISE = {"rednet/1": "14-images", "rednet/2": "BSD200"}
ONE_FOR_ALL = {"rednet/6": ("σ ", "red10-noise-blind-quick"), "rednet/7": ("×", "red10-x234-quick")}
# What the MT-RNN paper says in tables whose numbers are not known here: table, claim, the recipe that it says
# is better, and the other one.
ORDERINGS = (
    (2, "3×3 kernels rather than 5×5", "mtrnn-mt", "mtrnn-k5"),
    (2, "add the blurred picture", "mtrnn-mt", "mtrnn-no-residual"),
    (2, "recurrent features", "mtrnn-mt", "mtrnn-no-features"),
    (2, "steps through time rather than scales", "mtrnn-mt", "mtrnn-ms"),
    (2, "steps through time alone, not scales as well", "mtrnn-mt", "mtrnn-mt-ms"),
    (3, "six small steps rather than one", "mtrnn-mt", "mtrnn-one-step"),
    (3, "steps of 2 levels rather than 4", "mtrnn-mt", "mtrnn-step4"),
    (3, "steps of 4 levels rather than 6", "mtrnn-step4", "mtrnn-step6"),
    (3, "8 channels rather than 4", "mtrnn-mt", "mtrnn-width4"),
    (3, "12 channels rather than 8", "mtrnn-width12", "mtrnn-mt"),
    (4, "steps for a pyramid generator", "mtrnn-fpn-mt", "mtrnn-fpn-ms"),
    (4, "steps for DMPHN in place of its pieces", "mtrnn-dmphn-mt", "dmphn"),
    (6, "steps rather than scales, targets down to TL3", "mtrnn-mt-tl3", "mtrnn-ms-tl3"),
    (6, "steps rather than scales, targets down to TL5", "mtrnn-mt-tl5", "mtrnn-ms-tl5"),
)
# A network of the EDSR paper's table 2 and a scale -> our ablation.
LADDER = {
    ("SRResNet-L2", 2): "edsr-ladder-srresnet-l2",
    ("SRResNet-L1", 2): "edsr-ladder-srresnet",
    ("baseline", 2): "edsr-ladder-edsr",
    ("baseline", 3): "edsr-alone-x3",
    ("baseline", 4): "edsr-alone-x4",
    **{("baseline-multi", scale): "mdsr" for scale in (2, 3, 4)},
}
# Where a skip of the RED-Net paper's figure 3(c) goes, over how many layers -> our ablation.
SKIPS = {
    ("symmetric", "2"): "rednet-depth30-skips",
    ("block", "2"): "rednet-block2",
    ("symmetric", "4"): "rednet-symmetric4",
    ("block", "4"): "rednet-block4",
}
MEMORIES = {"MemNet_NL": "no-long", "MemNet_NS": "no-short", "MemNet": "full"}


@dataclass(frozen=True)
class Claim:
    """A cell of a published table and where our number for it stands: the mean score of runs on a set."""

    label: str
    key: tuple
    runs: tuple[str, ...]
    dataset: str
    parameter: int
    comparable: bool = True  # whether both are scores of the same pictures, or of some that are alike


def page() -> str:
    """The whole page."""
    sections = [
        _section("vdsr/1", TABLES["vdsr/1"].title, _learning_rates()),
        _section("vdsr/2", TABLES["vdsr/2"].title, _training_scales()),
        _section("memnet/1", TABLES["memnet/1"].title, _memories()),
        _section("edsr/2", TABLES["edsr/2"].title, _ladder()),
        _section("rednet/figure-3c", TABLES["rednet/figure-3c"].title, _skips()),
    ]
    for table, column in BENCHMARKS:
        sections.append(_section(table, f"{TABLES[table].title}: {column}", _benchmark(table, column)))
    for table, dataset in NOISE.items():
        for column in ("RED10", "RED20"):
            title = f"{TABLES[table].title}: {column}"
            sections.append(_section(table, title, _noise(table, dataset, column)))
    for table, (sign, run) in ONE_FOR_ALL.items():
        title = f"{TABLES[table].title}; ours: RED10"
        sections.append(_section(table, title, _one_for_all(table, sign, run)))
    sections.append(_section("mtrnn/5", TABLES["mtrnn/5"].title, _gopro()))
    grid = orderings()
    sections.append("\n".join([f"## {grid.caption}\n", *_lines(grid.header, grid.rows), "", *grid.notes, ""]))
    return "\n".join([INTRODUCTION, *sections])


def orderings() -> Grid:
    """What is better in the MT-RNN paper's tables 2, 3, 4 and 6, and by how much it is in our runs."""
    rows = []
    for table, claim, *recipes in ORDERINGS:
        better, worse = (_seeds(recipe, mtrnn.SEEDS) for recipe in recipes)
        gaps = {level: gap(better, worse, "bundled", level) for level in (7, 13)}
        minutes = " and ".join(f"{record(names[0]).minutes:.0f}" for names in (better, worse))
        rows.append((claim, f"table {table}", *gaps.values(), _verdict(gaps), minutes))
    header = ("the paper: better with", "in", "ours, TL7", "ours, TL13", "for us", "minutes a run")
    notes = [
        f"Ours: difference on the bundled photographs in dB, mean over {len(mtrnn.SEEDS)} seeds ± half the "
        f"range; one run: {cost('mtrnn-mt-seed0-quick')}.",
        "? undecided: a t-test finds p of 0.05 or more. "
        f"So of {2 * len(rows)} differences chance alone decides one or two.",
    ]
    return Grid("Orderings of the MT-RNN paper", header, rows, notes)


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
    return [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *rows)]


def _learning_rates() -> Iterator[Claim]:
    for rate, network, epoch in TABLES["vdsr/1"].cells:
        if epoch == "epoch80":  # the end of the paper's training, beside the end of ours
            runs = (f"vdsr-{network}-lr{rate}-quick",)
            yield Claim(f"{network}, rate {rate}", (rate, network, epoch), runs, "Set5", 2)


def _training_scales() -> Iterator[Claim]:
    for tested, trained in TABLES["vdsr/2"].cells:
        runs = (f"vdsr-train-x{trained.replace(',', '')}-quick",)
        label = f"trained on ×{trained}, tested at ×{tested}"
        yield Claim(label, (tested, trained), runs, "Set5", tested)


def _memories() -> Iterator[Claim]:
    for scale, network in TABLES["memnet/1"].cells:
        runs = _seeds(f"memnet-{MEMORIES[network]}", memnet.SEEDS)
        yield Claim(f"{network}, Set5 ×{scale}", (scale, network), runs, "Set5", scale)


def _ladder() -> Iterator[Claim]:
    for (network, scale), ours in LADDER.items():
        label, key = f"{network} ×{scale}, ours on Set5", ("DIV2K", scale, network)
        yield Claim(label, key, _seeds(ours, edsr.SEEDS), "Set5", scale, comparable=False)


def _skips() -> Iterator[Claim]:
    for (kind, every), ours in SKIPS.items():
        label = f"{kind}, over {every} layers, ours on Set12, σ 70"
        yield Claim(label, (kind, every), _seeds(ours, rednet.SEEDS), "Set12", 70, comparable=False)


def _gopro() -> Iterator[Claim]:
    yield Claim("GoPro", ("GoPro", "MT-RNN"), ("mtrnn-quick",), "GOPRO_Large_all/test", 0)


def _seeds(recipe: str, seeds: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{recipe}-seed{seed}-quick" for seed in seeds)


def _benchmark(table: str, column: str) -> Iterator[Claim]:
    our = BENCHMARKS[table, column]
    for key in TABLES[table].cells:
        dataset, parameter, method = key
        run = our if isinstance(our, str) else our.get(parameter)
        if method == column and run:
            ours, where = _scored_on(dataset)
            yield Claim(f"{where}{SIGNS.get(table, ' ×')}{parameter}", key, (run,), ours, parameter)


def _noise(table: str, dataset: str, column: str) -> Iterator[Claim]:
    ours = OTHER_PICTURES[dataset]
    for sigma, method in TABLES[table].cells:
        if method == column:
            runs = (f"{column.lower()}-noise{sigma}-quick",)
            yield Claim(f"σ {sigma}, ours on {ours}", (sigma, method), runs, ours, sigma)


def _one_for_all(table: str, sign: str, run: str) -> Iterator[Claim]:
    for dataset, level in TABLES[table].cells:
        ours, where = _scored_on(dataset)
        yield Claim(f"{where}, {sign}{level}", (dataset, level), (run,), ours, int(level))


def _scored_on(dataset: str) -> tuple[str, str]:
    """The set that ours are scored on where the paper has `dataset`, and how a row names both."""
    ours = OTHER_PICTURES.get(dataset, dataset)
    return ours, dataset if ours == dataset else f"{dataset}, ours on {ours}"


def _section(table: str, title: str, claims: Iterator[Claim]) -> str:
    rows = [_row(table, claim) for claim in claims]
    note = f"Paper: {TABLES[table].source}."
    if any("†" in row[1] for row in rows):
        note += f" {DAGGER}."
    return "\n".join([f"## {title}\n", *_lines(HEADER, rows), f"\n{note}\n"])


def _row(table: str, claim: Claim) -> tuple[str, ...]:
    paper = TABLES[table].cells[claim.key]
    scores = [score_of(run, claim.dataset, claim.parameter) for run in claim.runs]
    ours = None if None in scores else (mean(psnr for psnr, _ in scores), mean(ssim for _, ssim in scores))
    about = cost(claim.runs[0]) + (f"; mean of {len(scores)} seeds" if len(scores) > 1 else "")
    gained = difference(ours, paper) if claim.comparable else "–"
    return claim.label, show(paper), show(ours), gained, about
