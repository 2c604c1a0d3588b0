"""The archive for Gradescope stands alone: its setup installs what it imports, and it marks a submission."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from handed_in import most, solved
from pace import slow

from grading.build import PACKAGES, gradescope

LAB = "vdsr-lab"
MODULES = {"scikit-image": "skimage", "pyyaml": "yaml", "ipython": "IPython"}


@pytest.fixture
def home():
    """An /autograder of our own, where nobody may read as there."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def unpacked(folder):
    with zipfile.ZipFile(gradescope(LAB, folder)) as archive:
        archive.extractall(folder / "source")
    return folder / "source"


def test_what_the_archive_imports_is_in_it_or_installed_by_its_setup(tmp_path):
    source = unpacked(tmp_path)
    own = {"grading", "restorelib", *(path.stem for path in (source / "grading").glob("*.py"))}
    installed = {MODULES.get(package, package) for package in PACKAGES}
    for path in source.glob("*/*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            missing = {name.split(".")[0] for name in names} - own - installed - sys.stdlib_module_names
            assert not missing, path.name
    setup = (source / "setup.sh").read_text(encoding="utf-8")
    assert all(f" {package} " in setup for package in PACKAGES)


@slow
@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid(), reason="root and setpriv are needed")
def test_the_archive_marks_a_submission_in_an_empty_environment(home):
    empty = {"PATH": "/usr/bin:/bin", "AUTOGRADER": str(home)}
    empty |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    source = unpacked(home)
    for folder in ("submission", "results"):
        (home / folder).mkdir()
    (home / "submission" / "ada.ipynb").write_text(json.dumps(solved(LAB, {})), encoding="utf-8")
    setup = (source / "setup.sh").read_text(encoding="utf-8").splitlines()
    setup = [line for line in setup if "apt-get" not in line]  # the system is not this test's to change
    subprocess.run(["bash", "-c", "\n".join(setup)], env=empty, check=True)
    subprocess.run(["bash", source / "run_autograder"], env=empty, check=True)
    told = json.loads((home / "results" / "results.json").read_text(encoding="utf-8"))
    assert {test["name"]: test["score"] for test in told["tests"]} == most(LAB), told
