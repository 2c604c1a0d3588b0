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
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d
from tqdm.auto import tqdm

from restorelib.checkpoints import read_tensors, write_tensors
from restorelib.degrade import Degradation, describe
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate
from restorelib.incremental import Incremental
from restorelib.networks import build
from restorelib.patches import Patches
from restorelib.tiles import apply, out_of_memory

# ---------------------------------------------------------------- what to train


@dataclass(frozen=True)
class Recipe:
    """What to train, on what, how and for how long. An ablation is `vary` with one field changed.

    Args:
        name: how tables and folders call it.
        network, options: arguments of `restorelib.build`.
        task: the degradations to undo; a batch mixes them.
        train_on, validate_on, test_on: names of sets or folders.
        test_task: the degradations to score under, if not those of `task`.
        patch, batch: side of a degraded patch in pixels; patches in a batch.
        updates: steps of the optimiser.
        minutes: stop after this time at the latest; the schedule then ends with the time. None: no limit.
        loss: "l1", "l2" (means over pixels), or "sse" (half the summed squares over the batch size, as Caffe
            and MatConvNet have it, which clipping thresholds and learning rates of 2016 are made for).
        alpha: the final prediction's share of the loss; the rest goes in equal parts to the predictions that
            a `supervised` network makes on its way (MemNet paper, section 3.3).
        optimiser: "adamw" or "sgd" (momentum 0.9).
        lr, weight_decay: of the optimiser.
        schedule: "cosine" (2 % warm-up, then down to zero), "steps" (divided by ten at each quarter),
            "halving" (halved every 200,000 updates), "tenths" (halved after each tenth), or "constant".
        clip: None, "norm" (global norm at most `theta`), "value" (each element within `theta`), or one of
            these with theta / lr in place of theta: "norm/lr" or "value/lr" (the VDSR paper's adjustable
            clipping, section 3.2).
        theta: threshold of the clipping.
        seed: of weights and patches.
        validations: how many times a validation PSNR is taken, evenly over the training.
        start: a recipe whose trained weights this training begins with, wherever name and shape agree.
        incremental: gives each iteration of a network that iterates a target of its own; `task` then says how
            pictures are blurred, and at which levels they are scored.
    """

    name: str
    network: str
    task: tuple[Degradation, ...]
    train_on: tuple[str, ...]
    test_on: tuple[str, ...]
    patch: int
    batch: int
    updates: int
    options: Mapping = field(default_factory=dict)
    validate_on: str = "bundled"
    minutes: float | None = None
    loss: str = "l1"
    optimiser: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 1e-4
    schedule: str = "cosine"
    clip: str | None = "norm"
    theta: float = 1.0
    seed: int = 0
    validations: int = 10
    test_task: tuple[Degradation, ...] = ()
    start: str | None = None
    alpha: float = 1.0
    incremental: Incremental | None = None

    def vary(self, name: str, **changes) -> "Recipe":
        """This recipe with other values; `options` given here are added to the old ones."""
        options = {**self.options, **changes.pop("options", {})}
        return replace(self, name=name, options=options, **changes)

    @property
    def several_sizes(self) -> bool:
        """Whether degraded pictures differ in size, so that every batch has one degradation only."""
        return len({degradation.shrink for degradation in self.task}) > 1

    def as_dict(self) -> dict:
        """For records: plain values only."""
        plain = asdict(self)
        for key in ("task", "test_task"):
            plain[key] = [describe(d) for d in getattr(self, key)]
        return json.loads(json.dumps(plain))

    def digest(self) -> str:
        """Twelve hex digits that change with any field that shapes the weights, and with nothing else.

        Fields at their defaults don't count, so that a new field leaves the digests of old runs as they are.
        """
        shaping = {key: value for key, value in self._chosen().items() if key not in UNSHAPING}
        return _short_hash(json.loads(json.dumps(shaping), parse_int=float))  # 100 and 100.0 are one number

    def made(self, digest: str) -> bool:
        """Whether a run or checkpoint with this digest is of this recipe.

        The first digests took in the name and what is scored as well; checkpoints of that time still go on.
        """
        return digest in (self.digest(), _short_hash(self._chosen()))

    def _chosen(self) -> dict:
        """The fields that are not at their defaults."""
        usual = type(self)("", "", (), (), (), 0, 0, 0).as_dict()
        return {key: value for key, value in self.as_dict().items() if value != usual[key]}


def _short_hash(plain: dict) -> str:
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


# What a recipe is called, how often it is validated and what it is scored on make no other weights.
UNSHAPING = ("name", "validate_on", "validations", "test_on", "test_task")

LOSSES = {
    "l1": nn.functional.l1_loss,
    "l2": nn.functional.mse_loss,
    "sse": lambda restored, clean: 0.5 * (restored - clean).square().sum() / len(clean),
}


def loss_of(recipe: Recipe, network: nn.Module, degraded: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """The recipe's loss on a batch as `Patches.batch` makes it.

    With `incremental`, the mean over all iterations; a picture that is restored at a smaller scale on the way
    is compared with the target made as small. Else of the final prediction, and for `alpha` below 1 of the
    others too.
    """
    if recipe.loss not in LOSSES:
        raise RestoreError(f"no loss is called '{recipe.loss}'; there are {', '.join(LOSSES)}")
    loss = LOSSES[recipe.loss]
    if recipe.incremental:
        found = network(degraded, iterations=len(clean), every=True)
        targets = clean.repeat_interleave(len(found) // len(clean), 0)
        pairs = (
            (x.float(), adaptive_avg_pool2d(y, x.shape[-2:])) for x, y in zip(found, targets, strict=True)
        )
        return torch.stack([loss(x, y) for x, y in pairs]).mean()
    if recipe.alpha == 1:
        restored = apply(network, degraded, clean.shape[-1] // degraded.shape[-1])
        return loss(restored.float(), clean)
    *others, final = (loss(y, clean) for y in network(degraded, every=True).float())
    return recipe.alpha * final + (1 - recipe.alpha) * torch.stack(others).mean()


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate when `progress` (0..1) of the training is done."""
    if recipe.schedule == "constant":
        return recipe.lr
    if recipe.schedule == "steps":
        return recipe.lr * 0.1 ** min(int(progress * 4), 3)
    if recipe.schedule == "halving":
        return recipe.lr * 0.5 ** int(progress * recipe.updates / 200_000)
    if recipe.schedule == "tenths":
        return recipe.lr * 0.5 ** min(int(progress * 10), 9)
    if recipe.schedule == "cosine":
        warm = min(1.0, (progress + 1e-4) / 0.02)
        return recipe.lr * warm * 0.5 * (1 + math.cos(math.pi * progress))
    raise RestoreError(
        f"no schedule is called '{recipe.schedule}'; there are cosine, steps, halving, tenths, constant"
    )


def clip_gradients(recipe: Recipe, parameters: list[nn.Parameter], lr: float) -> None:
    """Limit the gradients in place as the recipe says."""
    if recipe.clip is None:
        return
    limit = recipe.theta / lr if recipe.clip.endswith("/lr") else recipe.theta
    if recipe.clip in ("norm", "norm/lr"):
        nn.utils.clip_grad_norm_(parameters, limit)
    elif recipe.clip in ("value", "value/lr"):
        nn.utils.clip_grad_value_(parameters, limit)
    else:
        raise RestoreError(f"no clipping is called '{recipe.clip}'; there are norm, norm/lr, value, value/lr")


def make_optimiser(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """AdamW or SGD with momentum, in their fused forms."""
    arguments = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(network.parameters(), **arguments)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.9, **arguments)
    raise RestoreError(f"no optimiser is called '{recipe.optimiser}'; there are adamw, sgd")


def best_precision() -> str:
    """The fastest number format this device trains well in: "bf16", "fp16" or "no" (fp32)."""
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    # Without these instructions a CPU emulates bf16, which is slower than fp32.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # older torch does not say
    return "bf16" if capabilities.get("avx512_bf16") else "no"


# ---------------------------------------------------------------- the loop


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
        if recipe.alpha != 1 and not getattr(network, "supervised", False):
            raise RestoreError(f"{recipe.name}: this network makes one prediction; leave alpha at 1")
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
        """A copy of the network as it is now, in eval mode and fp32, free of mixed precision."""
        network = build(self.recipe.network, **self.recipe.options)
        network.load_state_dict(self.weights())
        return network.to(self.accelerator.device, memory_format=torch.channels_last).eval()

    def step(self) -> torch.Tensor:
        """One update; returns the loss as a tensor, because reading it would make a GPU wait."""
        recipe, state = self.recipe, self.progress
        lr = learning_rate(recipe, self.done())
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        degraded, clean = self.patches.batch(state.step)
        degraded = degraded.contiguous(memory_format=self.memory_format)
        loss = loss_of(recipe, self.network, degraded, clean)
        self.optimiser.zero_grad()
        with self.waiting():
            self.accelerator.backward(loss)
        self.accelerator.unscale_gradients(self.optimiser)
        clip_gradients(recipe, list(self.network.parameters()), lr)
        self.optimiser.step()
        state.step += 1
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
        tensors = {f"network.{k}": v for k, v in self.weights().items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{k}": v for k, v in state.items() if torch.is_tensor(v)}
        about = {"recipe": self.recipe.digest(), "progress": json.dumps(asdict(self.progress))}
        if self.accelerator.scaler:  # fp16: the factor that keeps small gradients from becoming zero
            about["scaler"] = json.dumps(self.accelerator.scaler.state_dict())
        write_tensors(self.folder / "checkpoint.safetensors", tensors, about)

    def resume(self) -> None:
        """Continue from the folder's checkpoint; refuses one that another recipe made."""
        path = self.folder / "checkpoint.safetensors"
        tensors, about = read_tensors(path)
        if not self.recipe.made(about.get("recipe", "")):
            raise RestoreError(f"{path} was made by another recipe; choose another --out or remove it")
        network = self.bare_network()
        parameters = list(network.parameters())
        weights: dict[str, torch.Tensor] = {}
        state: dict[int, dict] = {}
        for name, tensor in tensors.items():
            owner, key = name.split(".", 1)
            if owner == "network":
                weights[key] = tensor
            else:
                index, key = key.split(".")
                # Fused optimisers want their state laid out in memory as the weights are.
                like = parameters[int(index)] if tensor.ndim else tensor
                state.setdefault(int(index), {})[key] = torch.empty_like(like.detach()).copy_(tensor)
        network.load_state_dict(weights)
        groups = self.optimiser.state_dict()["param_groups"]
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
