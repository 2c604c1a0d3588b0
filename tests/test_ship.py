"""Shipping a run: half precision where it changes nothing, full where it does, or the record alone."""

import importlib.util
import shutil
from pathlib import Path

import pytest
import torch

from restorelib import records, runs
from restorelib.checkpoints import read_tensors, write_tensors
from restorelib.sets import file_digest

SCRIPT = Path(__file__).parents[1] / "tools" / "ship.py"
spec = importlib.util.spec_from_file_location("ship", SCRIPT)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.fixture
def run(finished_run, tmp_path, monkeypatch, small_set):
    """A copy of the tiny run whose test set counts as one that shipping looks at."""
    copy = shutil.copytree(finished_run, tmp_path / "tiny-smoke")
    rewrite(copy, scores=on("Set5", copy))
    load = tool.load_set
    monkeypatch.setattr(tool, "load_set", lambda name: load(str(small_set)))
    return copy


def rewrite(folder, **changes):
    """Change fields of a run's record; returns the new one."""
    records.write(folder / "record.json", runs.record(folder).model_copy(update=changes))
    return runs.record(folder)


def on(name, folder):
    """The scores of a run, as if they were of the set `name`."""
    return tuple(score.model_copy(update={"set": name}) for score in runs.record(folder).scores)


def dtypes(folder):
    return {tensor.dtype for tensor in read_tensors(folder / "weights.safetensors")[0].values()}


def test_large_weights_in_half_precision_where_no_score_moves(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "SMALL", 100)
    shipped = tool.ship(run, tmp_path / "shipped")
    assert shipped.name == "tiny-smoke"
    tensors, _ = read_tensors(shipped / "weights.safetensors")
    large = {name for name, tensor in tensors.items() if tensor.numel() > 100}
    assert {name for name, tensor in tensors.items() if tensor.dtype == torch.float16} == large
    assert 0 < len(large) < len(tensors)
    about = runs.record(shipped)
    assert about.weights_sha256 == file_digest(shipped / "weights.safetensors")
    assert about == runs.record(run).model_copy(update={"weights_sha256": about.weights_sha256})
    network = runs.load(shipped)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_full_precision_where_half_is_not_enough(run, tmp_path):
    weights, _ = read_tensors(run / "weights.safetensors")
    # These weights don't give the recorded scores, and neither do their halves: nothing may be shortened.
    weights["layers.2.bias"] += 0.1
    write_tensors(run / "weights.safetensors", weights)
    about = rewrite(run, weights_sha256=file_digest(run / "weights.safetensors"))
    shipped = tool.ship(run, tmp_path / "shipped")
    assert dtypes(shipped) == {torch.float32}
    assert file_digest(shipped / "weights.safetensors") == about.weights_sha256
    assert runs.load(shipped).record.weights_sha256 == about.weights_sha256


def test_the_record_alone(run, tmp_path, refused):
    shipped = tool.ship(run, tmp_path / "shipped", record_only=True)
    assert [path.name for path in shipped.iterdir()] == ["record.json"]
    with refused("is a record without weights; train it again"):
        runs.load(shipped)


def test_full_precision_where_nothing_can_be_compared(run, tmp_path):
    rewrite(run, scores=on("Set12", run))
    assert dtypes(tool.ship(run, tmp_path / "shipped")) == {torch.float32}
