"""Runs a submission: python worker.py MEGABYTES, started by the judge, confined, with a pipe to it.

Nothing in here is to be trusted once the submission's first cell has run: it can change all of it. It can
lie about what its functions return, which is the same as returning it, and no more.
"""

import contextlib
import os
import resource
import signal
import sys
import threading
import types
from pathlib import Path

import cells
import numpy as np
import torch
import wire

TICK = 0.05  # seconds after which code that went on although its time was up is broken off again


class TimeUp(BaseException):
    """What runs for too long is broken off with this; `except Exception` does not catch it."""


class Stub(types.ModuleType):
    """Stands for otter in a submission: its checks do nothing here."""

    class Notebook:
        """Accepts every call."""

        def __init__(self, *args, **options):
            pass

        def __getattr__(self, name):
            return lambda *args, **options: None


class Worker:
    """The submission's names, and the objects the judge was told of."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        # The notebook is the main module, as in Jupyter: pickle and dataclasses look names up there.
        # multiprocessing, which torch imports, has kept this one under its other name.
        notebook = sys.modules["__main__"] = sys.modules["__mp_main__"] = types.ModuleType("__main__")
        self.names = cells.prepare(notebook.__dict__)
        self.objects: list = []
        self.number = self.asked = 0
        self.late = False
        self.one_at_a_time = threading.Lock()  # a submission may have threads

    def serve(self) -> None:
        """Do what the judge asks until it hangs up."""
        wire.send(self.sink, {"number": 0, "value": None})
        with contextlib.suppress(EOFError):
            while True:
                message = wire.receive(self.source.read)
                self.number = message["number"]
                answer = {"number": self.number} | self.answer(message)
                try:
                    wire.send(self.sink, answer)
                except wire.WireError as error:
                    wire.send(self.sink, {"number": self.number, "error": f"it gave {error}"})

    def answer(self, message: dict) -> dict:
        """The value asked for, or the error on the way to it, in one line."""
        self.late = False
        try:
            signal.setitimer(signal.ITIMER_REAL, message["seconds"], TICK)
            answer = self.do(message)
            if not self.late:
                return answer
            error: BaseException = TimeUp()
        except BaseException as raised:  # also SystemExit and KeyboardInterrupt
            error = raised
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self.late:
            return {"error": f"TimeoutError: stopped after {message['seconds']:.0f} s", "late": True}
        return {"error": cells.in_one_line(error)}

    def do(self, message: dict) -> dict:
        """Run a cell, look up a name or an attribute, or call. What this runs is broken off when late."""
        if "cell" in message:
            cells.run(message["cell"], self.names)
            return {"value": None}
        if "get" in message:
            if message["get"] not in self.names:
                raise NameError(f"{message['get']} is not defined")
            return {"value": wire.pack(self.names[message["get"]], self.name)}
        target = self.objects[message["object"]]
        if "attribute" in message:
            return {"value": wire.pack(getattr(target, message["attribute"]), self.name)}
        return self.call(target, message)

    def call(self, target, message: dict) -> dict:
        """The value of a call, the arguments that it changed in place, and whether it drew random numbers."""
        arguments, options = (wire.unpack(message[part], self.named) for part in ("arguments", "options"))
        given = wire.leaves((arguments, options))
        before, state = [contents(leaf) for leaf in given], torch.get_rng_state()
        value = wire.pack(target(*arguments, **options), self.name)
        changed = [
            [place, wire.pack(leaf, self.name)]
            for place, leaf in enumerate(given)
            if contents(leaf) != before[place]
        ]
        drew = not torch.equal(state, torch.get_rng_state())
        return {"value": value, "changed": changed, "drew": drew}

    def name(self, value) -> dict:
        """Keep an object and tell its number."""
        self.objects.append(value)
        return {"object": len(self.objects) - 1, "callable": callable(value)}

    def named(self, entry: dict):
        """An object by its number, or a function that asks the judge."""
        if "object" in entry:
            return self.objects[entry["object"]]
        return lambda *arguments, **options: self.ask(entry["judge"], arguments, options)

    def ask(self, number: int, arguments: tuple, options: dict):
        """Call one of the judge's functions."""
        packed = {"arguments": wire.pack(arguments, self.name), "options": wire.pack(options, self.name)}
        reply = self.exchange({"ask": number, **packed})
        if "refused" in reply:
            raise RuntimeError(reply["refused"])
        return wire.unpack(reply["value"], self.named)

    def exchange(self, question: dict) -> dict:
        """The judge's reply. It is not broken off, or the next frame read would be this reply."""
        with self.one_at_a_time:
            self.asked += 1
            wire.send(self.sink, {"number": self.number, "asked": self.asked, **question})
            while (reply := wire.receive(self.source.read)).get("asked") != self.asked:
                pass
        return reply

    def overdue(self, signum: int, frame: types.FrameType | None) -> None:
        """Break off what runs for too long, if it is the submission's code."""
        self.late = True
        while frame and frame.f_code is not Worker.exchange.__code__:
            if frame.f_code is Worker.do.__code__:
                raise TimeUp
            frame = frame.f_back


def contents(leaf: torch.Tensor | np.ndarray) -> bytes:
    """The bytes of a tensor or an array."""
    return (leaf.detach().numpy() if isinstance(leaf, torch.Tensor) else leaf).tobytes()


def main() -> None:
    """Keep the pipe to the judge, silence everything else, bound what can be used, and serve."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    size = int(sys.argv[1]) * 2**20
    for limit, most in (("AS", size), ("FSIZE", 2**26), ("CORE", 0), ("NPROC", 256)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{limit}"), (most, most))
    os.makedirs("tests", exist_ok=True)
    for number in range(1, 30):  # else a student's copy would want to fetch them
        Path(f"tests/q{number}.py").touch()
    sys.modules["otter"] = Stub("otter")
    sys.modules["restorelib"] = None  # the exercises are about writing it
    worker = Worker(source, sink)
    worker.names["grader"] = Stub.Notebook()  # for notebooks whose first cell was changed or taken out
    signal.signal(signal.SIGALRM, worker.overdue)
    worker.serve()


if __name__ == "__main__":
    main()
