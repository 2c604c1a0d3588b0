"""Take a finished run into the package: python tools/ship.py runs/NAME-PROFILE [...] [--record-only]

The weights are kept in half precision where the record has scores of "bundled" or Set5 and none of their
pictures moves by 0.001 dB, else as they are. Small tensors stay as they are in any case: they take little
space, and among them are the first and the last layer, whose rounding shows most.
"""

import shutil
import sys
from pathlib import Path

from restorelib import records, runs
from restorelib.checkpoints import read_tensors, write_tensors
from restorelib.errors import RestoreError
from restorelib.records import Record
from restorelib.sets import file_digest, load_set

SMALL = 20_000  # numbers
UNMOVED = 0.001  # dB; a test compares shipped scores with what the weights give to 0.002


def ship(source: Path, shipped: Path = runs.SHIPPED, record_only: bool = False) -> Path:
    """Copy record and weights of the run in `source` to `shipped`; returns the new folder."""
    about = runs.record(source)
    target = shipped / about.name
    target.mkdir(parents=True, exist_ok=True)
    if record_only:
        records.write(target / "record.json", about)
        return target
    weights, _ = read_tensors(source / "weights.safetensors")
    halves = {k: v.half() if v.is_floating_point() and v.numel() > SMALL else v for k, v in weights.items()}
    write_tensors(target / "weights.safetensors", halves)
    describe_weights(target, about)
    if moved(target, about) > UNMOVED:
        shutil.copy(source / "weights.safetensors", target)
        describe_weights(target, about)
    return target


def describe_weights(folder: Path, about: Record) -> None:
    """Write the record of a run for the weights that lie in the folder now."""
    digest = file_digest(folder / "weights.safetensors")
    records.write(folder / "record.json", about.model_copy(update={"weights_sha256": digest}))


def moved(folder: Path, about: Record) -> float:
    """By how many dB at most a record's score of a bundled or Set5 picture differs; infinity without one."""
    differences = []
    for score in about.scores:
        if score.set in ("bundled", "Set5"):
            again = runs.rescore(folder, load_set(score.set), score)
            pairs = zip(again["images"], score.images, strict=True)
            differences += [abs(now["psnr"] - then.psnr) for now, then in pairs]
    return max(differences, default=float("inf"))


if __name__ == "__main__":
    sources = [word for word in sys.argv[1:] if word != "--record-only"]
    if not sources:
        sys.exit(__doc__)
    try:
        for source in sources:
            folder = ship(Path(source), record_only="--record-only" in sys.argv)
            print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 2**20:.1f} MiB")
    except RestoreError as error:
        sys.exit(f"ship: {error}")
