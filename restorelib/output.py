"""What leaves a command: text for any terminal, JSON for any parser, and one line if it fails."""

import errno
import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from unicodedata import category

from restorelib.errors import RestoreError

# Unicode's categories of controls, surrogates and line ends; but not what joins letters and emojis.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def shown(text: str, kept: str = JOINERS) -> str:
    r"""Text in which lone surrogates, bytes of no UTF-8 and control characters are escapes, as \ud83d, \xe9.

    A name of another encoding than UTF-8 comes from the file system as surrogates, each for a byte. Control
    characters would rewrite a terminal's lines or make two of one; those in `kept` stay.
    """
    return "".join(_escaped(char) if category(char) in HIDDEN and char not in kept else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_of(value) -> str:
    r"""Plain values as JSON in ASCII, of which RFC 8259 allows all.

    It has no infinite numbers: they become the texts "Infinity", "-Infinity" and "NaN", which `float` takes.
    Lone surrogates become escapes, as \udce9.
    """
    return json.dumps(_allowed(value), indent=1, allow_nan=False)


def _allowed(value):
    if isinstance(value, dict):
        return {_allowed(key): _allowed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_allowed(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value


def run_command(command: Callable[[], None], name: str) -> None:
    """Run a command line; what the user can mend is one line on stderr, without a traceback.

    Characters that the output's encoding lacks are written as escapes. Where nobody reads the output any
    more, the command ends silently, with exit status 1.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # None where it is closed, something else in a notebook
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            command()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except RestoreError as error:
        sys.exit(f"{name}: {shown(str(error))}")
    except BrokenPipeError:
        _give_up_output()
        sys.exit(1)
    except OSError as error:  # a disk that is full, or any file that was not thought of
        _give_up_output()
        where = error.filename or ("the output" if error.errno in FULL else "the system")
        sys.exit(f"{name}: {shown(str(where))}: {shown(error.strerror or str(error))}")
    except Exception as error:
        from restorelib.machine import out_of_memory  # here, because it brings torch

        if not out_of_memory(error):
            raise
        sys.exit(f"{name}: there is not enough memory for this: close other programs or take less at once")


def _give_up_output() -> None:
    """Drop what stdout still holds, which Python would try to write once more when it ends."""
    with suppress(OSError, ValueError, AttributeError):  # a notebook's has no number
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
