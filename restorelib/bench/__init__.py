"""What training costs on this machine, and what each choice of the training loop gives.

All ways of doing a thing are timed in turns in the same run, so that a busy machine slows all of them alike;
compare ratios, not seconds. This module measures. What a training is compared with stands in
`restorelib.bench.rivals`, how a result is shown in `restorelib.bench.results`.
"""

import multiprocessing
import os
import tempfile
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode
from tqdm.auto import tqdm

from restorelib.bench.rivals import bare_step, decoding_loader, processors
from restorelib.blocks import conv
from restorelib.compiling import check_compiler
from restorelib.errors import RestoreError
from restorelib.evaluation import restore
from restorelib.machine import FORMATS, best_precision, hardware, peak_memory_mb
from restorelib.networks import build
from restorelib.recipe import Recipe
from restorelib.recipes import RECIPES
from restorelib.sets import load_set, obtainable
from restorelib.training import Training

ROUNDS, FEWEST = 5, 3
PATIENCE = 60  # seconds; where `ROUNDS` rounds would take longer, there are fewer
PICTURE, TILE = 384, 128


def benched() -> dict[str, Recipe]:
    """The recipe each network is timed at: the first one, in its `reduced` profile."""
    chosen: dict[str, Recipe] = {}
    for profiles in RECIPES.values():
        if "reduced" in profiles:
            chosen.setdefault(profiles["reduced"].network, profiles["reduced"])
    return chosen


def bench(networks: tuple[str, ...] = (), compiled: bool = False) -> dict:
    """Time networks at their recipes' sizes; all of them if none is named.

    Args:
        networks: names of networks that have a recipe.
        compiled: also time `torch.compile`, whose first update takes up to a minute and a half.

    Returns:
        The machine, its convolution peak, one row a network, and the worst over all rows of `sampler_share`
        (part of a training step that drawing patches takes) and `sampler_over_dataloader` (patches/s of the
        sampler over those of a DataLoader that decodes, crops and flips).
    """
    recipes = benched()
    for name in networks:
        if name not in recipes:
            raise RestoreError(f"no network called '{name}' has a recipe; there are {', '.join(recipes)}")
    if compiled:
        check_compiler()
    peak = convolution_peak()
    rows = [
        _row(recipes[name], peak, compiled) for name in tqdm(networks or recipes, desc="bench", leave=False)
    ]
    return {
        "hardware": hardware(),
        "torch": torch.__version__,
        "precision": best_precision(),
        "convolution_peak_gflops": round(peak, 1),
        "sampler_share": max(row["sampler_share"] for row in rows),
        "sampler_over_dataloader": min(row["sampler_over_dataloader"] for row in rows),
        "rows": rows,
    }


def _row(recipe: Recipe, peak: float, compiled: bool) -> dict:
    recipe = replace(recipe, train_on=obtainable(recipe.train_on, "bundled_train"))
    if recipe.several_sizes:  # one of them, so that every step has the same work
        recipe = replace(recipe, task=recipe.task[:1])
    pictures = [image for name in recipe.train_on for image in load_set(name).values()]
    training = Training(recipe, pictures, {})
    pair = training.patches.batch(0)
    steps = {"step": training.step, "bare": bare_step(recipe, pair)}
    steps["NCHW"] = Training(recipe, pictures, {}, memory_format=torch.contiguous_format).step
    for name in ("adamw", "muon"):
        steps[name] = Training(replace(recipe, optimiser=name), pictures, {}).step
    if training.accelerator.mixed_precision != "no":
        steps["fp32"] = Training(recipe, pictures, {}, precision="no").step
    with tempfile.TemporaryDirectory() as folder:
        if compiled:
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # else a second bench compiles in no time
            torch.compiler.reset()  # else torch soon gives up compiling what all networks share
            compiling = Training(recipe, pictures, {}, compiled=True)
            compile_seconds = seconds(compiling.step)
            steps["compiled"] = compiling.step
        loader = iter(decoding_loader(pictures, Path(folder) / "pictures", training.patches, recipe.batch))
        fed = Training(recipe, pictures, {})
        device = fed.patches.pixels.device
        steps["sampler"] = lambda: training.patches.batch(training.progress.step)
        steps["DataLoader"] = lambda: fed.update(
            fed.patches.batch(fed.progress.step, next(loader).to(device)), recipe.lr
        )
        steps["loader alone"] = lambda: next(loader)
        before = {
            # What the workers made in advance is not counted; later they are given time to make it again.
            "loader alone": lambda: [next(loader) for _ in range(2 * processors())],
            "step": lambda: time.sleep(1),
        }
        took = in_turns(steps, before)
    flops = counted_flops(recipe, pair)
    whole, tiled = restoring_seconds(recipe)
    return {
        "network": recipe.network,
        "recipe": recipe.name,
        "patch": recipe.patch,
        "batch": recipe.batch,
        "parameters": sum(p.numel() for p in training.network.parameters()),
        "patches_per_second": round(recipe.batch / took["step"], 1),
        "gflops": round(flops / took["step"] / 1e9, 1),
        "peak_fraction": round(flops / took["step"] / 1e9 / peak, 3),
        "bare_over_step": round(took["bare"] / took["step"], 3),
        "sampler_patches_per_second": round(recipe.batch / took["sampler"]),
        "loader_patches_per_second": round(recipe.batch / took["loader alone"]),
        "sampler_share": round(took["sampler"] / took["step"], 4),
        "sampler_over_dataloader": float(f"{took['loader alone'] / took['sampler']:.3g}"),
        # How many times longer a step takes when one choice is undone.
        "times_longer": {
            way: round(took[way] / took["step"], 2)
            for way in ("NCHW", "fp32", "DataLoader", "compiled")
            if way in took
        },
        "muon_over_adamw": round(took["muon"] / took["adamw"], 3),
        "compile_seconds": round(compile_seconds, 1) if compiled else None,
        "memory_mb": step_memory_mb(recipe),
        "picture": PICTURE,
        "whole_seconds": round(whole, 3),
        "tile": TILE,
        "tiles_seconds": round(tiled, 3),
    }


# ---------------------------------------------------------------- timing


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, the GPU's work included."""
    _wait()
    begun = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - begun


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def in_turns(
    ways: dict[str, Callable[[], object]], before: dict[str, Callable[[], object]] | None = None
) -> dict[str, float]:
    """Median seconds of one call of each way, over rounds in which every way has its turn.

    There are `ROUNDS` of them, or as many as `PATIENCE` allows, but not fewer than `FEWEST`.

    Args:
        ways: what is timed.
        before: what is done first, and not timed, when it is a way's turn.
    """
    # Quick work is repeated until the clock can measure it. The first call is a warm-up, the second a guess.
    guesses = {way: [seconds(work) for _ in range(2)][1] for way, work in ways.items()}
    repeats = {way: max(1, min(200, int(0.2 / guess))) for way, guess in guesses.items()}
    round_seconds = sum(guesses[way] * repeats[way] for way in ways)
    rounds = min(ROUNDS, max(FEWEST, int(PATIENCE / round_seconds)))
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            if before and way in before:
                before[way]()
            whole = seconds(lambda: [work() for _ in range(repeats[way])])  # noqa: B023
            times[way].append(whole / repeats[way])
    return {way: median(measured) for way, measured in times.items()}


def convolution_peak() -> float:
    """The most GFLOP/s that a large 3x3 convolution reaches here, in the precision that training uses."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind = FORMATS[best_precision()]
    count, side = (64, 128) if device.type == "cuda" else (8, 96)
    rates = []
    for width in (64, 256):
        layer = conv(width, width).to(device, kind, memory_format=torch.channels_last)
        x = torch.rand(count, width, side, side, device=device, dtype=kind)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            fastest = min(seconds(lambda: layer(x)) for _ in range(3 * ROUNDS))  # noqa: B023
        rates.append(2 * 9 * width**2 * count * side**2 / fastest / 1e9)
    return max(rates)


# ---------------------------------------------------------------- work, memory, pictures


def counted_flops(recipe: Recipe, pair: tuple[torch.Tensor, torch.Tensor]) -> int:
    """Floating-point operations of one training step, a multiplication and an addition counted as two."""
    step = bare_step(recipe, pair)
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


class Alive(TorchDispatchMode):
    """Within it, counts the bytes of the tensors that torch makes; what its kernels need inside is not seen.

    Attributes:
        now: of those that are still alive.
        most: the most there were at one time. The same on every machine.
    """

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self._counted = weakref.WeakSet()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage() not in self._counted:
                self._count(tensor.untyped_storage())
        self.most = max(self.most, self.now)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        self._counted.add(storage)
        self.now += storage.nbytes()
        weakref.finalize(storage, self._forget, storage.nbytes())

    def _forget(self, size: int) -> None:
        self.now -= size


def step_memory_mb(recipe: Recipe) -> int:
    """What two training steps add to the memory of a process, in MiB."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return _two_steps(recipe)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(_two_steps, recipe).result()


def _two_steps(recipe: Recipe) -> int:
    training = Training(recipe, list(load_set("bundled_train").values()), {})
    pair = training.patches.batch(0)
    with suppress(OSError):  # Linux forgets the peak of loading the pictures
        Path("/proc/self/clear_refs").write_text("5")
    before = 0 if torch.cuda.is_available() else peak_memory_mb()
    for _ in range(2):
        training.update(pair, recipe.lr)
    return peak_memory_mb() - before


def restoring_seconds(recipe: Recipe) -> tuple[float, float]:
    """Seconds to restore a square picture, whole and in tiles."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = build(recipe.network, **recipe.options).to(device, memory_format=torch.channels_last).eval()
    task = recipe.task[0]
    degraded, shrink = task(torch.rand(1, network.channels, PICTURE, PICTURE)), task.shrink
    took = in_turns(
        {
            "whole": lambda: restore(network, degraded, shrink),
            "tiles": lambda: restore(network, degraded, shrink, tile=TILE),
        }
    )
    return took["whole"], took["tiles"]
