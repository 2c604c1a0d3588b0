"""From `Recipe` to trained network. Killed at any moment, the loop resumes to the same weights."""

import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from safetensors import safe_open
from safetensors.torch import save
from torch import nn
from tqdm.auto import tqdm

from restorelib.degrade import Degradation, describe
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate
from restorelib.networks import build
from restorelib.patches import Patches

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
        patch, batch: side of a clean patch in pixels; patches in a batch.
        updates: steps of the optimiser.
        minutes: stop after this time at the latest; the schedule then ends with the time. None: no limit.
        loss: "l1", "l2" (means over pixels), or "sse" (half the summed squares over the batch size, as Caffe
            and MatConvNet have it, which clipping thresholds and learning rates of 2016 are made for).
        optimiser: "adamw" or "sgd" (momentum 0.9).
        lr, weight_decay: of the optimiser.
        schedule: "cosine" (2 % warm-up, then down to zero), "steps" (divided by ten at each quarter), or
            "constant".
        clip: None, "norm" (global norm at most `theta`), "value" (each element within `theta`) or "value/lr"
            (each element within theta / lr: the VDSR paper's adjustable clipping, section 3.2).
        theta: threshold of the clipping.
        seed: of weights and patches.
        validations: how many times a validation PSNR is taken, evenly over the training.
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

    def vary(self, name: str, **changes) -> "Recipe":
        """This recipe with other values; `options` given here are added to the old ones."""
        options = {**self.options, **changes.pop("options", {})}
        return replace(self, name=name, options=options, **changes)

    def as_dict(self) -> dict:
        """For records: plain values only."""
        plain = asdict(self)
        for key in ("task", "test_task"):
            plain[key] = [describe(d) for d in getattr(self, key)]
        return json.loads(json.dumps(plain))

    def digest(self) -> str:
        """Twelve hex digits that change with any field that shapes the training.

        Fields at their defaults don't count, so that a new field leaves the digests of old runs as they are.
        """
        usual = type(self)("", "", (), (), (), 0, 0, 0).as_dict()
        chosen = {key: value for key, value in self.as_dict().items() if value != usual[key]}
        return sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:12]


LOSSES = {
    "l1": nn.functional.l1_loss,
    "l2": nn.functional.mse_loss,
    "sse": lambda restored, clean: 0.5 * (restored - clean).square().sum() / len(clean),
}


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate when `progress` (0..1) of the training is done."""
    if recipe.schedule == "constant":
        return recipe.lr
    if recipe.schedule == "steps":
        return recipe.lr * 0.1 ** min(int(progress * 4), 3)
    if recipe.schedule == "cosine":
        warm = min(1.0, (progress + 1e-4) / 0.02)
        return recipe.lr * warm * 0.5 * (1 + math.cos(math.pi * progress))
    raise RestoreError(f"no schedule is called '{recipe.schedule}'; there are cosine, steps, constant")


def clip_gradients(recipe: Recipe, parameters: list[nn.Parameter], lr: float) -> None:
    """Limit the gradients in place as the recipe says."""
    if recipe.clip == "norm":
        nn.utils.clip_grad_norm_(parameters, recipe.theta)
    elif recipe.clip == "value":
        nn.utils.clip_grad_value_(parameters, recipe.theta)
    elif recipe.clip == "value/lr":
        nn.utils.clip_grad_value_(parameters, recipe.theta / lr)
    elif recipe.clip is not None:
        raise RestoreError(f"no clipping is called '{recipe.clip}'; there are norm, value, value/lr")


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


@dataclass
class Progress:
    """What a training has done so far; everything but the tensors that a checkpoint needs."""

    step: int = 0
    seconds: float = 0.0
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
    """

    def __init__(self, recipe: Recipe, pictures, validation, folder: Path | None = None, precision=None):
        self.recipe, self.validation, self.folder = recipe, validation, folder
        AcceleratorState._reset_state()  # else a second training in one process can't choose its precision
        # Without CUDA on the CPU: drawing patches needs float64, which Apple's GPUs don't have.
        self.accelerator = Accelerator(
            mixed_precision=precision or best_precision(), cpu=not torch.cuda.is_available()
        )
        torch.manual_seed(recipe.seed)
        network = build(recipe.network, **recipe.options).to(memory_format=torch.channels_last)
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
        )
        self.network, self.optimiser = self.accelerator.prepare(network, optimiser)
        self.progress = Progress()
        if folder and (folder / "checkpoint.safetensors").exists():
            self.resume()

    def weights(self) -> dict[str, torch.Tensor]:
        """The state dict, without what accelerate wraps around the network."""
        return self.accelerator.unwrap_model(self.network).state_dict()

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
        restored = self.network(degraded.contiguous(memory_format=torch.channels_last))
        loss = LOSSES[recipe.loss](restored.float(), clean)
        self.optimiser.zero_grad()
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

    def run(self, checkpoint_seconds: float = 60) -> Progress:
        """Train to the end, with a progress bar, checkpoints and validations."""
        state = self.progress
        begun = time.perf_counter() - state.seconds
        saved, losses = state.seconds, []
        with tqdm(
            total=100, desc=self.recipe.name, bar_format="{desc} {percentage:3.0f}%|{bar}| {postfix}"
        ) as bar:
            while self.done() < 1:
                losses.append(self.step())
                state.seconds = time.perf_counter() - begun
                validating = self.done() * self.recipe.validations >= len(state.validation) + 1
                saving = self.folder and state.seconds - saved > checkpoint_seconds
                finished = self.done() == 1
                if validating or saving or finished or len(losses) == 100:
                    self.note(losses)
                    losses = []
                if validating or finished:
                    score = self.validate()
                    state.seconds = time.perf_counter() - begun
                    state.validation.append([state.step, round(state.seconds / 60, 3), round(score, 4)])
                if saving:
                    self.save()
                    saved = state.seconds
                bar.set_postfix_str(self.status(), refresh=False)
                bar.update(100 * self.done() - bar.n)
        if self.folder:
            self.save()
        return state

    def status(self) -> str:
        """Speed, loss and validation so far, in a few words."""
        state = self.progress
        words = [f"{state.step * self.recipe.batch / state.seconds:.0f} patches/s"]
        if state.loss:
            words.append(f"loss {state.loss[-1][1]:.5f}")
        if state.validation:
            words.append(f"{state.validation[-1][2]:.2f} dB")
        return ", ".join(words)

    def note(self, losses: list[torch.Tensor]) -> None:
        """Write down the mean loss, and stop if it is not a number."""
        mean = torch.stack(losses).mean().item()
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
        """Write a checkpoint: weights, the optimiser's state, and the progress so far."""
        tensors = {f"network.{k}": v for k, v in self.weights().items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{k}": v for k, v in state.items() if torch.is_tensor(v)}
        about = {"recipe": self.recipe.digest(), "progress": json.dumps(asdict(self.progress))}
        write_tensors(self.folder / "checkpoint.safetensors", tensors, about)

    def resume(self) -> None:
        """Continue from the folder's checkpoint; refuses one that another recipe made."""
        path = self.folder / "checkpoint.safetensors"
        with safe_open(path, "pt") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about["recipe"] != self.recipe.digest():
            raise RestoreError(f"{path} was made by another recipe; choose another --out or remove it")
        network = self.accelerator.unwrap_model(self.network)
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
        self.progress = Progress(**json.loads(about["progress"]))


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str] | None = None) -> None:
    """Write a safetensors file; `path` always holds a whole file, the old one or the new one."""
    # A clone per tensor: safetensors wants plain memory, not channels_last.
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    write_safely(path, save(plain, about))


def write_safely(path: Path, content: bytes) -> None:
    """Write a file under another name first and rename it, so that a kill or a full disk can't spoil it."""
    draft = path.with_suffix(".draft")
    try:
        with open(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RestoreError(f"{path}: cannot be written ({error.strerror or error})") from None
