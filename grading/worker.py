"""Runs a submission: python worker.py MEGABYTES, started by the judge, confined, with a pipe to it.

Nothing in here is to be trusted once the submission's first cell has run: it can change all of it. It can
lie about what its functions return, which is the same as returning it, and no more.
"""

import contextlib
import os
import resource
import signal
import sys
import types

import cells
import wire


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
        self.names = cells.names_at_start()
        self.objects: list = []
        self.seconds = 0

    def serve(self) -> None:
        """Do what the judge asks until it hangs up."""
        wire.send(self.sink, {"ready": True})
        with contextlib.suppress(EOFError):
            while True:
                wire.send(self.sink, self.answer(wire.receive(self.source.read)))

    def answer(self, message: dict) -> dict:
        """The value asked for, or the error on the way to it, in one line."""
        try:
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
            return {"value": wire.pack(self.do(message), self.name)}
        except BaseException as error:  # also SystemExit and KeyboardInterrupt
            return {"error": cells.in_one_line(error)}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def do(self, message: dict):
        """Run a cell, look up a name or an attribute, or call."""
        if "cell" in message:
            self.seconds = message["seconds"]
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
            cells.run(message["cell"], self.names)
            return None
        if "get" in message:
            if message["get"] not in self.names:
                raise NameError(f"{message['get']} is not defined")
            return self.names[message["get"]]
        target = self.objects[message["object"]]
        if "attribute" in message:
            return getattr(target, message["attribute"])
        arguments, options = (wire.unpack(message[part], self.named) for part in ("arguments", "options"))
        return target(*arguments, **options)

    def name(self, value) -> dict:
        """Keep an object and tell its number."""
        self.objects.append(value)
        return {"object": len(self.objects) - 1, "callable": callable(value)}

    def named(self, entry: dict):
        """An object by its number, or a function that asks the judge."""
        if "object" in entry:
            return self.objects[entry["object"]]
        return lambda *arguments: self.ask(entry["judge"], arguments)

    def ask(self, number: int, arguments: tuple):
        """Call one of the judge's functions."""
        wire.send(self.sink, {"ask": number, "arguments": wire.pack(arguments, self.name)})
        reply = wire.receive(self.source.read)
        if "refused" in reply:
            raise RuntimeError(reply["refused"])
        return wire.unpack(reply["value"], self.named)


def overdue(*_) -> None:
    """Break off what runs for too long."""
    raise TimeoutError("stopped, because it ran for too long")


def main() -> None:
    """Keep the pipe to the judge, silence everything else, bound what can be used, and serve."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    size = int(sys.argv[1]) * 2**20
    for limit, most in (("AS", size), ("FSIZE", 2**26), ("CORE", 0), ("NPROC", 256)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{limit}"), (most, most))
    signal.signal(signal.SIGALRM, overdue)
    os.makedirs("tests", exist_ok=True)  # else a student's copy would want to fetch them
    sys.modules["otter"] = Stub("otter")
    sys.modules["restorelib"] = None  # the exercises are about writing it
    Worker(source, sink).serve()


if __name__ == "__main__":
    main()
