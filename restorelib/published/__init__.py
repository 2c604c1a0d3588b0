"""The papers' numbers. One file a paper; a file lists its tables in `TABLES`: name -> `Table`.

A dagger behind a number says that it was not checked against the paper: it is quoted from memory and agrees
with what could be checked. Where a number is unknown there is no cell.
"""

import importlib
import pkgutil
from dataclasses import dataclass


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
    """

    title: str
    source: str
    cells: dict[tuple, Cell | str]


def parse(text: str, labels: int) -> dict[tuple, Cell]:
    """Read a table of scores, as `words` does.

    A cell is `PSNR` or `PSNR/SSIM`, with a dagger if unchecked, or `?` if unknown.
    """
    cells = {}
    for key, word in words(text, labels).items():
        psnr, *ssim = word.rstrip("†").split("/")
        cells[key] = Cell(float(psnr), *map(float, ssim), checked=not word.endswith("†"))
    return cells


def words(text: str, labels: int) -> dict[tuple, str]:
    """Read a table as it is printed: a header line, then rows whose first `labels` words are labels.

    `?` makes no cell.
    """
    header, *rows = (line.split() for line in text.strip().splitlines())
    cells = {}
    for row in rows:
        key = tuple(int(word) if word.isdigit() else word for word in row[:labels])
        for column, word in zip(header[labels:], row[labels:], strict=True):
            if word != "?":
                cells[*key, column] = word
    return cells


TABLES: dict[str, Table] = {}
for _module in pkgutil.iter_modules(__path__):
    TABLES |= importlib.import_module(f"{__name__}.{_module.name}").TABLES
