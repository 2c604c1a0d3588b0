"""Runs code cells as Jupyter does. IPython says what is a magic, a shell command or a question.

These do nothing here, but for those that run a notebook's own code: `%time`, `%%time`, `%prun`, `%%capture`.
"""

import ast
import asyncio
import inspect

from IPython.core.inputtransformer2 import TransformerManager

LINES = ("time", "prun")
CELLS = (*LINES, "capture")


class Shell:
    """What `get_ipython()` gives a submission: any call of it is accepted and gives None."""

    def __init__(self, names: dict):
        self.user_ns = names

    def run_line_magic(self, magic: str, line: str, *more, **options):
        """The value of the expression behind `%time`, as Jupyter gives it; None for other magics."""
        return run(line, self.user_ns) if magic in LINES else None

    def run_cell_magic(self, magic: str, line: str, cell: str) -> None:
        """Run the cell below `%%time` and its like; one in another language, or for a file, is left alone."""
        if magic in CELLS:
            run(cell, self.user_ns)

    def getoutput(self, *command, **options) -> list[str]:
        """What `files = !ls` gives: nothing was printed."""
        return []

    def __getattr__(self, name: str):
        return lambda *arguments, **options: None


def names_at_start() -> dict:
    """The names a notebook has before its first cell, as far as code could miss them."""
    names: dict = {"__name__": "__main__", "display": lambda *values, **options: None}
    shell = Shell(names)
    names["get_ipython"] = lambda: shell
    return names


def run(cell: str, names: dict):
    """Run a cell; gives the value of one that is a single expression. Raises whatever it raises."""
    source = TransformerManager().transform_cell(cell)
    try:
        code = _compiled(source.strip(), "eval")
    except SyntaxError:  # statements
        code = _compiled(source, "exec")
    value = eval(code, names)
    return asyncio.run(value) if code.co_flags & inspect.CO_COROUTINE else value


def _compiled(source: str, mode: str):
    # In a notebook, await needs no function around it.
    return compile(source, "submission", mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def in_one_line(error: BaseException) -> str:
    """An error by its kind and the first line of its text, which the submission's own code may spoil."""
    try:
        return f"{type(error).__name__}: {error}".split("\n")[0][:300]
    except BaseException:
        return "an error that cannot be told, because telling it fails too"
