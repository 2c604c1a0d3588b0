"""Results of `restorelib.bench.bench`: those that come with the book, and one as text and as tables."""

import json

from restorelib.runs import MEASURED
from restorelib.tables import Grid


def shipped() -> list[dict]:
    """The results that come with the book, one a machine."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(MEASURED.glob("bench-*.json"))]


def as_text(result: dict) -> str:
    """A result in a few lines a network."""
    peak = f"convolution peak {result['convolution_peak_gflops']:.0f} GFLOP/s in {result['precision']}"
    lines = [f"{result['hardware']}, torch {result['torch']}, {peak}"]
    for row in result["rows"]:
        undone = ", ".join(f"{way} {times:.2f}" for way, times in row["times_longer"].items())
        lines += [
            "",
            f"{row['network']}: {row['patches_per_second']} patches/s of {row['patch']} pixels, "
            f"{row['batch']} a batch",
            f"  {row['gflops']:.0f} GFLOP/s, {row['peak_fraction']:.0%} of the peak; "
            f"a step needs {row['memory_mb']} MiB",
            f"  the step runs at {row['bare_over_step']:.0%} of the bare network's speed",
            f"  the sampler draws {row['sampler_patches_per_second']} patches/s, "
            f"{row['sampler_share']:.1%} of the step, "
            f"{row['sampler_over_dataloader']:.0f} times what a decoding DataLoader does",
            f"  times as long with one choice undone: {undone}",
            f"  a step with Muon takes {row['muon_over_adamw']:.2f} times as long as one with AdamW",
            f"  {row['picture']}x{row['picture']} pixels restored in {row['whole_seconds']} s, "
            f"in tiles of {row['tile']}: {row['tiles_seconds']} s",
        ]
    return "\n".join(lines)


def speeds(result: dict) -> Grid:
    """A table of how fast each network trains on a machine."""
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
    """A table of how many times longer a step takes with one choice undone, and of how patches are fed."""
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
