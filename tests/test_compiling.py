"""torch.compile where there is no compiler."""

import pytest

from restorelib import compiling, runs
from restorelib.recipes import find


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    """A machine without a compiler, and nothing that was compiled before."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    compiling.check_compiler.cache_clear()
    yield
    compiling.check_compiler.cache_clear()


@pytest.mark.filterwarnings("default")
def test_without_a_compiler_nothing_is_begun(no_compiler, refused, tmp_path):
    with refused(r"does not work here \(.*compiler.*\); install a C\+\+ compiler such as g\+\+, or leave"):
        runs.make(find("srcnn", "smoke"), "smoke", tmp_path / "run", compiled=True)
    assert not (tmp_path / "run").exists()
