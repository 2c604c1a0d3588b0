"""What grading leaves behind: text that nothing in a submission can break, in files that are always whole."""

import csv
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from restorelib.errors import RestoreError
from restorelib.output import JOINERS, shown

TAB = "\t"
LONGEST = 10_000  # characters of a cell: spreadsheets end at 32,767


def plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def cell(text: str) -> str:
    """Text for a cell of a table: of one line, no formula, and not longer than spreadsheets take."""
    text = shown(text)
    return plain(text if len(text) <= LONGEST else f"{text[:LONGEST]} ... (cut)")


def quoted(text: str) -> str:
    """Text of several lines as Markdown quotes it."""
    return "\n".join(f"> {shown(line, JOINERS + TAB)}" for line in text.splitlines())


def table(rows: Iterable[Iterable[str]]) -> str:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def check(path: Path) -> None:
    """Raise `RestoreError` if `write` could not write a file there; marking takes hours, so ask first."""
    if os.path.exists(path) and not os.path.isfile(path):  # they take names that are too long
        raise RestoreError(f"{path}: is a folder or no plain file; name a file to write the marks to")
    with _draft(path):
        pass


def write(path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all; what was there before stays until then."""
    with _draft(path) as draft:
        with open(draft, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, os.path.realpath(path))


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside another one to write to; it is gone afterwards."""
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.touch()
        yield draft
    except OSError as error:
        raise RestoreError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(OSError):
            draft.unlink()
