"""A chapter as in Colab: an empty folder, an environment that has torch and numpy, and the first cell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from address import configured
from pace import PATIENCE, slow

ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "book" / "vdsr.ipynb"


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


@slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout: nothing to install from")
@pytest.mark.timeout(1800 * PATIENCE)
def test_a_chapter_runs_where_nothing_is_installed(environment, tmp_path):
    # An older numpy than the newest: what is there already must stay.
    run(environment, tmp_path, "pip", "install", "-q", pinned("torch"), "numpy<2.3", "ipykernel", "nbclient")
    before = versions(environment, tmp_path)
    assert "restorelib" not in before
    (tmp_path / CHAPTER.name).write_bytes(CHAPTER.read_bytes())
    # On a busy machine nbclient was seen to overlook a reply until the timeout, and then go on.
    limits = ("--timeout=900", f"--startup_timeout={60 * PATIENCE:.0f}")
    run(environment, tmp_path, "jupyter-execute", "--inplace", *limits, CHAPTER.name)
    after = versions(environment, tmp_path)
    assert {name: after[name] for name in before} == before
    assert "restorelib" in after
    where = run(environment, tmp_path, "python", "-c", "import restorelib; print(restorelib.__file__)")
    assert where.startswith(str(Path(environment["PATH"].split(os.pathsep)[0]).parent))
    assert (tmp_path / "runs" / "vdsr-smoke" / "record.json").is_file()
