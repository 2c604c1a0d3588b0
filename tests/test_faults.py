"""What can go wrong while training: never a spoiled or lost checkpoint, always one clear line."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from pace import HANGS
from safetensors.torch import save_file

from restorelib import runs
from restorelib.checkpoints import read_tensors, write_tensors
from restorelib.sets import file_digest, load_set
from restorelib.training import Training


def train(*words, file_limit=None):
    """`restorelib train vdsr --profile smoke` in a process of its own."""

    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.Popen(
        [sys.executable, "-m", "restorelib", "train", "vdsr", "--profile", "smoke", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"},
        preexec_fn=limit_files if file_limit else None,
    )


def complaint(process):
    """The one line a failed process leaves."""
    said, complaints = process.communicate(timeout=HANGS)
    assert process.returncode == 1, complaints
    assert said == ""
    assert complaints.count("\n") == 1, complaints
    return complaints


@pytest.fixture
def checkpoint(recipe, small_set, tmp_path):
    """A training of five updates, saved: (its checkpoint, a function that starts it again)."""
    pictures = load_set(str(small_set))

    def start(changed=recipe):
        return Training(changed, list(pictures.values()), pictures, tmp_path)

    training = start()
    for _ in range(5):
        training.step()
    training.save()
    return tmp_path / "checkpoint.safetensors", start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_asked_to_end_finishes_its_update_and_saves(number, wait_for_training, tmp_path):
    out = tmp_path / "run"
    process = train("--out", out, "--checkpoint-seconds", "0")
    wait_for_training(out)
    process.send_signal(number)
    name = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[number]
    line = complaint(process)
    assert line.startswith(f"restorelib: vdsr: stopped by {name} after update ")
    assert "start it again the same way to continue" in line
    _, about = read_tensors(out / "checkpoint.safetensors")
    assert f"after update {json.loads(about['progress'])['step']};" in line

    said, _ = train("--out", out).communicate(timeout=HANGS)
    assert "30 updates in" in said


def test_a_full_disk_is_one_line_and_the_old_checkpoint_stays(tmp_path):
    out = tmp_path / "run"
    # Room for a part of the checkpoint only: the system ends the write half way, as a full disk does.
    line = complaint(train("--out", out, "--checkpoint-seconds", "0", file_limit=4096))
    assert "checkpoint.safetensors: cannot be written (File too large)" in line
    assert list(out.iterdir()) == []

    write_tensors(out / "checkpoint.safetensors", {"a": torch.zeros(3)})
    before = file_digest(out / "checkpoint.safetensors")
    assert "was made by another recipe" in complaint(train("--out", out, file_limit=4096))
    assert file_digest(out / "checkpoint.safetensors") == before


def test_a_disk_that_fills_later_costs_only_what_came_after_the_last_checkpoint(checkpoint):
    path, start = checkpoint
    before = file_digest(path)
    training = start()
    training.step()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(runs.RestoreError, match="cannot be written"):
            training.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert file_digest(path) == before
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint.safetensors"]
    assert start().progress.step == 5


@pytest.mark.parametrize("out", ["/proc/restorelib", "/dev/null/run"])
def test_a_folder_that_cannot_be_written_is_one_line(out):
    assert f"restorelib: {out}: cannot be made" in complaint(train("--out", out))


def test_a_checkpoint_cut_short_at_ten_places_is_one_line_and_stays(checkpoint, refused):
    path, start = checkpoint
    content = path.read_bytes()
    lengths = random.Random(0)
    for length in [0, 7, *(lengths.randrange(8, len(content)) for _ in range(8))]:
        path.write_bytes(content[:length])
        with refused(r"checkpoint.safetensors: is damaged or no safetensors file .*; replace or remove it"):
            start()
        assert path.read_bytes() == content[:length]
    path.write_bytes(content)
    assert start().progress.step == 5


def test_a_checkpoint_of_something_else_is_one_line(checkpoint, refused):
    path, start = checkpoint
    path.write_bytes(b"PK\x03\x04 a pickle in a zip file, as torch.save makes them")
    with refused("is damaged or no safetensors file"):
        start()
    path.unlink()
    save_file({"a": torch.zeros(2)}, path)
    with refused("was made by another recipe"):
        start()


def test_a_changed_recipe_is_refused_and_the_checkpoint_stays(checkpoint, recipe, refused):
    path, start = checkpoint
    before = file_digest(path)
    for changed in (replace(recipe, lr=0.5), replace(recipe, seed=1), recipe.vary("x", options={"width": 9})):
        with refused("was made by another recipe; choose another --out or remove it"):
            start(changed)
    assert file_digest(path) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_never_reaches_the_checkpoint(checkpoint, value, refused):
    path, start = checkpoint
    before = file_digest(path)
    training = start()
    next(training.network.parameters()).data.fill_(value)
    with refused("the loss is (nan|inf) near update 6; lower the learning rate or clip harder"):
        training.run(checkpoint_seconds=0)
    assert file_digest(path) == before
    assert start().run().step == 20
