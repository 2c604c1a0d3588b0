"""From `Recipe` to trained network. Killed at any moment, the loop goes on from its last checkpoint.

On a processor, and without a limit in minutes, it ends at the weights that an unbroken training gives.
"""

import json
import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from accelerate.utils.memory import should_reduce_batch_size as out_of_memory
from torch import nn
from tqdm.auto import tqdm

from restorelib.averaging import Average, measure_statistics
from restorelib.checkpoints import joined, misfit, parted, read_tensors, write_tensors
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate
from restorelib.machine import best_precision
from restorelib.networks import build
from restorelib.objectives import check_fit, loss_of
from restorelib.optimisers import clip_gradients, make_optimiser
from restorelib.patches import Patches
from restorelib.recipe import Recipe, learning_rate

# ---------------------------------------------------------------- the loop


STATISTICS = 20  # batches that averaged weights measure their statistics of batch normalisation on


class Stopped(RestoreError):
    """Someone asked the training to end; it can be continued."""


@dataclass
class Progress:
    """What a training has done so far; everything but the tensors that a checkpoint needs."""

    step: int = 0
    seconds: float = 0.0
    first_update: float = 0.0  # seconds; what torch.compile took, if it was used
    loss: list = field(default_factory=list)  # [update, mean loss since the last entry]
    validation: list = field(default_factory=list)  # [update, minutes, PSNR in dB]


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
        compiled: use `torch.compile`, whose first update takes up to half a minute.
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
        if folder and (folder / "checkpoint.safetensors").exists():
            self.resume()

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
            measure_statistics(network, (self.patches.batch(i)[0] for i in range(STATISTICS)))
        return network

    def step(self) -> torch.Tensor:
        """Draw the next batch and learn from it, at the rate that the schedule has now; returns the loss."""
        return self.update(self.patches.batch(self.progress.step), learning_rate(self.recipe, self.done()))

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
        by_updates = self.progress.step / self.recipe.updates
        by_time = self.progress.seconds / (60 * self.recipe.minutes) if self.recipe.minutes else 0.0
        return min(1.0, max(by_updates, by_time))

    def run(self, checkpoint_seconds: float = 60, until: float = math.inf) -> Progress:
        """Train to the end, with a progress bar, checkpoints and validations.

        Stops early when `time.monotonic()` passes `until`, and raises `RestoreError` when asked to end
        (Ctrl-C, SIGTERM); both leave a checkpoint to continue from.
        """
        state = self.progress
        begun = time.perf_counter() - state.seconds
        saved, losses = state.seconds, []
        with self.bar() as bar, asked_to_stop() as asked:
            while self.done() < 1:
                losses.append(self.step_within_memory())
                stop = asked[0] if asked else "late" if time.monotonic() > until else None
                state.seconds, stop = self.agreed(time.perf_counter() - begun, stop)
                state.first_update = state.first_update or round(state.seconds, 2)
                finished = self.done() == 1
                validating = finished or self.done() * self.recipe.validations >= len(state.validation) + 1
                saving = finished or stop or state.seconds - saved > checkpoint_seconds
                if validating or saving or len(losses) == 100:
                    self.note(losses)
                    losses = []
                if validating:
                    score = self.validate()
                    state.seconds, _ = self.agreed(time.perf_counter() - begun, None)
                    state.validation.append([state.step, round(state.seconds / 60, 3), round(score, 4)])
                if saving:
                    self.save()
                    saved = state.seconds
                bar.set_postfix_str(self.status(), refresh=False)
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

    def bar(self) -> tqdm:
        """A progress bar in per cent, shown by one process."""
        return tqdm(
            total=100,
            desc=self.recipe.name,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {postfix}",
            disable=None if self.accelerator.is_main_process else True,
        )

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

    def status(self) -> str:
        """Speed, loss and validation so far, in a few words."""
        state = self.progress
        words = []
        if state.seconds:
            words.append(f"{state.step * self.batch / state.seconds:.0f} patches/s")
        if state.loss:
            words.append(f"loss {state.loss[-1][1]:.5f}")
        if state.validation:
            words.append(f"{state.validation[-1][2]:.2f} dB")
        return ", ".join(words)

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

    # ------------------------------------------------------------ checkpoints

    def save(self) -> None:
        """Write a checkpoint if there is a folder: weights, the optimiser's state, the progress so far."""
        if not (self.folder and self.accelerator.is_main_process):
            return
        state = {
            f"{parameter}.{key}": value
            for parameter, values in self.optimiser.state_dict()["state"].items()
            for key, value in values.items()
            if torch.is_tensor(value)
        }
        about = {"recipe": self.recipe.digest(), "progress": json.dumps(asdict(self.progress))}
        if self.accelerator.scaler:  # fp16: the factor that keeps small gradients from becoming zero
            about["scaler"] = json.dumps(self.accelerator.scaler.state_dict())
        parts = {"network": self.weights(), "optimiser": state}
        tensors = joined(parts | ({"average": self.average.weights} if self.average else {}))
        write_tensors(self.folder / "checkpoint.safetensors", tensors, about)

    def resume(self) -> None:
        """Continue from the folder's checkpoint; refuses one that another recipe made."""
        path = self.folder / "checkpoint.safetensors"
        tensors, about = read_tensors(path)
        if not self.recipe.made(about.get("recipe", "")):
            raise RestoreError(f"{path} was made by another recipe; choose another --out or remove it")
        weights, flat, average = parted(tensors, ("network", "optimiser", "average"), path)
        network = self.bare_network()
        if wrong := misfit(weights, network):
            raise RestoreError(f"{path}: does not fit the recipe's network; it {wrong}")
        network.load_state_dict(weights)
        if self.average:
            self.average.resume(average)
        groups = self.optimiser.state_dict()["param_groups"]
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        state: dict[int, dict] = {}
        for name, tensor in flat.items():
            index, key = name.split(".")
            # Fused optimisers want their state laid out in memory as the weights are.
            like = parameters[int(index)] if tensor.ndim else tensor
            state.setdefault(int(index), {})[key] = torch.empty_like(like.detach()).copy_(tensor)
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        if self.accelerator.scaler and "scaler" in about:  # not if it was made without fp16, elsewhere
            self.accelerator.scaler.load_state_dict(json.loads(about["scaler"]))
        self.progress = Progress(**json.loads(about["progress"]))


@contextmanager
def asked_to_stop() -> Iterator[list[str]]:
    """A list that receives the name of a signal to end, so that the loop can finish its update first."""
    asked: list[str] = []
    if threading.current_thread() is not threading.main_thread():  # Python handles signals only there
        yield asked
        return

    def note(number: int, _) -> None:
        asked.append({signal.SIGINT: "Ctrl-C"}.get(number, signal.Signals(number).name))

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is note:
                signal.signal(number, handler)
