"""What a submission can do to the machine: next to nothing."""

import os

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
MEMORY = {
    "children": """
import os, time
pipes = []
for _ in range(8):
    done, write = os.pipe()
    if os.fork() == 0:
        x = b"x" * (2**28)
        os.write(write, b"!")
        time.sleep(1000)
    pipes.append(done)
for done in pipes:
    os.read(done, 1)
""",
    "memfds": """
import os
for _ in range(40):
    os.write(os.memfd_create("a"), b"x" * 6 * 10**7)
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
    """`started(cell, ...)`: a worker behind all walls that has run these cells."""
    links = []

    def give(*cells):
        links.append(link.Link("bwrap"))
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
    monkeypatch.setitem(walls.LIMITS, "memory", ("memory.limit_in_bytes", 2**30))
    with pytest.raises((link.StoppedError, link.SubmissionError)):
        started(MEMORY[way])


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
