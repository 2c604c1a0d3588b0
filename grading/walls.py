"""Starts the worker of a submission behind walls, with programs that the system has for that.

Files, network and processes are bubblewrap's, or in a container that is thrown away setpriv's. Memory and the
number of processes are bounded for all processes of a submission together, by systemd or by control groups.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

WORKER_MEGABYTES = 6_000  # of addresses for a process; torch alone takes two thirds
MEMORY = 3 * 2**30  # bytes that all processes of a submission may hold, and its files in /tmp
SMALL = 2**26  # bytes, to try the bound with
PROCESSES = 64
TMP = 2**28  # bytes of /tmp
FILES = ("worker.py", "cells.py", "wire.py")
GROUPS = Path("/sys/fs/cgroup")
LIMITS = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}  # of version 1
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "USER": "student", "OMP_NUM_THREADS": "1"}

# ---------------------------------------------------------------- files, network, processes


def bubblewrap(folder: Path) -> list[str]:
    """A command that runs another where it sees no network and no process but its own.

    Of this machine's files it sees the system's, Python's and `folder`; it can write to a small /tmp only.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--ro-bind", "/usr", "/usr"]
    for path in map(Path, ("/bin", "/lib", "/lib64")):
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(TMP), "--tmpfs", "/tmp"]
    for path in {sys.prefix, sys.base_prefix, str(folder)}:
        command += ["--ro-bind", path, path]
    # What bubblewrap has made is in memory, without a bound: /, /dev with /dev/shm.
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]


def setpriv(folder: Path) -> list[str]:
    """A command that runs another as nobody. For root in a container that is thrown away, as Gradescope's."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]


CONFINEMENTS = {"bwrap": bubblewrap, "setpriv": setpriv, "none": lambda folder: []}


@cache
def usable(confinement: str) -> bool:
    """Whether this machine can confine so."""
    return _runs(CONFINEMENTS[confinement](Path("/usr")))


# ---------------------------------------------------------------- memory and number of processes


def systemd(memory: int) -> list[str]:
    """A command that runs another in a scope of systemd's. It needs the environment of who marks."""
    own = [] if os.geteuid() == 0 else ["--user"]
    limits = [f"MemoryMax={memory}", "MemorySwapMax=0", f"TasksMax={PROCESSES}"]
    properties = [f"--property={limit}" for limit in limits]
    return ["systemd-run", *own, "--quiet", "--scope", "--collect", *properties, "--"]


def control_groups(name: str, memory: int) -> list[str]:
    """A command that runs another in control groups of this name, which are made. Raises `OSError`."""
    folders = [GROUPS / kind / name for kind in LIMITS]
    for folder, file, most in zip(folders, LIMITS.values(), (memory, PROCESSES), strict=True):
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(str(most))
    join = 'for group in $1; do echo $$ > "$group/cgroup.procs" || exit 1; done; shift; exec "$@"'
    return ["sh", "-c", join, "sh", " ".join(map(str, folders))]


@cache
def bound_by() -> str | None:
    """What bounds memory and processes on this machine: "systemd", "groups" or nothing."""
    if _holds(systemd(SMALL)):
        return "systemd"
    name = f"submission-probe-{os.getpid()}"
    try:
        return "groups" if _holds(control_groups(name, SMALL)) else None
    except OSError:
        return None
    finally:
        _remove_groups(name)


def _holds(bound: list[str]) -> bool:
    """Whether it bounds a process to `SMALL`; on some kernels, which count no memory, it only runs it."""
    return _runs(bound) and not _runs(bound, f"b'x' * {4 * SMALL}")


def bounds(name: str) -> list[str]:
    """A command that runs another with all its processes bounded together, as far as the machine can."""
    by = bound_by()
    if by == "systemd":
        return systemd(MEMORY)
    return control_groups(name, MEMORY) if by == "groups" else []


def _remove_groups(name: str) -> None:
    """Remove control groups; their processes have been killed, but may not have ended yet."""
    for folder in (GROUPS / kind / name for kind in LIMITS):
        for _ in range(100):
            if not folder.exists():
                break
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(0.05)


def _runs(command: list[str], code: str = "") -> bool:
    try:
        return subprocess.run([*command, sys.executable, "-c", code], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


# ---------------------------------------------------------------- all together


def missing(confinement: str) -> list[str]:
    """What this machine cannot wall off, each with what would help."""
    lacks = []
    if confinement == "none" or not usable(confinement):
        lacks.append("files, network and processes (install bubblewrap; some systems let only root use it)")
    if not bound_by():
        lacks.append("memory and the number of processes (systemd, or root with control groups of version 1)")
    return lacks


def start(folder: Path, confinement: str) -> subprocess.Popen:
    """The worker, in a new process; it reads what the judge sends from its input and answers by its output.

    Args:
        folder: an empty one, which the worker may read. Its name is also that of the worker's control groups.
        confinement: one of `CONFINEMENTS`.
    """
    workplace = folder / "work"
    workplace.mkdir()
    folder.chmod(0o755)
    workplace.chmod(0o777)
    for file in FILES:
        shutil.copy(Path(__file__).parent / file, folder)
    # Cleared behind systemd-run, which finds its user's systemd by the environment.
    cleared = ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())]
    command = [sys.executable, "-B", str(folder / "worker.py"), str(WORKER_MEGABYTES)]
    command = bounds(folder.name) + cleared + CONFINEMENTS[confinement](folder) + command
    return subprocess.Popen(
        [shutil.which(command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=workplace,
        start_new_session=True,
    )


def clear(folder: Path) -> None:
    """Remove what `start` made, once the worker has ended."""
    if bound_by() == "groups":
        _remove_groups(folder.name)
    shutil.rmtree(folder, ignore_errors=True)
