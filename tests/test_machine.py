"""The machine: which commit the code is of, and that freed memory is kept where that can be asked for."""

import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from restorelib import machine, runs


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The library as if it lay in a folder that is no checkout."""
    (tmp_path / "restorelib").mkdir()
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "restorelib" / "machine.py"))
    return tmp_path


def git(folder, *words):
    told = ("-c", "user.name=Reader", "-c", "user.email=reader@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(("git", "-C", folder, *told, *words), capture_output=True, text=True, check=True)
    return done.stdout.strip()


# ---------------------------------------------------------------- the commit


def test_without_git_the_commit_is_what_the_environment_says(elsewhere, monkeypatch):
    monkeypatch.delenv("RESTORELIB_COMMIT", raising=False)
    assert machine.commit() is None
    monkeypatch.setenv("RESTORELIB_COMMIT", "")
    assert machine.commit() is None
    monkeypatch.setenv("RESTORELIB_COMMIT", "0123abc")
    assert machine.commit() == "0123abc"
    monkeypatch.setenv("PATH", str(elsewhere))  # not even installed
    assert machine.commit() == "0123abc"


def test_in_a_checkout_git_is_asked(elsewhere, monkeypatch):
    monkeypatch.setenv("RESTORELIB_COMMIT", "0123abc")
    git(elsewhere, "init", "--quiet")
    git(elsewhere, "commit", "--quiet", "--allow-empty", "--message", "a library")
    assert machine.commit() == git(elsewhere, "rev-parse", "HEAD")
    (elsewhere / "restorelib" / "changed.py").touch()
    assert machine.commit() == git(elsewhere, "rev-parse", "HEAD") + "+"


def test_a_record_made_without_git_has_the_commit(elsewhere, monkeypatch, recipe, tmp_path):
    monkeypatch.setenv("RESTORELIB_COMMIT", "0123abc")
    assert runs.record(runs.make(recipe, "smoke", tmp_path / "run")).commit == "0123abc"


# ---------------------------------------------------------------- memory that stays

# Prints how many MiB a process gives back when it frees 64.
FREED = """
import ctypes, sys
from pathlib import Path
if sys.argv[1] == "restorelib":
    import restorelib
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 2**10

block = libc.malloc(64 * 2**20)
ctypes.memset(block, 1, 64 * 2**20)
before = resident()
libc.free(block)
print(before - resident())
"""


def has_glibc():
    return "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()) and hasattr(
        ctypes.CDLL(None), "gnu_get_libc_version"
    )


@pytest.mark.skipif(not has_glibc(), reason="only glibc can be told to keep memory")
@pytest.mark.parametrize(("imported", "given_back"), [("restorelib", 0), ("nothing", 64)])
def test_freed_memory_stays(imported, given_back):
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", FREED, imported], capture_output=True, text=True, check=True, env=plain
    )
    assert float(done.stdout) == pytest.approx(given_back, abs=2)


@pytest.mark.parametrize("without", [AttributeError, OSError, TypeError])  # musl, no library, Windows
def test_elsewhere_nothing_is_changed(without, monkeypatch):
    def opened(name):
        if without is AttributeError:
            return SimpleNamespace(mallopt=lambda *setting: pytest.fail("is not glibc's"))
        raise without

    monkeypatch.setattr(ctypes, "CDLL", opened)
    assert machine.keep_memory() is False


def test_glibc_is_told_both(monkeypatch):
    told = []
    libc = SimpleNamespace(gnu_get_libc_version=None, mallopt=lambda *setting: told.append(setting) or 1)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    assert machine.keep_memory() is True
    assert told == [(-4, 0), (-1, -1)]  # M_MMAP_MAX, M_TRIM_THRESHOLD
