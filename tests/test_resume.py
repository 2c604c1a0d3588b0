"""A training killed at any moment and started again ends at the same weights."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from restorelib import runs
from restorelib.checkpoints import read_tensors
from restorelib.errors import RestoreError
from restorelib.sets import file_digest

TRIALS = 10


def train(recipe, folder):
    """One process of a training that saves its state after every update."""
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 -- the process ends with it
    runs.make(recipe, "smoke", folder, checkpoint_seconds=0)


@pytest.fixture(scope="module")
def start():
    """`start(recipe, folder)` trains in another process, forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["restorelib.runs"])

    def begin(recipe, folder):
        process = context.Process(target=train, args=(recipe, folder))
        process.start()
        return process

    return begin


def wait_for_update(folder, number, process):
    """Return when the checkpoint of a training is of this update or a later one, or the training is over."""
    with suppress(RestoreError, KeyError):  # the checkpoint of a finished training is gone
        while process.is_alive():
            about = read_tensors(folder / "checkpoint.safetensors")[1]
            if json.loads(about["progress"])["step"] >= number:
                return
            time.sleep(0.002)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (signal.SIGKILL, {}),
        (signal.SIGTERM, {}),
        (signal.SIGKILL, {"optimiser": "muon", "average": 0.9, "options": {"width": 32}}),
    ],
    ids=["SIGKILL", "SIGTERM", "SIGKILL-muon-average"],
)
def test_ten_ends_at_random_moments_change_nothing(
    recipe, start, wait_for_training, tmp_path, number, changes
):
    longer = recipe.vary("tiny", updates=30, **changes)

    process = start(longer, tmp_path / "unbroken")
    process.join()
    expected = file_digest(tmp_path / "unbroken" / "weights.safetensors")

    moment = random.Random(0)
    unfinished = 0
    for trial in range(TRIALS):
        folder = tmp_path / str(trial)
        process = start(longer, folder)
        wait_for_training(folder)
        wait_for_update(folder, moment.randrange(15), process)
        time.sleep(moment.uniform(0, 0.02))  # somewhere in an update
        with suppress(ProcessLookupError):  # it was faster this time
            os.kill(process.pid, number)
        process.join()
        unfinished += not (folder / "record.json").exists()

        process = start(longer, folder)
        process.join()
        assert process.exitcode == 0
        assert file_digest(folder / "weights.safetensors") == expected, f"trial {trial}"
        assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights.safetensors"]
        # Updates are counted once, although some were done twice.
        assert runs.record(folder).updates == 30
    assert unfinished, "the kills came too late to mean anything"


def test_the_command_line_continues_a_killed_training(wait_for_training, tmp_path):
    def command(folder):
        words = ["train", "vdsr", "--profile", "smoke", "--out", folder, "--checkpoint-seconds", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "restorelib", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return process

    whole = command(tmp_path / "whole")
    broken = command(tmp_path / "broken")
    wait_for_training(tmp_path / "broken")
    broken.kill()
    broken.communicate()
    assert broken.returncode == -signal.SIGKILL
    assert not (tmp_path / "broken" / "record.json").exists()
    said = command(tmp_path / "broken").communicate()[0]
    whole.communicate()
    assert f"{tmp_path / 'broken'}: 30 updates" in said
    assert file_digest(tmp_path / "broken" / "weights.safetensors") == file_digest(
        tmp_path / "whole" / "weights.safetensors"
    )
