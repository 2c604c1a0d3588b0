"""The repository's address stands in _config.yml, and everything else agrees with it."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = "https://github.com"
COLAB = "colab.research.google.com/github"
RAW = "raw.githubusercontent.com"
REPOSITORY = re.compile(rf"(?:{COLAB}|{RAW}|github\.com)/([\w.-]+)/([\w.-]+)")

spec = importlib.util.spec_from_file_location("address", ROOT / "tools" / "address.py")
address = importlib.util.module_from_spec(spec)
spec.loader.exec_module(address)


def disagreements(root):
    """Every file and address that names this repository, but not as _config.yml does."""
    owner, name = address.configured(root)
    found = []
    for path, text in address.text_files(root).items():
        for match in REPOSITORY.finditer(text):
            other_owner, other_name = match[1], match[2].removesuffix(".git").rstrip(".")
            ours = match[0].startswith("colab.") or other_name == name or other_owner == "OWNER"
            if ours and (other_owner, other_name) != (owner, name):
                found.append(f"{path.relative_to(root)}: {match[0]}")
    return found


@pytest.fixture
def small_repository(tmp_path):
    files = {
        "_config.yml": f"repository:\n  url: {GITHUB}/ada/book\n",
        "README.md": f"[Pages](https://ada.github.io/book/), {GITHUB}/ada/bookshelf, ada/book.\n",
        "chapter.ipynb": f'"https://{COLAB}/ada/book/blob/main/chapter.ipynb"\n',
        "code.py": f'URL = "{RAW}/ada/book/main/x.png"\n',
        "others.md": f"{GITHUB}/other/code\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff ada/book")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_every_address_agrees():
    assert disagreements(ROOT) == []


def test_a_disagreement_is_found(small_repository):
    assert disagreements(small_repository) == []
    (small_repository / "code.py").write_text(f'"{GITHUB}/eve/book"')
    (found,) = disagreements(small_repository)
    assert found.startswith("code.py: ")
    assert found.endswith("/eve/book")


def test_the_address_is_written_everywhere(small_repository, capsys):
    address.main(f"{GITHUB}/grace/volume", small_repository)
    assert capsys.readouterr().out.split() == ["README.md", "_config.yml", "chapter.ipynb", "code.py"]
    assert address.configured(small_repository) == ("grace", "volume")
    assert disagreements(small_repository) == []
    readme = (small_repository / "README.md").read_text()
    assert (
        readme
        == "[Pages](https://grace.github.io/volume/), https://github.com/ada/bookshelf, grace/volume.\n"
    )
    assert "grace/volume/blob/main" in (small_repository / "chapter.ipynb").read_text()
    assert (small_repository / "picture.png").read_bytes() == b"\x89PNG\xff ada/book"


@pytest.mark.parametrize("wrong", ["", "github.com/a/b", f"{GITHUB}/a", "https://gitlab.com/a/b"])
def test_a_wrong_address_is_refused(small_repository, wrong):
    with pytest.raises(SystemExit, match="not an address"):
        address.main(wrong, small_repository)


def git(folder, *words):
    words = ("git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", *words)
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def jobs():
    """The jobs of the workflow that publishes, of a repository called grace/volume."""
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text.replace("${{ github.repository }}", "grace/volume"))["jobs"]


def test_actions_write_the_address_into_the_branch_once(small_repository, tmp_path_factory, jobs):
    shutil.copy(ROOT / "Makefile", small_repository)
    (small_repository / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "address.py", small_repository / "tools")
    git(small_repository, "add", ".")
    git(small_repository, "commit", "--quiet", "--message", "a book")
    remote, clone = (tmp_path_factory.mktemp("actions") / name for name in ("remote", "clone"))
    git(small_repository, "clone", "--quiet", "--bare", ".", remote)
    git(remote, "clone", "--quiet", ".", clone)
    (script,) = (step["run"] for step in jobs["address"]["steps"] if "run" in step)
    for _ in range(2):
        subprocess.run(("bash", "-e", "-c", script), cwd=clone, check=True, capture_output=True)
        assert git(remote, "rev-list", "--count", "HEAD").strip() == "2"
    assert git(remote, "show", "HEAD:_config.yml") == f"repository:\n  url: {GITHUB}/grace/volume\n"


def test_actions_write_the_address_before_they_build(jobs):
    commands = [step["run"] for step in jobs["publish"]["steps"] if "run" in step]
    assert commands == [f"make address ADDRESS={GITHUB}/grace/volume", "make book"]
