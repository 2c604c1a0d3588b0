"""Do the running statistics of batch normalisation fit the weights that they are used with?

A training normalises with the statistics of its batch, a restoration with running ones, averages over some
ten updates before. Where weights move fast these belong to weights that are gone, and a validation falls.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np

from restorelib import output, runs
from restorelib.averaging import measure_statistics
from restorelib.evaluation import evaluate
from restorelib.recipes import find
from restorelib.sets import load_set
from restorelib.training import Training


def scores(training: Training) -> dict[str, float]:
    """PSNR on the validation pictures in dB of the weights as they are now, with two kinds of statistics.

    "running" is what a validation gives, "measured" has those of twenty batches of the training, with these
    weights.
    """

    def psnr() -> float:
        each = (evaluate(network, training.validation, task)["psnr"] for task in training.recipe.task)
        return float(np.mean(list(each)))

    network = training.trained()
    running = psnr()
    measure_statistics(network, partial(training.restore, network))
    return {"running": running, "measured": psnr()}


def measure(recipe: str, every: int, until: int, profile: str = "quick") -> Path:
    """Train a recipe up to an update and score its weights on the way; returns the file in `measured/`."""
    made = find(recipe, profile)
    pictures = [image for name in made.train_on for image in load_set(name).values()]
    training = Training(made, pictures, runs.validation_pictures(made.validate_on), precision="no")
    rows = []
    while training.progress.step < until:
        training.step()
        if training.progress.step % every == 0:
            rows.append({"update": training.progress.step, **scores(training)})
    run = f"{recipe}-{profile}"
    content = {"run": run, "validations": rows}
    _file(run).write_text(output.json_of(content) + "\n", encoding="utf-8")
    return _file(run)


def measured(run: str) -> list[dict[str, float]]:
    """What `measure` stored for a shipped run: at each validation "update", "running" and "measured"."""
    return json.loads(_file(run).read_text(encoding="utf-8"))["validations"]


def _file(run: str) -> Path:
    return runs.MEASURED / f"norms-{run}.json"
