"""The one exception that a reader of the book is meant to see."""


class RestoreError(Exception):
    """Something the user can mend. The message is one line that says what is wrong and what to do."""
