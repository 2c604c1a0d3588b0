"""The one exception that a reader of the book is meant to see, and what it says of a mistyped name."""

from collections.abc import Iterable
from difflib import get_close_matches


class RestoreError(Exception):
    """Something the user can mend. The message is one line that says what is wrong and what to do."""


def suggestion(name: str, known: Iterable[str], command: str) -> str:
    """What to say after "there is no X": up to five known names like it, and the command that lists all."""
    close = get_close_matches(name, known, 5)
    return (f"do you mean {', '.join(close)}? " if close else "") + f"`{command}` lists all"
