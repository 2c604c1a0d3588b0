"""The machine: which commit the code is of, where there is git and where there is none."""

import subprocess

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
