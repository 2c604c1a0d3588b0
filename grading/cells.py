"""Runs code cells as Jupyter does. IPython says what is a magic, a shell command or a question.

These do nothing here, but for those that run a notebook's own code: `%time`, `%timeit`, `%%time`, `%prun`,
`%%capture`.
"""

import ast
import asyncio
import inspect
import itertools
import linecache
import re
import time

from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.magics.execution import TimeitResult

LINES = ("time", "prun")
CELLS = (*LINES, "capture")
TIMEIT_OPTIONS = re.compile(r"\s*(-[nrp]\s*\d+|-[a-zA-Z]+)\s+")

_numbers = itertools.count(1)


class Shell:
    """What `get_ipython()` gives a submission: any call of it is accepted and gives None."""

    def __init__(self, names: dict):
        self.user_ns = names

    def run_line_magic(self, magic: str, line: str, *more, **options):
        """The value of the expression behind `%time`, as Jupyter gives it; None for most other magics."""
        if magic == "timeit":
            return self._timed(line)
        return run(line, self.user_ns) if magic in LINES else None

    def _timed(self, line: str) -> TimeitResult | None:
        """Run a statement once; what it took if `-o` asks for it."""
        wanted = False
        while option := TIMEIT_OPTIONS.match(line):
            wanted |= option[1] == "-o"
            line = line[option.end() :]
        start = time.perf_counter()
        run(line, dict(self.user_ns))
        took = time.perf_counter() - start
        return TimeitResult(1, 1, took, took, [took], 0.0, 3) if wanted else None

    def run_cell_magic(self, magic: str, line: str, cell: str) -> None:
        """Run the cell below `%%time` and its like; one in another language, or for a file, is left alone."""
        if magic in CELLS:
            run(cell, self.user_ns)

    def getoutput(self, *command, **options) -> list[str]:
        """What `files = !ls` gives: nothing was printed."""
        return []

    def __getattr__(self, name: str):
        return lambda *arguments, **options: None


def prepare(names: dict) -> dict:
    """Add the names a notebook has before its first cell, as far as code could miss them."""
    shell = Shell(names)
    names |= {
        "__name__": "__main__",
        "display": lambda *values, **options: None,
        "get_ipython": lambda: shell,
    }
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
    # In a notebook, await needs no function around it, and torch.jit.script finds the source.
    name = f"<cell {next(_numbers)}>"
    code = compile(source, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return code


def in_one_line(error: BaseException) -> str:
    """An error by its kind and the first line of its text, which the submission's own code may spoil."""
    try:
        return f"{type(error).__name__}: {error}".split("\n")[0][:300]
    except BaseException:
        return "an error that cannot be told, because telling it fails too"
