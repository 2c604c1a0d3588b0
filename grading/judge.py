"""Marks one submission: its code runs in a confined worker, the tests run here, on values alone."""

import contextlib
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path

import torch

from grading import wire
from grading.master import Exercise, Question, read

LARGEST = 20 * 2**20  # bytes of a notebook
WORKER_MEGABYTES = 6_000  # of addresses; torch alone takes two thirds
JUDGE_BYTES = 16 * 2**30
HEADING = re.compile(r"^## Question (\d+)", re.MULTILINE)


class SubmissionError(Exception):
    """What a submission's code raised, or that it gave something of no use."""


class StoppedError(Exception):
    """The submission was ended: it took too long, died, or broke the rules of the wire."""


# ---------------------------------------------------------------- confining


def bubblewrap(folder: Path) -> list[str]:
    """A command that runs another where it sees no network and no process but its own.

    Of this machine's files it sees the system's, Python's and `folder`; it can write to a small /tmp only.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"]
    for path in map(Path, ("/bin", "/lib", "/lib64")):
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(2**28), "--tmpfs", "/tmp"]
    for path in {sys.prefix, sys.base_prefix, str(folder)}:
        command += ["--ro-bind", path, path]
    return [*command, "--chdir", "/tmp"]


def setpriv(folder: Path) -> list[str]:
    """A command that runs another as nobody. For root in a container that is thrown away, as Gradescope's."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]


CONFINEMENTS = {"bwrap": bubblewrap, "setpriv": setpriv, "none": lambda folder: []}


def usable(confinement: str) -> bool:
    """Whether this machine can confine so."""
    command = CONFINEMENTS[confinement](Path("/usr"))
    try:
        return subprocess.run([*command, sys.executable, "-c", ""], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


# ---------------------------------------------------------------- the submission, seen from here


class Remote:
    """Something in the submission that can be called or asked for its attributes."""

    def __init__(self, link: "Link", number: int):
        self._link, self._number = link, number

    def __call__(self, *arguments, **options):
        """Call it in the worker."""
        return self._link.call(self._number, arguments, options)

    def __getattr__(self, name: str):
        if name.startswith("_"):  # numpy would take an address from __array_interface__
            raise AttributeError(name)
        return self._link.request({"object": self._number, "attribute": name})


class Link:
    """A running worker.

    Args:
        confinement: one of `CONFINEMENTS`.
        step: seconds that one cell or one call may take.
        limit: seconds that the whole submission may take, once Python and torch have started.
    """

    def __init__(self, confinement: str, step: float, limit: float):
        self.step, self.functions = step, []
        self.folder = Path(tempfile.mkdtemp(prefix="submission-"))
        self.folder.chmod(0o755)
        workplace = self.folder / "work"
        workplace.mkdir()
        workplace.chmod(0o777)
        for file in ("worker.py", "cells.py", "wire.py"):
            shutil.copy(Path(__file__).parent / file, self.folder)
        command = [sys.executable, "-B", str(self.folder / "worker.py"), str(WORKER_MEGABYTES)]
        command = CONFINEMENTS[confinement](self.folder) + command
        self.process = subprocess.Popen(
            [shutil.which(command[0]), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "USER": "student", "OMP_NUM_THREADS": "1"},
            cwd=workplace,
            start_new_session=True,
        )
        os.set_blocking(self.process.stdin.fileno(), False)
        self.until = time.monotonic() + 300
        try:
            self.receive()
        except StoppedError:
            self.close()
            raise
        self.until = time.monotonic() + limit

    def close(self) -> None:
        """End the worker and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, message: dict):
        """What the worker answers; raises `SubmissionError` with what the submission raised."""
        self.send(message)
        while "ask" in (answer := self.receive()):
            self.send(self.reply(answer))
        if "error" in answer:
            raise SubmissionError(str(answer["error"])[:300])
        return self.unpack(answer.get("value"))

    def get(self, name: str):
        """A name of the notebook."""
        return self.request({"get": name})

    def call(self, number: int, arguments: tuple, options: dict):
        """Call an object of the worker's."""
        packed = {"arguments": wire.pack(arguments, self.name), "options": wire.pack(options, self.name)}
        return self.request({"object": number, **packed})

    def reply(self, question: dict) -> dict:
        """Call a test's own function for the worker."""
        number = question["ask"]
        if not isinstance(number, int) or not 0 <= number < len(self.functions):
            raise StoppedError("it asked for a function that is not there")
        arguments = self.unpack(question.get("arguments"))
        if not isinstance(arguments, tuple):
            raise StoppedError("it called a function with something else than arguments")
        try:
            return {"value": wire.pack(self.functions[number](*arguments), self.name)}
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}"}

    def name(self, value) -> dict:
        """How a test's function, or an object of the worker's, is named on the wire."""
        if isinstance(value, Remote):
            return {"object": value._number}
        self.functions.append(value)
        return {"judge": len(self.functions) - 1}

    def unpack(self, packed):
        """A value from the worker."""
        try:
            return wire.unpack(packed, lambda entry: Remote(self, entry["object"]))
        except wire.WireError as error:
            raise StoppedError(f"it sent {error}") from None

    # The pipe, with a clock

    def send(self, message: dict) -> None:
        """Write one frame; the submission may have stopped reading."""
        wire.send(self, message)

    def receive(self) -> dict:
        """Read one frame."""
        try:
            return wire.receive(self.read)
        except EOFError:
            raise StoppedError("it ended by itself, or for want of memory") from None
        except wire.WireError as error:
            raise StoppedError(f"it sent {error}") from None

    def write(self, data: bytes) -> None:
        """For `wire.send`."""
        pipe = self.process.stdin.fileno()
        while data:
            self.wait((), (pipe,))
            try:
                data = data[os.write(pipe, data[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise StoppedError("it ended by itself, or for want of memory") from None

    def flush(self) -> None:
        """For `wire.send`."""

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer at the end."""
        data = bytearray()
        pipe = self.process.stdout.fileno()
        while len(data) < size:
            self.wait((pipe,), ())
            piece = os.read(pipe, size - len(data))
            if not piece:
                break
            data += piece
        return bytes(data)

    def wait(self, readable: tuple, writable: tuple) -> None:
        """Until the pipe is ready; raises `StoppedError` when the time is up."""
        left = self.until - time.monotonic()
        if left <= 0 or not any(select.select(readable, writable, (), left)):
            raise StoppedError("its time was up")


# ---------------------------------------------------------------- a submission


@dataclass
class Verdict:
    """What a submission gets: points a question, why not more, and the answers to be marked by hand."""

    marks: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


def code_cells(notebook: dict) -> list[str]:
    """The code of a notebook; the worker knows what in it is for the notebook's machinery (% and !)."""
    return [_text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def written_answers(notebook: dict, exercise: Exercise) -> dict[str, str]:
    """What stands below the headings of the questions that are marked by hand: text and code."""
    below: dict[str, list[str]] = {}
    current = None
    for cell in notebook["cells"]:
        heading = HEADING.search(_text(cell)) if cell["cell_type"] == "markdown" else None
        if heading:
            current = f"q{heading[1]}"
        elif current:
            below.setdefault(current, []).append(_text(cell))
    return {q.name: "\n\n".join(below.get(q.name, [])).strip() for q in exercise.questions if q.manual}


def _text(cell: dict) -> str:
    return "".join(cell["source"])


def mark(
    exercise_name: str, submission: Path, seed: int, step: float, limit: float, confinement: str
) -> Verdict:
    """Mark a notebook. Whatever it holds, the verdict tells; nothing is raised for a submission's fault."""
    resource.setrlimit(resource.RLIMIT_AS, (JUDGE_BYTES, JUDGE_BYTES))
    exercise = read(exercise_name)
    verdict = Verdict({question.name: 0.0 for question in exercise.questions if not question.manual})
    try:
        if submission.stat().st_size > LARGEST:
            raise ValueError("too large")
        notebook = json.loads(submission.read_text(encoding="utf-8"))
        cells = code_cells(notebook)
        verdict.answers = written_answers(notebook, exercise)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        verdict.remarks.append(f"not a notebook ({type(error).__name__})")
        return verdict
    provided = exercise.provided()
    try:
        link = Link(confinement, step, limit)
    except StoppedError as stopped:
        verdict.remarks.append(f"not marked: the worker did not start ({stopped})")
        return verdict
    try:
        for number, cell in enumerate(cells, 1):
            try:
                link.request({"cell": cell, "seconds": step})
            except SubmissionError as error:
                verdict.remarks.append(f"code cell {number}: {error}")
        for question in exercise.questions:
            passed = mark_question(question, provided, link.get, seed, verdict.remarks)
            if not question.manual:
                verdict.marks[question.name] = passed
    except StoppedError as stopped:
        verdict.remarks.append(f"stopped: {stopped}")
    finally:
        link.close()
    return verdict


def mark_question(question: Question, provided: dict, get, seed: int, remarks: list[str]) -> float:
    """The points of the tests that pass; `get(name)` looks a name of the submission up."""
    points = 0.0
    for test in question.tests:
        torch.manual_seed(seed)
        names: dict = {}
        exec(compile(test.source, test.name, "exec"), names)
        function = names[test.name]
        try:
            needed = signature(function).parameters
            function(**{name: provided[name] if name in provided else get(name) for name in needed})
            points += test.points
        except StoppedError:
            raise
        except Exception as error:
            why = str(error).split("\n")[0][:200] or type(error).__name__
            if (text := f"{question.name}: {why}") not in remarks:
                remarks.append(text)
    return points
