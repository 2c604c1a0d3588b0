"""Makes student copies, solutions and Gradescope's archives from the masters, with otter-grader."""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import nbformat
import yaml

from grading.master import EXERCISES, MASTERS, ROOT, Exercise, read
from restorelib.errors import RestoreError

STUDENT = MASTERS / "student"
BUILT = ROOT / "_build" / "exercises"

START = """\
# Run this first: it brings the checks.
from pathlib import Path
from urllib.request import urlretrieve

try:
    import otter
except ImportError:  # an empty Colab runtime
    %pip install -q {otter}
    import otter

Path("tests").mkdir(exist_ok=True)
for question in {questions}:
    if not Path(f"tests/{{question}}.py").exists():
        urlretrieve(f"{raw}/{{question}}.py", f"tests/{{question}}.py")
grader = otter.Notebook(tests_dir="tests")"""

# In a virtual environment, because newer systems let pip install nowhere else.
SETUP = """\
#!/usr/bin/env bash
set -e
home=${{AUTOGRADER:-/autograder}}
command -v apt-get > /dev/null && apt-get update && apt-get install -y python3-venv util-linux
python3 -m venv "$home/python"
"$home/python/bin/pip" install {packages} --extra-index-url https://download.pytorch.org/whl/cpu
"""
PACKAGES = ("torch", "numpy", "scikit-image", "nbformat", "pyyaml", "ipython", "matplotlib", "typer")
RUN = """\
#!/usr/bin/env bash
set -e
home=${{AUTOGRADER:-/autograder}}
chmod 700 "$home/source" "$home/results"
cd "$home/source"
"$home/python/bin/python" -m grading gradescope-run {exercise} "$home/submission" "$home/results/results.json"
"""
NEEDED = ("restorelib/errors.py", "restorelib/output.py", "grading/*.py")


# One process for all, because importing otter takes longer than its work.
ASSIGN = """\
import sys
from otter.assign import main
for master in sys.argv[1:]:
    main(master, master.removesuffix(".ipynb"), no_run_tests=True)
"""


def assign(python: Path, folder: Path) -> None:
    """Run `otter assign` on all exercises: FOLDER/NAME gets student/ and autograder/, the lecturer's copy."""
    masters = [folder / f"{exercise}.ipynb" for exercise in EXERCISES]
    for exercise, master in zip(EXERCISES, masters, strict=True):
        about = read(exercise)
        about.notebook.cells.insert(2, nbformat.v4.new_code_cell(start_cell(about)))
        nbformat.write(about.notebook, master)
    done = subprocess.run([python, "-c", ASSIGN, *masters], capture_output=True, text=True)
    if done.returncode:
        raise RestoreError(f"otter assign failed: {done.stderr.strip().splitlines()[-1]}")
    for path in folder.glob("*/*/*.ipynb"):
        same_every_time(path)


def start_cell(about: Exercise) -> str:
    """The first cell of a student's copy: it installs otter-grader and fetches the tests where they lack."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    owner_and_name = settings["repository"]["url"].removeprefix("https://github.com/")
    raw = f"https://raw.githubusercontent.com/{owner_and_name}/main/book/exercises/student/{about.name}/tests"
    lines = (MASTERS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (otter,) = (line for line in lines if line.startswith("otter-grader"))
    questions = tuple(question.name for question in about.questions if not question.manual)
    return START.format(otter=otter, questions=questions, raw=raw)


def same_every_time(path: Path) -> None:
    """Give the cells of a notebook names that depend on their places alone."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)


def build(python: Path, student: Path = STUDENT, built: Path = BUILT) -> None:
    """Student copies into `student`, solutions and archives into `built`; `python` has otter-grader."""
    for folder in (student, built):
        shutil.rmtree(folder, ignore_errors=True)
    (built / "solutions").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as made:
        assign(python, Path(made))
        for exercise in EXERCISES:
            copies = Path(made) / exercise
            shutil.copytree(copies / "student", student / exercise)
            shutil.copy(copies / "autograder" / f"{exercise}.ipynb", built / "solutions")
            gradescope(exercise, built)
            print(f"{exercise}: {sum(question.worth for question in read(exercise).questions):g} points")


def gradescope(exercise: str, folder: Path) -> Path:
    """The archive that Gradescope's autograder is configured with."""
    target = folder / f"gradescope-{exercise}.zip"
    master = MASTERS / f"{exercise.rsplit('-', 1)[0]}.ipynb"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("setup.sh", SETUP.format(packages=" ".join(PACKAGES)))
        archive.writestr("run_autograder", RUN.format(exercise=exercise))
        archive.writestr(
            "restorelib/__init__.py", ""
        )  # no more of the library is needed than errors and output
        for path in [master, *(path for pattern in NEEDED for path in sorted(ROOT.glob(pattern)))]:
            archive.write(path, path.relative_to(ROOT))
    return target
