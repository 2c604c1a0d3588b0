"""From `Recipe` to trained network. Killed at any moment, the loop goes on from its last checkpoint.

On a processor, and without a limit in minutes, it ends at the weights that an unbroken training gives.
"""

import json
import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from accelerate.utils.memory import should_reduce_batch_size as out_of_memory
from torch import nn
from tqdm.auto import tqdm

from restorelib.accidents import layers_died, loss_jumped, validation_fell
from restorelib.averaging import Average, measure_statistics
from restorelib.checkpoints import joined, misfit, parted, read_tensors, write_tensors
from restorelib.compiling import check_compiler
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate
from restorelib.machine import asked_to_stop, best_precision
from restorelib.networks import build
from restorelib.objectives import check_fit, loss_of
from restorelib.optimisers import clip_gradients, load_state, make_optimiser, state_of
from restorelib.patches import Patches
from restorelib.progress import Progress, progress_bar
from restorelib.recipe import Recipe, learning_rate
from restorelib.tiles import apply

# ---------------------------------------------------------------- the loop


GOOD = "good"  # the snapshot of the last validation where all was well
SLOWEST = 2**-6  # of the rate; after so many accidents a training goes on as it is


class Stopped(RestoreError):
    """Someone asked the training to end; it can be continued."""


class Training:
    """A network in training. Public so that a chapter can take single steps and look inside.

    Args:
        recipe: what to train.
        pictures: the training images.
        validation: images for the periodic PSNR.
        folder: where checkpoints go; one that is there already is resumed. None: nothing is written.
        precision: "bf16", "fp16" or "no"; None takes what suits the device.
        start: weights to begin with, wherever name and shape agree.
        memory_format: the order of values in memory; channels last is faster everywhere.
        compiled: use `torch.compile`, whose first update takes up to a minute and a half.
    """

    def __init__(
        self,
        recipe: Recipe,
        pictures,
        validation,
        folder: Path | None = None,
        precision: str | None = None,
        start: Mapping[str, torch.Tensor] | None = None,
        memory_format: torch.memory_format = torch.channels_last,
        compiled: bool = False,
    ):
        if compiled:
            check_compiler()
        self.recipe, self.validation, self.folder = recipe, validation, folder
        self.memory_format = memory_format
        torch.backends.cudnn.benchmark = True  # batches have one shape: the fastest way is tried out once
        AcceleratorState._reset_state()  # else a second training in one process can't choose its precision
        self.accelerator = Accelerator(
            mixed_precision=precision or best_precision(),
            # Without CUDA on the CPU: drawing patches needs float64, which Apple's GPUs don't have.
            cpu=not torch.cuda.is_available(),
            # A step for one scale leaves the branches of the others without gradients.
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=recipe.several_sizes)],
        )
        torch.manual_seed(recipe.seed)
        network = build(recipe.network, **recipe.options)
        check_fit(recipe, network)
        if start:
            own = network.state_dict()
            fitting = {k: v for k, v in start.items() if k in own and own[k].shape == v.shape}
            network.load_state_dict(own | fitting)
        network = network.to(memory_format=memory_format)
        optimiser = make_optimiser(recipe, network)
        self.patches = Patches(
            pictures,
            recipe.task,
            recipe.patch,
            recipe.batch,
            network.channels,
            recipe.seed,
            self.accelerator.process_index,
            self.accelerator.device,
            recipe.incremental,
        )
        self.network, self.optimiser = self.accelerator.prepare(
            torch.compile(network) if compiled else network, optimiser
        )
        self.average = Average(self.bare_network(), recipe.average) if recipe.average else None
        self.batch = recipe.batch * self.accelerator.num_processes
        self.progress = Progress()
        self.going_wrong: set[str] = set()  # what was told already
        self.returns = bool(folder) and recipe.on_accident == "go back"
        if folder and (folder / "checkpoint.safetensors").exists():
            self.resume()
        elif self.returns:
            self.save(GOOD)

    def weights(self) -> dict[str, torch.Tensor]:
        """The state dict."""
        return self.bare_network().state_dict()

    def bare_network(self) -> nn.Module:
        """The network in training, without what accelerate and torch.compile wrap around it."""
        return self.accelerator.unwrap_model(self.network, keep_torch_compile=False)

    def trained(self) -> nn.Module:
        """A copy of the network as it is now, in eval mode and fp32, free of mixed precision.

        Its weights are the average if the recipe has one.
        """
        network = build(self.recipe.network, **self.recipe.options)
        network.load_state_dict(self.weights() | (self.average.weights if self.average else {}))
        network = network.to(self.accelerator.device, memory_format=torch.channels_last).eval()
        if self.average:
            measure_statistics(network, partial(self.restore, network))
        return network

    def restore(self, network: nn.Module, number: int) -> torch.Tensor:
        """What a network makes of a batch."""
        degraded, clean = self.patches.batch(number)
        return apply(network, degraded, clean.shape[-1] // degraded.shape[-1])

    def step(self) -> torch.Tensor:
        """Draw the next batch and learn from it, at the rate that the schedule has now; returns the loss."""
        lr = learning_rate(self.recipe, self.done()) * self.progress.slowed
        return self.update(self.patches.batch(self.progress.step), lr)

    def update(self, batch: tuple[torch.Tensor, torch.Tensor], lr: float) -> torch.Tensor:
        """Learn from a batch (degraded, clean) at a rate.

        Returns the loss as a tensor, because reading it would make a GPU wait.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        degraded, clean = batch
        degraded = degraded.contiguous(memory_format=self.memory_format)
        loss = loss_of(self.recipe, self.network, degraded, clean)
        self.optimiser.zero_grad()
        with self.waiting():
            self.accelerator.backward(loss)
        self.accelerator.unscale_gradients(self.optimiser)
        clip_gradients(self.recipe, list(self.network.parameters()), lr)
        self.optimiser.step()
        self.progress.step += 1
        if self.average:
            self.average.follow(self.progress.step)
        return loss.detach()

    def done(self) -> float:
        """The part of the training that is done, 0..1, by updates or by time, whichever is further."""
        return self.progress.done(self.recipe)

    def run(self, checkpoint_seconds: float = 60, until: float = math.inf) -> Progress:
        """Train to the end, with a progress bar, checkpoints and validations.

        Stops early when `time.monotonic()` passes `until`, and raises `RestoreError` when asked to end
        (Ctrl-C, SIGTERM); both leave a checkpoint to continue from.
        """
        state = self.progress
        begun = time.perf_counter() - state.seconds
        saved, losses = state.seconds, []
        with (
            progress_bar(self.recipe.name, self.accelerator.is_main_process) as bar,
            asked_to_stop() as asked,
        ):
            while self.done() < 1:
                losses.append(self.step_within_memory())
                stop = asked[0] if asked else "late" if time.monotonic() > until else None
                state.seconds, stop = self.agreed(time.perf_counter() - begun, stop)
                state.first_update = state.first_update or round(state.seconds, 2)
                finished = self.done() == 1
                validating = finished or self.done() * self.recipe.validations >= len(state.validation) + 1
                saving = finished or stop or state.seconds - saved > checkpoint_seconds
                looking = validating or saving or len(losses) == 100
                if looking:
                    self.note(losses)
                    losses = []
                if validating:
                    score = self.validate()
                    state.seconds, _ = self.agreed(time.perf_counter() - begun, None)
                    state.validation.append([state.step, round(state.seconds / 60, 3), round(score, 4)])
                if looking:
                    state = self.look(validating)
                if saving:
                    self.save()
                    saved = state.seconds
                bar.set_postfix_str(state.status(self.batch), refresh=False)
                bar.update(100 * self.done() - bar.n)
                if stop == "late":
                    break
                if stop:
                    raise Stopped(
                        f"{self.recipe.name}: stopped by {stop} after update {state.step}; "
                        "start it again the same way to continue"
                    )
        return state

    def step_within_memory(self) -> torch.Tensor:
        """`step`; if a batch does not fit, an error in one line."""
        try:
            return self.step()
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise RestoreError(
                f"{self.recipe.name}: a batch of {self.recipe.batch} patches does not fit into this device's "
                "memory; take a smaller profile or another device"
            ) from None

    def agreed(self, seconds: float, stop: str | None) -> tuple[float, str | None]:
        """The first process's values, so that all processes end, validate and save at the same update."""
        if self.accelerator.num_processes == 1:
            return seconds, stop
        if self.progress.step % 10:  # asking makes a GPU wait
            return self.progress.seconds, None
        with self.waiting():
            return tuple(broadcast_object_list([seconds, stop]))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Where processes wait for each other: one that has died ends the others with one line."""
        try:
            yield
        except RuntimeError as error:
            if self.accelerator.num_processes == 1 or out_of_memory(error):
                raise
            # The launcher is about to end the others too; first the checkpoint and the line must be out.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self.save()
            reason = str(error).splitlines()[0]
            raise RestoreError(
                f"{self.recipe.name}: another process of this training has ended; "
                f"start it again the same way to continue after update {self.progress.step} ({reason})"
            ) from None

    def note(self, losses: list[torch.Tensor]) -> None:
        """Write down the mean loss, and stop if it is not a number."""
        with self.waiting():
            mean = self.accelerator.reduce(torch.stack(losses).mean(), "mean").item()
        if not math.isfinite(mean):
            raise RestoreError(
                f"{self.recipe.name}: the loss is {mean} near update {self.progress.step}; "
                "lower the learning rate or clip harder (the last checkpoint is from before)"
            )
        self.progress.loss.append([self.progress.step, round(mean, 7)])

    def validate(self) -> float:
        """Mean PSNR in dB on the validation pictures, over the recipe's degradations, in fp32."""
        network = self.trained()
        return float(np.mean([evaluate(network, self.validation, d)["psnr"] for d in self.recipe.task]))

    def look(self, validated: bool) -> Progress:
        """Tell and note what has begun to go wrong, and do what the recipe says; returns the progress."""
        found = {"loss": loss_jumped(self.progress.loss)}
        if validated:
            found["validation"] = validation_fell(self.progress.validation)
            found["layers"] = self.dead_layers()
        if self.accelerator.num_processes > 1:  # what the first one sees goes for all
            with self.waiting():
                (found,) = broadcast_object_list([found])
        new = [what for kind, what in found.items() if what and kind not in self.going_wrong]
        unseen = self.going_wrong - found.keys()  # not looked at this time
        self.going_wrong = unseen | {kind for kind, what in found.items() if what}
        for what in new:
            self.progress.accidents.append([self.progress.step, what])
            if self.accelerator.is_main_process:
                tqdm.write(f"{self.recipe.name}, update {self.progress.step}: {what}")
        if self.returns and new and self.progress.slowed > SLOWEST:
            self.go_back()
        elif self.returns and validated and not self.going_wrong:
            self.save(GOOD)
        return self.progress

    def dead_layers(self) -> str | None:
        """What `layers_died` finds on the next batches."""
        network = self.bare_network().eval()
        found = layers_died(lambda number: self.restore(network, self.progress.step + number))
        network.train()
        return found

    def go_back(self) -> None:
        """Go on from the last good state at half the rate. The accident and the time it took are kept."""
        now = self.progress
        self.resume(GOOD)
        kept = {"seconds": now.seconds, "accidents": now.accidents, "slowed": now.slowed / 2}
        self.progress = replace(self.progress, **kept)
        self.going_wrong = set()

    # ------------------------------------------------------------ checkpoints

    def snapshot(self) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
        """All that a training needs to go on from here: tensors, and words."""
        parts = {"network": self.weights(), "optimiser": state_of(self.optimiser)}
        if self.average:
            parts["average"] = self.average.weights
        about = {"recipe": self.recipe.digest(), "progress": json.dumps(asdict(self.progress))}
        if self.accelerator.scaler:  # fp16: the factor that keeps small gradients from becoming zero
            about["scaler"] = json.dumps(self.accelerator.scaler.state_dict())
        return joined(parts), about

    def save(self, name: str = "checkpoint") -> None:
        """Write a snapshot into the folder, if there is one."""
        if self.folder and self.accelerator.is_main_process:
            write_tensors(self.folder / f"{name}.safetensors", *self.snapshot())

    def resume(self, name: str = "checkpoint") -> None:
        """Continue from a snapshot in the folder; refuses one that another recipe made."""
        path = self.folder / f"{name}.safetensors"
        tensors, about = read_tensors(path)
        if not self.recipe.made(about.get("recipe", "")):
            raise RestoreError(f"{path} was made by another recipe; choose another --out or remove it")
        weights, state, average = parted(tensors, ("network", "optimiser", "average"), path)
        if wrong := misfit(weights, self.bare_network()):
            raise RestoreError(f"{path}: does not fit the recipe's network; it {wrong}")
        self.bare_network().load_state_dict(weights)
        load_state(self.optimiser, state)
        if self.average:
            self.average.resume(average)
        if self.accelerator.scaler and "scaler" in about:  # not if it was made without fp16, elsewhere
            self.accelerator.scaler.load_state_dict(json.loads(about["scaler"]))
        self.progress = Progress(**json.loads(about["progress"]))
