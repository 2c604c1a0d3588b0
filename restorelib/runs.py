"""What came out: a run is a folder with `record.json` and `weights.safetensors`.

`restorelib/runs/` holds the runs the book ships. `make` trains a recipe and leaves such a folder behind;
`load` gives the trained network of any run or of `official/...`, no restoration at all (`bicubic`, `noisy`,
`jpeg`, `blurred`), or a classical denoiser that is told sigma (`bm3d/30`, `nlm/30`, `tv/30`).
"""

import math
import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

import restorelib
from restorelib import records
from restorelib.baselines import METHODS, OFFICIAL, UNRESTORED, Classical, Unrestored
from restorelib.checkpoints import misfit, read_tensors, write_tensors
from restorelib.compiling import check_compiler
from restorelib.degrade import Noise
from restorelib.errors import RestoreError, suggestion
from restorelib.evaluation import evaluate
from restorelib.machine import commit, hardware, peak_memory_mb
from restorelib.networks import build
from restorelib.recipe import Recipe
from restorelib.recipes import PROFILES, RECIPES, find
from restorelib.records import Measured, Origin, Record, Score
from restorelib.scoring import score_set, score_sets, scored_under
from restorelib.sets import file_digest, load_set, obtainable, require
from restorelib.training import GOOD, Training

PACKAGE = Path(__file__).parent
SHIPPED = PACKAGE / "runs"
# Scores that belong to no training: of no restoration, of classical methods, of the authors' own weights, of
# self-ensembles.
MEASURED = PACKAGE / "measured"
BOOK = PACKAGE.parent / "book"  # in a checkout
BUNDLED = "-bundled"  # behind the name of a training that had to take the bundled pictures


# ---------------------------------------------------------------- finding and loading


def shipped() -> list[str]:
    """Names of the runs the book ships."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/record.json"))


def folder_of(run: str | Path) -> Path:
    """The folder of a shipped run (by name; by a recipe's name, its largest profile) or of your own.

    A `Path`, or what has a slash, is a folder and nothing else, whatever a shipped run is called.
    """
    names = [run, *(f"{run}-{size}" for size in reversed(PROFILES))] if Path(run).name == run else []
    for folder in [*(SHIPPED / name for name in names), Path(run)]:
        if os.path.isfile(folder / "record.json"):  # also of a name that is too long for any file
            return folder
    recipes = dict.fromkeys(name.rpartition("-")[0] for name in shipped())
    known = [*recipes, *shipped(), *UNRESTORED, *OFFICIAL, *(f"{method}/30" for method in METHODS)]
    raise RestoreError(
        f"{run}: neither a run folder nor a known run; {suggestion(str(run), known, 'restorelib runs')}"
    )


def untrained() -> list[str]:
    """What `load` knows that no training of ours made; SIGMA stands for a noise in grey levels."""
    return [*UNRESTORED, *OFFICIAL, *(f"{method}/SIGMA" for method in METHODS)]


def record(run: str | Path) -> Record | Measured:
    """The record of a run; for what is in `measured/`, its name, task and scores."""
    if isinstance(run, str) and os.path.isfile(_measured(run)):
        return records.read(_measured(run), Measured)
    return records.read(folder_of(run) / "record.json")


def record_path(run: str) -> Path | None:
    """The record that the book ships for a run or for what is in `measured/`; None for others."""
    own = SHIPPED / run / "record.json"
    files = [_measured(run), *([own] if Path(run).name == run else [])]
    return next((path for path in files if os.path.isfile(path)), None)


def address(run: str) -> str | None:
    """Where the repository shows what `record_path` finds; None for others."""
    path = record_path(run)
    return path and f"{restorelib.REPOSITORY}/blob/main/restorelib/{path.relative_to(PACKAGE).as_posix()}"


def pages(run: str) -> list[str]:
    """The book's pages that name a run or lead to its record; none where the book is not at hand."""
    named = re.compile(rf"(?<![\w.-]){re.escape(run)}(?![\w+-]|\.\d)")
    found = [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]
    return sorted(path.name for path in found if named.search(path.read_text(encoding="utf-8")))


def load(run: str | Path) -> nn.Module:
    """A trained network in eval mode; its `record` says where it comes from.

    Raises `RestoreError` if there is no such run, or its weights are missing or not those of the record.
    """
    if run in UNRESTORED:
        channels, task = UNRESTORED[run]
        network = Unrestored(channels)
        network.record = Origin(name=run, network="none", task=task)
    elif told := re.fullmatch(rf"({'|'.join(METHODS)})/([0-9]{{1,9}})", str(run)):
        method, sigma = told[1], int(told[2])
        network = Classical(method, sigma)
        network.record = Origin(name=run, network=method, task=(Noise(sigma),))
    elif run in OFFICIAL:
        network, network.record = OFFICIAL[run]()
    else:
        network = _trained(folder_of(run))
    return network.eval()


def _trained(folder: Path) -> nn.Module:
    """The network of a run's folder."""
    about, weights = record(folder), folder / "weights.safetensors"
    if not weights.is_file():
        raise RestoreError(f"{weights}: is missing, {about.name} is a record without weights; train it again")
    if file_digest(weights) != about.weights_sha256:
        raise RestoreError(f"{weights}: is not the file its record describes (weights_sha256 differs)")
    tensors, _ = read_tensors(weights)
    try:
        # Without memory: a record may tell of a network that no machine holds, or that has no weights at all.
        with torch.device("meta"), warnings.catch_warnings(action="ignore"):
            wrong = misfit(tensors, build(about.network, **about.recipe.options))
    except RestoreError as error:
        raise RestoreError(f"{folder / 'record.json'}: recipe.options: {error}") from None
    if wrong:
        raise RestoreError(f"{weights}: does not fit the network of its record; it {wrong}")
    network = build(about.network, **about.recipe.options)
    network.load_state_dict(tensors)
    network.record = about
    return network


def reproduces(about: Record) -> bool:
    """Whether `restorelib train NAME --profile P` is the training that the record NAME-P came from."""
    name, _, size = about.name.rpartition("-")
    return size in RECIPES.get(name, {}) and find(name, size).made(about.recipe_sha256)


# ---------------------------------------------------------------- making


def runs_folder() -> Path:
    """Where trainings go unless told: RESTORELIB_RUNS, or `runs` in the current folder."""
    return Path(os.environ.get("RESTORELIB_RUNS", "runs"))


def make(
    recipe: Recipe,
    profile: str,
    out: str | Path | None = None,
    minutes: float | None = None,
    checkpoint_seconds: float = 60,
    until: float = math.inf,
    compiled: bool = False,
) -> Path:
    """Train a recipe, score it on its test sets, write record and weights; returns the run's folder.

    A folder that holds a checkpoint of the same recipe is continued, a finished one is left as it is, unless
    its weights are gone: then they are made again.

    Args:
        recipe: what to train.
        profile: its profile, for the record.
        out: the run's folder; `<runs_folder()>/<name>-<profile>` if None. Where the bundled pictures have to
            stand in for those of the recipe, the name ends in "-bundled".
        minutes: a limit in place of the recipe's own.
        checkpoint_seconds: how often training saves its state.
        until: the reading of `time.monotonic()` at which to leave the training for another time; its folder
            then holds a checkpoint and no record.
        compiled: use `torch.compile`.

    Raises `RestoreError` for minutes that are not above 0 and finite, and for a folder that can't be made.
    """
    if minutes is not None and not 0 < minutes < math.inf:
        raise RestoreError(f"a training of {minutes} minutes is none; give a number above 0")
    if compiled:
        check_compiler()
    recipe = replace(recipe, minutes=minutes) if minutes else recipe
    if profile == "paper":  # no paper trained on the bundled pictures
        require(recipe.train_on)
    pictures_of = obtainable(recipe.train_on, "bundled_train")
    if pictures_of != recipe.train_on:  # another training, which must not pass for the recipe's own
        recipe = recipe.vary(f"{recipe.name}{BUNDLED}", train_on=pictures_of)
    folder = Path(out) if out else runs_folder() / f"{recipe.name}-{profile}"
    recipe = replace(recipe, validate_on=obtainable((recipe.validate_on,), "bundled")[0])
    if os.path.isfile(folder / "record.json"):
        if not recipe.made(record(folder).recipe_sha256):
            raise RestoreError(f"{folder} holds a run of another recipe; choose another folder or remove it")
        if (folder / "weights.safetensors").exists():
            return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RestoreError(f"{folder}: cannot be made ({error.strerror})") from None
    pictures = [image for name in recipe.train_on for image in load_set(name).values()]
    start = _start(recipe, profile, folder)
    validation = validation_pictures(recipe.validate_on)
    training = Training(recipe, pictures, validation, folder, start=start, compiled=compiled)
    training.run(checkpoint_seconds, until)
    if training.done() == 1 and training.accelerator.is_main_process:
        finish(training, profile, folder)
    return folder


def _start(recipe: Recipe, profile: str, folder: Path) -> dict[str, torch.Tensor] | None:
    """The weights a recipe starts from: of the run beside this one, else of a shipped one of its size."""
    if recipe.start is None:
        return None
    bundled = BUNDLED if recipe.name.endswith(BUNDLED) else ""
    name = f"{recipe.start}{bundled}-{profile}"
    for first in (folder.parent / name, SHIPPED / name):
        if (first / "record.json").is_file():
            return load(first).state_dict()
    raise RestoreError(
        f"{recipe.name} starts from {recipe.start}{bundled}: train that first, with --profile {profile} and "
        f"--out {folder.parent / name}"
    )


def finish(training: Training, profile: str, folder: Path) -> None:
    """Write the weights and the record of a finished training, and drop its checkpoint."""
    recipe, state = training.recipe, training.progress
    network = training.trained()
    write_tensors(folder / "weights.safetensors", network.state_dict())
    about = Record(
        name=f"{recipe.name}-{profile}",
        network=recipe.network,
        parameters=sum(p.numel() for p in network.parameters()),
        task=recipe.task,
        profile=profile,
        recipe=recipe,
        recipe_sha256=recipe.digest(),
        seed=recipe.seed,
        commit=commit(),
        version=restorelib.__version__,
        torch=torch.__version__,
        hardware=hardware(),
        processes=training.accelerator.num_processes,
        precision=training.accelerator.mixed_precision,
        updates=state.step,
        minutes=round(state.seconds / 60, 2),
        first_update_seconds=state.first_update,
        images_per_second=round(state.step * training.batch / state.seconds, 1),
        peak_memory_mb=peak_memory_mb(),
        loss=state.loss,
        validation=state.validation,
        accidents=state.accidents,
        scores=score_sets(network, recipe.scored_on or recipe.task, recipe.test_on),
        weights_sha256=file_digest(folder / "weights.safetensors"),
    )
    records.write(folder / "record.json", about)
    for name in ("checkpoint", GOOD):
        (folder / f"{name}.safetensors").unlink(missing_ok=True)


def rescore(run: str | Path, pictures: Mapping[str, np.ndarray], score: Score) -> dict:
    """What a run's weights give now for one entry of its record's scores, under the same protocol."""
    network = load(run)
    trained = scored_under(score.set, network.record.task)[0]
    degradation = replace(trained, **{score.key: score.parameter})
    return evaluate(network, pictures, degradation, score.protocol)


def add_scores(run: str | Path, name: str) -> list[Score]:
    """Score a run on a set as after its training, and put that into its record; returns the set's entries.

    They take the place of earlier ones of that set. Raises `RestoreError` if the set can't be had, or the run
    has no weights, no record of its own, or came with the package where that is installed.
    """
    network = load(run)
    about = network.record
    if not isinstance(about, Record):
        raise RestoreError(f"{run} is no training and has no record; restorelib evaluate scores it")
    folder = folder_of(run)
    if folder.resolve().is_relative_to(SHIPPED.resolve()) and not BOOK.is_dir():
        raise RestoreError(f"{run} came with the package; score a copy of {folder}, or it in a checkout")
    pictures = load_set(name)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = network.to(device, memory_format=torch.channels_last)  # as `Training.trained` gives it
    scores = score_set(network, about.recipe.scored_on or about.task, name, pictures)
    sets = [score.set for score in about.scores]
    place = sets.index(name) if name in sets else len(sets)
    others = [score for score in about.scores if score.set != name]
    all_scores = (*others[:place], *scores, *others[place:])
    records.write(folder / "record.json", about.model_copy(update={"scores": all_scores}))
    return scores


def measure(run: str, sets: tuple[str, ...], self_ensemble: bool = False) -> Path:
    """Score on some sets what has no record of its own, and keep the scores in `measured/`.

    That is for what was never trained (`bicubic`, `bm3d/30`), the authors' weights (`official/vdsr`), and the
    self-ensemble of a run, which is called by the run's name and a plus, as in the papers:
    "edsr-x2-reduced+". Returns the file.
    """
    network = load(run)
    about = Measured(
        name=f"{run}+" if self_ensemble else run,
        task=network.record.task,
        torch=torch.__version__,
        scores=score_sets(network, network.record.task, sets, self_ensemble),
    )
    records.write(_measured(about.name), about)
    return _measured(about.name)


def _measured(run: str) -> Path:
    return MEASURED / f"{run.replace('/', '-')}.json"


def validation_pictures(name: str, side: int = 192) -> dict[str, np.ndarray]:
    """A set to watch training by: whole if it is a benchmark, else the centres of its pictures."""
    pictures = load_set(name)
    if name != "bundled":
        return pictures
    return {key: _centre(image, side) for key, image in pictures.items()}


def _centre(image: np.ndarray, side: int) -> np.ndarray:
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]
