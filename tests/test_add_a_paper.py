"""The page "Add a paper" is true: its files, put where it says, train, score and fill a table."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the library with the page's files in it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(
        ROOT / "restorelib", folder / "restorelib", ignore=shutil.ignore_patterns("runs", "__pycache__")
    )
    (folder / "book").mkdir()
    page = (ROOT / "book" / "add_a_paper.md").read_text(encoding="utf-8")
    for path, text in FILE.findall(page):
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def run(project, *words):
    """What Python prints in the copy, whose library comes before the installed one."""
    environment = os.environ | {
        "PYTHONPATH": str(project),
        "RESTORELIB_PROFILE": "smoke",
        "RESTORELIB_RUNS": str(project / "runs"),
        "TQDM_DISABLE": "1",
    }
    done = subprocess.run(
        (sys.executable, *words), cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_has_the_four_files(project):
    places = ("restorelib/networks", "restorelib/recipes", "restorelib/published", "book")
    assert all((project / place / "dncnn.py").is_file() for place in places)


def test_the_files_are_in_the_book_s_style(project):
    ruff = (sys.executable, "-m", "ruff")
    settings = ("--config", str(ROOT / "pyproject.toml"), str(project / "restorelib"))
    for words in (("check",), ("format", "--check")):
        done = subprocess.run((*ruff, *words, *settings), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_the_network_s_size(project):
    # 9 * 64 + 64, fifteen times 9 * 64 * 64 and 2 * 64 of the normalisation, 9 * 64
    code = "import restorelib; print(sum(p.numel() for p in restorelib.build('dncnn').parameters()))"
    assert int(run(project, "-c", code)) == 640 + 15 * (36_864 + 128) + 576


def test_the_chapter_runs_in_the_smoke_size(project):
    printed = run(project, "book/dncnn.py")
    assert "556,096 parameters" in printed
    assert "30 updates of 4 patches" in printed
    assert (project / "runs" / "dncnn-smoke" / "weights.safetensors").is_file()


def test_the_command_line_knows_the_recipes(project):
    assert "dncnn-plain" in run(project, "-m", "restorelib", "train", "--help")
