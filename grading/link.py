"""The judge's side of the pipe to a worker: calls of a submission's functions, each with a clock."""

import contextlib
import os
import select
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from grading import walls, wire

START = 300.0  # seconds that Python and torch may take to start, on a machine that is busy
GRACE = 15.0  # seconds between the worker's own clock and the end of the worker, should it be deaf


class SubmissionError(Exception):
    """What a submission's code raised, or that it gave something of no use."""


class StoppedError(Exception):
    """The worker was ended: it was deaf to the clock, died, or broke the rules of the wire."""


def holds_nan(value) -> bool:
    """Whether NaN is among the numbers of a value from the wire."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(holds_nan, value))
    if isinstance(value, torch.Tensor):
        return bool(value.isnan().any())
    if isinstance(value, float | np.floating):
        return value != value
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isnan(value).any())


class Remote:
    """Something in the submission that can be called or asked for its attributes."""

    def __init__(self, link: "Link", number: int):
        self._link, self._number = link, number

    def __call__(self, *arguments, **options):
        """Call it in the worker; arguments that it changes in place are changed here, too."""
        return self._link.call(self._number, arguments, options)

    def __getattr__(self, name: str):
        if name.startswith("_"):  # numpy would take an address from __array_interface__
            raise AttributeError(name)
        return self._link.request({"object": self._number, "attribute": name})


class Link:
    """A running worker, until `close` or the end of a `with`.

    Args:
        confinement: one of `walls.CONFINEMENTS`.
        seconds: how long the next request may take; raises `SubmissionError` when no time is left.
    """

    def __init__(self, confinement: str, seconds=lambda: START):
        self.seconds = seconds
        self.functions, self.number = [], 0
        self.folder = Path(tempfile.mkdtemp(prefix="submission-"))
        self.process = walls.start(self.folder, confinement)
        os.set_blocking(self.process.stdin.fileno(), False)
        self.until = time.monotonic() + START
        try:
            self.receive()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the worker and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        walls.clear(self.folder)

    def request(self, message: dict):
        """What the worker answers; raises `SubmissionError` with what the submission raised."""
        return self.unpack(self.answer(message).get("value"))

    def answer(self, message: dict) -> dict:
        """The worker's answer, as it came."""
        seconds = self.seconds()
        self.until = time.monotonic() + seconds + GRACE
        self.number += 1
        self.send({"number": self.number, "seconds": seconds, **message})
        while True:
            answer = self.receive()
            if answer.get("number") != self.number:  # left from a request that was broken off
                continue
            if "ask" not in answer:
                break
            reply = self.reply(answer)
            try:
                self.send(reply)
            except wire.WireError as error:
                self.send({"asked": reply["asked"], "refused": f"it would get {error}"})
        if "error" in answer:
            raise SubmissionError(str(answer["error"])[:300])
        return answer

    def get(self, name: str):
        """A name of the notebook."""
        return self.request({"get": name})

    def call(self, number: int, arguments: tuple, options: dict):
        """Call an object of the worker's."""
        packed = {"arguments": wire.pack(arguments, self.name), "options": wire.pack(options, self.name)}
        answer = self.answer({"object": number, **packed})
        if answer.get("drew"):
            torch.rand(())  # the submission's own numbers must not decide what tests draw next
        self.restore(wire.leaves((arguments, options)), answer.get("changed"))
        value = self.unpack(answer.get("value"))
        if holds_nan(value):  # which some comparisons take for right
            raise SubmissionError("it gives NaN, which is no number")
        return value

    def restore(self, given: list, changed) -> None:
        """Change arrays and tensors as the submission has changed its copies."""
        try:
            for place, packed in changed or ():
                leaf, value = given[place], self.unpack(packed)
                (leaf.detach() if isinstance(leaf, torch.Tensor) else leaf)[...] = value
        except (TypeError, ValueError, IndexError, RuntimeError):
            raise SubmissionError("it changes the size or the kind of what it is given") from None

    def reply(self, question: dict) -> dict:
        """Call a test's own function for the worker."""
        number, asked = question["ask"], question.get("asked")
        if not isinstance(number, int) or not 0 <= number < len(self.functions):
            raise StoppedError("it asked for a function that is not there")
        arguments, options = (self.unpack(question.get(part)) for part in ("arguments", "options"))
        if not isinstance(arguments, tuple) or not isinstance(options, dict):
            raise StoppedError("it called a function with something else than arguments")
        try:
            value = wire.pack(self.functions[number](*arguments, **options), self.name)
            return {"asked": asked, "value": value}
        except Exception as error:
            return {"asked": asked, "refused": f"{type(error).__name__}: {error}"}

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
            raise SubmissionError(f"it gave {error}") from None

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
            raise StoppedError("its time was up, and it did not stop")
