"""Data-parallel training with two processes on the CPU, as `torchrun` and `accelerate launch` start it."""

import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pace import HANGS

from restorelib import runs
from restorelib.degrade import Bicubic
from restorelib.patches import Patches
from restorelib.sets import load_set
from restorelib.training import Training

UPDATES = 8


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def one_of_two(rank, port, recipe, pictures, folder, queue):
    """What one process sees: its losses, its first patches, the final weights."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TQDM_DISABLE": "1",
    }
    torch.set_num_threads(1)
    training = Training(recipe, pictures, {}, folder / str(rank), precision="no")
    (folder / str(rank)).mkdir()
    first = training.patches.batch(0)[1]
    losses = [training.step().item() for _ in range(UPDATES)]
    training.note([torch.tensor(float(rank))])
    training.save()
    weights = {name: tensor.tolist() for name, tensor in training.weights().items()}
    queue.put((rank, losses, first.tolist(), weights, training.progress.loss, training.batch))
    torch.distributed.destroy_process_group()


def two_processes(recipe, pictures, folder):
    """The results of `one_of_two` for both ranks."""
    context = multiprocessing.get_context("spawn")
    queue, port = context.Queue(), free_port()
    processes = [
        context.Process(target=one_of_two, args=(rank, port, recipe, pictures, folder, queue))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    results = sorted(queue.get(timeout=HANGS) for _ in processes)
    for process in processes:
        process.join(HANGS)
        assert process.exitcode == 0
    return results


def doubled_batch(recipe, pictures):
    """One process that is given the patches of both ranks: its losses and weights."""
    training = Training(recipe, pictures, {}, precision="no")
    arguments = (pictures, recipe.task, recipe.patch, recipe.batch, 1, recipe.seed)
    ranks = [Patches(*arguments, rank) for rank in range(2)]
    training.patches.batch = lambda step: tuple(
        torch.cat(both) for both in zip(*(patches.batch(step) for patches in ranks), strict=True)
    )
    losses = [training.step().item() for _ in range(UPDATES)]
    return losses, training.weights()


@pytest.mark.parametrize(
    ("loss", "optimiser", "width"), [("l1", "sgd", 8), ("sse", "sgd", 8), ("l1", "muon", 32)]
)
def test_two_processes_train_as_one_with_the_doubled_batch(
    recipe, small_set, tmp_path, loss, optimiser, width
):
    recipe = recipe.vary(
        "tiny",
        options={"width": width},
        loss=loss,
        lr=1e-3,
        optimiser=optimiser,
        clip="norm",
        clip_threshold=0.5,
    )
    pictures = list(load_set(str(small_set)).values())
    results = two_processes(recipe, pictures, tmp_path)
    losses, weights = doubled_batch(recipe, pictures)

    means = [(a + b) / 2 for a, b in zip(results[0][1], results[1][1], strict=True)]
    assert means == pytest.approx(losses, rel=1e-5)
    for _, _, _, own, noted, batch in results:
        for name, tensor in weights.items():
            assert torch.allclose(torch.tensor(own[name]), tensor, atol=1e-6), name
        assert noted == [[UPDATES, 0.5]]  # the mean of the ranks' 0 and 1
        assert batch == 2 * recipe.batch
    assert results[0][2] != results[1][2], "both ranks drew the same patches"
    assert [path.name for path in sorted(tmp_path.glob("*/*"))] == ["checkpoint.safetensors"]
    assert (tmp_path / "0" / "checkpoint.safetensors").exists()


def launch(launcher, out, *words):
    """`restorelib train` in two processes."""
    launchers = {
        "torchrun": ["torch.distributed.run", "--nproc-per-node", "2", "--master-port"],
        "accelerate": [
            "accelerate.commands.launch",
            "--multi_gpu",
            "--num_processes",
            "2",
            "--main_process_port",
        ],
    }
    command = [sys.executable, "-m", *launchers[launcher], str(free_port()), "-m", "restorelib"]
    command += ["train", "vdsr", "--profile", "smoke", "--out", str(out), *words]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize("launcher", ["torchrun", "accelerate"])
def test_the_launchers_leave_one_run(launcher, tmp_path):
    process = launch(launcher, tmp_path / "run")
    said, complaints = process.communicate(timeout=HANGS)
    assert process.returncode == 0, complaints
    assert said.count("30 updates in") == 1
    about = runs.record(tmp_path / "run")
    assert (about.processes, about.updates) == (2, 30)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "record.json",
        "weights.safetensors",
    ]


def rank_of(pid):
    """The rank of a process, from its environment."""
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next((int(line[5:]) for line in environment if line.startswith(b"RANK=")), None)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the process to kill in /proc")
def test_a_killed_process_ends_the_training_with_a_line_and_a_checkpoint(wait_for_training, tmp_path):
    out = tmp_path / "run"
    process = launch("torchrun", out, "--checkpoint-seconds", "0")
    wait_for_training(out)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    second = next(int(child) for child in children if rank_of(child) == 1)
    os.kill(second, signal.SIGKILL)
    _, complaints = process.communicate(timeout=HANGS)
    assert process.returncode != 0
    lines = [line for line in complaints.splitlines() if line.startswith("restorelib:")]
    assert len(lines) == 1, complaints
    assert re.search(r"vdsr: (another process of this training has ended|stopped by SIGTERM)", lines[0])
    assert "start it again the same way to continue" in lines[0]
    assert not re.search(r'File ".*/restorelib/', complaints), complaints  # torchrun prints its own traceback
    assert [path.name for path in out.iterdir()] == ["checkpoint.safetensors"]

    process = launch("torchrun", out)
    assert process.communicate(timeout=HANGS)[0].count("30 updates in") == 1


def test_branches_of_other_scales_wait_without_gradients(recipe, small_set, tmp_path):
    several = replace(
        recipe,
        network="mdsr",
        options={"blocks": 1, "width": 8},
        task=tuple(Bicubic(scale, enlarge=False) for scale in (2, 3)),
        patch=8,
        batch=2,
    )
    pictures = list(load_set(str(small_set)).values())
    results = two_processes(several, pictures, tmp_path)
    assert results[0][3] == results[1][3]
