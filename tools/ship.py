"""Take a finished run into the package: python tools/ship.py runs/NAME-PROFILE [...] [--record-only]

The weights are kept in half precision where no score of the record moves by 0.001 dB, else as they are.
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import torch

from restorelib import runs
from restorelib.checkpoints import read_tensors, write_safely, write_tensors
from restorelib.evaluation import evaluate
from restorelib.images import file_digest, load_set
from restorelib.metrics import Protocol

UNMOVED = 0.001  # dB; a test compares shipped scores with what the weights give to 0.002


def ship(source: Path, shipped: Path = runs.SHIPPED, record_only: bool = False) -> Path:
    """Copy record and weights of the run in `source` to `shipped`; returns the new folder."""
    about = runs.record(source)
    target = shipped / about["name"]
    target.mkdir(parents=True, exist_ok=True)
    if not record_only:
        weights, _ = read_tensors(source / "weights.safetensors")
        write_tensors(target / "weights.safetensors", {k: v.half() for k, v in weights.items()})
        about["weights_sha256"] = file_digest(target / "weights.safetensors")
    _write(target, about)
    if not record_only and moved(target, about) > UNMOVED:
        shutil.copy(source / "weights.safetensors", target)
        about["weights_sha256"] = file_digest(target / "weights.safetensors")
        _write(target, about)
    return target


def moved(folder: Path, about: dict) -> float:
    """By how many dB a recorded score on the bundled pictures or Set5 differs from the folder's weights'."""
    network, (trained, *_) = runs.load(folder), runs.degradations(about)
    differences = [0.0]
    for score in about["scores"]:
        if score["set"] in ("bundled", "Set5"):
            degradation = replace(trained, **{trained.key: score[trained.key]})
            protocol = Protocol(**score["protocol"])
            again = evaluate(network, load_set(score["set"]), degradation, protocol)
            differences.append(abs(again["psnr"] - score["psnr"]))
    return max(differences)


def _write(folder: Path, about: dict) -> None:
    write_safely(folder / "record.json", (json.dumps(about, indent=1) + "\n").encode())


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sources = [word for word in sys.argv[1:] if word != "--record-only"]
    if not sources:
        sys.exit(__doc__)
    for source in sources:
        folder = ship(Path(source), record_only="--record-only" in sys.argv)
        print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 2**20:.1f} MiB")
