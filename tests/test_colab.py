"""Every notebook as in Colab: an empty folder, an environment with torch and numpy, and the first cell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from address import configured
from pace import PATIENCE, slow

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
# What a chapter trains.
TRAINED = {
    "vdsr": "vdsr",
    "rednet": "red20-noise50",
    "edsr": "edsr-x2",
    "memnet": "memnet",
    "mtrnn": "mtrnn",
}


def pinned(package):
    """The version of requirements.txt, whose torch has a build without CUDA."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Variables of an environment that knows nothing of this folder but as the repository's address."""
    folder = tmp_path_factory.mktemp("colab")
    subprocess.run((sys.executable, "-m", "venv", folder), check=True)
    own = {k: v for k, v in os.environ.items() if not k.startswith(("RESTORELIB_", "PYTHON", "JUPYTER"))}
    return own | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "RESTORELIB_PROFILE": "smoke",
        "RESTORELIB_CACHE": str(folder / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/{}/{}".format(*configured(ROOT)),
    }


def run(environment, folder, *words):
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def versions(environment, folder):
    listed = json.loads(run(environment, folder, "pip", "list", "--format", "json"))
    return {package["name"]: package["version"] for package in listed}


@pytest.fixture(scope="module")
def found(environment, tmp_path_factory):
    """What is installed before the first notebook runs."""
    folder = tmp_path_factory.mktemp("empty")
    # An older numpy than the newest: what is there already must stay.
    run(environment, folder, "pip", "install", "-q", pinned("torch"), "numpy<2.3", "ipykernel")
    before = versions(environment, folder)
    assert "restorelib" not in before
    return before


@slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout: nothing to install from")
@pytest.mark.timeout(1800 * PATIENCE)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_where_nothing_is_installed(notebook, environment, found, tmp_path):
    (tmp_path / notebook.name).write_bytes(notebook.read_bytes())
    # Not through nbclient, which was seen to wait for a reply of an idle kernel until its timeout.
    run(environment, tmp_path, "ipython", "--no-banner", "--colors=NoColor", notebook.name)
    after = versions(environment, tmp_path)
    assert {name: after[name] for name in found} == found
    assert "restorelib" in after
    where = run(environment, tmp_path, "python", "-c", "import restorelib; print(restorelib.__file__)")
    assert where.startswith(str(Path(environment["PATH"].split(os.pathsep)[0]).parent))
    made = [path.parent.name for path in (tmp_path / "runs").glob("*/record.json")]
    assert made == ([f"{TRAINED[notebook.stem]}-smoke"] if notebook.stem in TRAINED else [])
