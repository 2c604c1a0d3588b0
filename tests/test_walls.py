"""What a submission can do to the machine: next to nothing."""

import json
import os
import sys

import pytest

from grading import judge, link, walls
from grading.grade import grade

needs_bubblewrap = pytest.mark.skipif(not walls.usable("bwrap"), reason="bubblewrap does not work here")
needs_bounds = pytest.mark.skipif(not walls.bound_by(), reason="nothing here bounds memory")

WRITE = """
import os
def room(folder):
    files = []
    try:
        os.makedirs(folder, exist_ok=True)
        while len(files) < 20:
            files.append(f"{folder}/{len(files)}")
            with open(files[-1], "wb") as file:
                file.write(b"x" * 5 * 10**7)
    except OSError:
        pass
    held = sum(os.path.getsize(file) for file in files if os.path.exists(file))
    for file in files:
        if os.path.exists(file):
            os.remove(file)
    return held
folders = ("/", "/dev", "/dev/shm", "/var/tmp", "/new", "/usr", "/home")
elsewhere = [room(folder) for folder in folders]
in_tmp = room("/tmp/a")
"""
FORK = """
import os, signal, time
children = []
try:
    while len(children) < 400:
        child = os.fork()
        if child == 0:
            time.sleep(1000)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
many = len(children)
"""
# Both take 2 GiB; `held` is what they still have at the end.
MEMORY = {
    "children": """
import os, time
children, pipes = [], []
for _ in range(8):
    done, write = os.pipe()
    children.append(os.fork())
    if children[-1] == 0:
        x = b"x" * 2**28
        os.write(write, b"!")
        time.sleep(1000)
    os.close(write)
    pipes.append(done)
for done in pipes:
    os.read(done, 1)  # nothing, where the child was killed
held = 2**28 * sum(os.waitpid(child, os.WNOHANG)[0] == 0 for child in children)
""",
    "memfds": """
import os
held = sum(os.write(os.memfd_create("a"), b"x" * 2**26) for _ in range(32))
""",
}
SEE = """
import os, socket
environment = sorted(os.environ)
processes = [name for name in os.listdir("/proc") if name.isdigit()]
masters = [top for top, _, files in os.walk("/") if "judge.py" in files]
try:
    socket.create_connection(("1.1.1.1", 80), 2)
    network = True
except OSError:
    network = False
"""


@pytest.fixture
def started():
    """`started(cell, ...)`: a worker that has run these cells; behind all walls, unless told otherwise."""
    links = []

    def give(*cells, confinement="bwrap"):
        links.append(link.Link(confinement))
        for cell in cells:
            links[-1].request({"cell": cell})
        return links[-1]

    yield give
    for worker in links:
        worker.close()


@needs_bubblewrap
def test_nothing_can_be_written_but_a_small_tmp_and_little_is_seen(started):
    worker = started(WRITE, SEE)
    assert worker.get("elsewhere") == [0] * 7
    assert 0 < worker.get("in_tmp") <= walls.TMP
    assert set(worker.get("environment")) <= {"PATH", "HOME", "USER", "OMP_NUM_THREADS", "PWD", "LC_CTYPE"}
    assert len(worker.get("processes")) < 5
    assert worker.get("masters") == []
    assert worker.get("network") is False


@needs_bubblewrap
@needs_bounds
def test_processes_are_bounded_together(started):
    assert 0 < started(FORK).get("many") < walls.PROCESSES


@needs_bubblewrap
@needs_bounds
@pytest.mark.parametrize("way", MEMORY)
def test_memory_is_bounded_for_all_processes_together(started, monkeypatch, way):
    monkeypatch.setattr(walls, "MEMORY", 2**30)
    try:
        held = started(MEMORY[way]).get("held")
    except (link.StoppedError, link.SubmissionError):
        return  # the kernel stopped the submission's own process, and not only children
    assert held < 2**30


SYSTEMD_RUN = """#!{python}
import json, os, resource, sys
end = sys.argv.index("--")
options, command = sys.argv[1:end], sys.argv[end + 1 :]
with open("{log}", "a") as log:
    print(json.dumps(options), file=log)
if "--user" in options and "XDG_RUNTIME_DIR" not in os.environ:
    sys.exit("Failed to connect to bus: No medium found")
limits = dict(option.removeprefix("--property=").split("=") for option in options if "=" in option)
if {counts}:
    resource.setrlimit(resource.RLIMIT_DATA, (int(limits["MemoryMax"]),) * 2)
os.execvp(command[0], command)
"""
NOT_BOOTED = """#!/bin/sh
echo "System has not been booted with systemd as init system (PID 1). Can't operate." >&2
exit 1
"""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="walls are Linux's")


@pytest.fixture
def systemd_run(monkeypatch, tmp_path):
    """`systemd_run(script)` puts it first on the path; control groups there are none."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(walls, "GROUPS", tmp_path / "no groups")
    walls.bound_by.cache_clear()

    def give(script, counts=True):
        log, program = tmp_path / "log", tmp_path / "systemd-run"
        program.write_text(script.format(python=sys.executable, log=log, counts=counts))
        program.chmod(0o755)
        return log

    yield give
    walls.bound_by.cache_clear()


@on_linux
@pytest.mark.parametrize("user", [0, 1000])
def test_systemd_bounds_a_submission_whoever_marks(systemd_run, started, monkeypatch, user):
    """Of the user's environment systemd-run sees what it needs, and the submission nothing."""
    log = systemd_run(SYSTEMD_RUN)
    monkeypatch.setattr(walls.os, "geteuid", lambda: user)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert walls.bound_by() == "systemd"
    monkeypatch.setattr(walls, "PROCESSES", 7)
    monkeypatch.setattr(walls, "MEMORY", 2**31)
    worker = started("import os\nenvironment = dict(os.environ)", confinement="none")
    assert walls.ENVIRONMENT.items() <= worker.get("environment").items()
    assert "XDG_RUNTIME_DIR" not in worker.get("environment")
    *_, options = map(json.loads, log.read_text().splitlines())
    assert ("--user" in options) == (user != 0)
    limits = ["MemoryMax=2147483648", "MemorySwapMax=0", "TasksMax=7"]
    assert options[-3:] == [f"--property={limit}" for limit in limits]
    assert set(options[:-3]) - {"--user"} == {"--quiet", "--scope", "--collect"}


@on_linux
@pytest.mark.parametrize("lacks", ["systemd", "the kernel's count"])
def test_a_systemd_that_bounds_nothing_is_no_wall(systemd_run, tmp_path, refused, monkeypatch, capsys, lacks):
    monkeypatch.setattr(walls, "usable", lambda _: True)
    systemd_run(NOT_BOOTED) if lacks == "systemd" else systemd_run(SYSTEMD_RUN, counts=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    with refused("^this machine has no wall for memory and the number .* Say --trusted"):
        grade("vdsr-lab", tmp_path / "in", tmp_path / "marks.csv")
    with refused("no such folder"):
        grade("vdsr-lab", tmp_path / "in", tmp_path / "marks.csv", trusted=True)
    assert capsys.readouterr().out.startswith("without a wall for memory and the number of processes")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_not_read(tmp_path, kind):
    """A link may lead to another's notebook, and a pipe never ends."""
    path, other = tmp_path / "ada.ipynb", tmp_path / "bob"
    other.write_text("{}")
    {"link": lambda: path.symlink_to(other), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    with pytest.raises((OSError, ValueError)):
        judge.load(path)


def test_where_a_wall_lacks_one_line_says_which(tmp_path, refused, monkeypatch, capsys):
    monkeypatch.setattr(walls, "usable", lambda _: False)
    monkeypatch.setattr(walls, "bound_by", lambda: None)
    with refused("no wall for files, network and processes .*; memory and the number .* --trusted"):
        grade("vdsr-lab", tmp_path, tmp_path / "marks.csv")
    with refused("holds no notebook"):
        grade("vdsr-lab", tmp_path, tmp_path / "marks.csv", trusted=True)
    assert capsys.readouterr().out.startswith("without a wall for files, network and processes")
