"""Starts the worker of a submission behind walls, with programs that the system has for that."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

WORKER_MEGABYTES = 6_000  # of addresses; torch alone takes two thirds
FILES = ("worker.py", "cells.py", "wire.py")


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


def start(folder: Path, confinement: str) -> subprocess.Popen:
    """The worker, in a new process; it reads what the judge sends from its input and answers by its output.

    Args:
        folder: an empty one, which the worker may read.
        confinement: one of `CONFINEMENTS`.
    """
    workplace = folder / "work"
    workplace.mkdir()
    folder.chmod(0o755)
    workplace.chmod(0o777)
    for file in FILES:
        shutil.copy(Path(__file__).parent / file, folder)
    command = [sys.executable, "-B", str(folder / "worker.py"), str(WORKER_MEGABYTES)]
    command = CONFINEMENTS[confinement](folder) + command
    return subprocess.Popen(
        [shutil.which(command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "USER": "student", "OMP_NUM_THREADS": "1"},
        cwd=workplace,
        start_new_session=True,
    )
