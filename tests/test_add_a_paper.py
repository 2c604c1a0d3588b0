"""The page "Add a paper" is true: its files, put where it says, and its commands make a paper of the book."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "add_a_paper.md").read_text(encoding="utf-8")
FILE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"into a notebook:\n\n```\n(.*?)```", re.DOTALL)
# Weights stay behind: the scoreboard reads records only, and they are 40 MB.
LEFT = shutil.ignore_patterns("*.safetensors", "__pycache__", "*.ipynb", "exercises", "_static")


def as_smoke(text):
    """What the page says for `quick`, for the size that takes seconds."""
    return text.replace("dncnn-quick", "dncnn-smoke").replace("--profile quick", "--profile smoke")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with the page's files in it."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("restorelib", "book", "tests", "tools"):
        shutil.copytree(ROOT / part, folder / part, ignore=LEFT)
    for name in ("pyproject.toml", "_toc.yml", "_config.yml"):
        shutil.copy(ROOT / name, folder)
    for path, text in FILE.findall(PAGE):
        (folder / path).write_text(as_smoke(text), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def added(project):
    """The copy after the page's commands, but for the last two, which are about the whole book."""
    (commands,) = COMMANDS.findall(PAGE)
    *commands, notebooks, test = as_smoke(commands).splitlines()
    assert (notebooks, test) == ("make notebooks", "make test")
    for command in commands:
        shell(project, command.replace(".venv/bin/", f"{Path(sys.executable).parent}/"))
    return project


def environment(project):
    # The copy's library comes before the installed one.
    return os.environ | {
        "PYTHONPATH": str(project),
        "RESTORELIB_PROFILE": "smoke",
        "RESTORELIB_RUNS": str(project / "runs"),
        "TQDM_DISABLE": "1",
    }


def shell(project, command):
    """Run a command in the copy; returns what it prints."""
    done = subprocess.run(
        command, shell=True, cwd=project, env=environment(project), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(project, *words):
    """What Python prints in the copy."""
    done = subprocess.run(
        (sys.executable, *words), cwd=project, env=environment(project), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_the_four_files_and_a_line_for_the_contents(project):
    places = ("restorelib/networks", "restorelib/recipes", "restorelib/papers", "book")
    assert all((project / place / "dncnn.py").is_file() for place in places)
    assert len(FILE.findall(PAGE)) == 4
    (line,) = re.findall(r"A line `- (file: \S+)` in `_toc.yml`", PAGE)
    (papers,) = [
        part["chapters"]
        for part in yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
        if part["caption"] == "The papers"
    ]
    assert yaml.safe_load(line).keys() == papers[-1].keys()


def test_the_files_are_in_the_book_s_style(project):
    ruff = (sys.executable, "-m", "ruff")
    settings = ("--config", str(ROOT / "pyproject.toml"), str(project / "restorelib"))
    for words in (("check",), ("format", "--check")):
        done = subprocess.run((*ruff, *words, *settings), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_the_network_s_size(project):
    # 9 * 64 + 64, fifteen times 9 * 64 * 64 and 2 * 64 of the normalisation, 9 * 64
    code = "import restorelib; print(sum(p.numel() for p in restorelib.build('dncnn').parameters()))"
    assert int(python(project, "-c", code)) == 640 + 15 * (36_864 + 128) + 576


def test_the_commands_ship_a_run_and_put_it_on_the_scoreboard(added):
    assert (added / "restorelib" / "runs" / "dncnn-smoke" / "weights.safetensors").is_file()
    page = (added / "book" / "scoreboard.md").read_text(encoding="utf-8")
    assert "## Noise of known level, PSNR on grey pictures: DnCNN-S" in page
    (row,) = [line for line in page.splitlines() if line.startswith("| BSD68, σ 25 | 29.23† |")]
    assert "/restorelib/runs/dncnn-smoke/record.json" in row
    assert (added / "book" / "dncnn.ipynb").is_file()


def test_the_scoreboard_s_tests_hold_with_it(added):
    said = python(added, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_scoreboard.py")
    assert " passed" in said


def test_the_run_reproduces_and_is_shown(added):
    said = python(added, "-m", "restorelib", "show", "dncnn-smoke")
    assert "restorelib train dncnn --profile smoke trains it again" in said
    assert "scoreboard.md" in said.splitlines()[-1]


def test_the_chapter_runs_in_the_smoke_size(added):
    printed = python(added, "book/dncnn.py")
    assert "556,096 parameters" in printed
    assert "30 updates of 4 patches" in printed


def test_the_command_line_knows_the_recipes(project):
    assert "dncnn-plain" in python(project, "-m", "restorelib", "train", "--list")
