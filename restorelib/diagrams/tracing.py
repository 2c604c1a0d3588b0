"""What a network computes, found by running it: every layer, and which result enters which."""

import math
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from restorelib.networks.base import Restorer

KINDS = {
    "conv2d": "conv",
    "conv_transpose2d": "deconv",
    "batch_norm": "act",
    "relu": "act",
    "leaky_relu": "act",
    "sigmoid": "act",
    "tanh": "act",
    "pixel_shuffle": "act",
    "add": "sum",
    "radd": "sum",
    "iadd": "sum",
    "sum": "sum",
    "mean": "sum",
}
LABELS = {"batch_norm": "BN", "relu": "ReLU", "leaky_relu": "LeakyReLU", "pixel_shuffle": "shuffle"}
SIDE = 24  # of the traced picture, at least: small, because it is really computed


@dataclass(frozen=True)
class Call:
    """The `number`-th run of a module or method; `kind` is its class or the method's name."""

    name: str
    kind: str
    number: int


@dataclass(frozen=True)
class Step:
    """One operation on tensors that come from the picture.

    Attributes:
        kind: "input", "conv", "deconv", "act" (whatever changes values and stands behind a layer), "sum", or
            "pass" for what only hands on, joins or cuts.
        label: what an "act" is called, or a factor in a sum.
        inputs: numbers of the steps whose results it takes.
        shape: (channels, height, width) of its result.
        calls: the modules it runs in, outermost first.
        weight: shape of its kernel, if it has one.
        weights: how many numbers it learns that no earlier step has.
        operations: multiplications, for one picture.
        stride: pixels from one result to the next.
    """

    kind: str
    label: str
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    calls: tuple[Call, ...] = ()
    weight: tuple[int, ...] = ()
    weights: int = 0
    operations: int = 0
    stride: int = 1


class Tracer(TorchFunctionMode):
    """While it is active, every operation on a known tensor becomes a `Step` of `steps`."""

    def __init__(self, picture: torch.Tensor):
        super().__init__()
        self.steps = [Step("input", "", (), tuple(picture.shape[1:]))]
        self.step_of = {id(picture): 0}
        self.calls: list[Call] = []
        self.runs: Counter = Counter()
        self.learned: set[int] = set()  # parameters that a step has used
        self.views: dict[int, list[nn.Parameter]] = {}  # other tensors -> the parameters they are made of
        self.kept: list = [picture]  # a tensor that is gone could share its id with a new one

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Run `func` and note it."""
        result = func(*args, **(kwargs or {}))
        given = list(tensors((*args, *(kwargs or {}).values())))
        known = [self.step_of[id(x)] for x in given if id(x) in self.step_of]
        learned = [x for y in given for x in self.views.get(id(y), [y]) if isinstance(x, nn.Parameter)]
        if learned and not known:
            self.views |= {id(out): learned for out in tensors((result,))}
            self.kept.append(result)
        for out in tensors((result,)) if known else ():
            step = self.step(func.__name__.strip("_"), tuple(known), args, out, learned)
            if (kwargs or {}).get("alpha", 1) != 1:
                step = replace(step, label=f"× {kwargs['alpha']:g}")
            if step.kind == "pass" and id(out) in self.step_of:
                continue  # such as `x.to(x.dtype)`: x itself
            self.kept.append(out)
            self.steps.append(step)
            self.step_of[id(out)] = len(self.steps) - 1
        return result

    def step(self, name: str, known: tuple[int, ...], args: tuple, out: torch.Tensor, learned: list) -> Step:
        """The step that a function of this name made of the steps `known` and of learned numbers."""
        kind, shape, calls = KINDS.get(name, "pass"), tuple(out.shape[-3:]), tuple(self.calls)
        weights = sum(x.numel() for x in learned if id(x) not in self.learned)
        self.learned |= {id(x) for x in learned}
        if kind == "pass" and weights:
            return Step("act", "learned weights", known, shape, calls, weights=weights)
        if kind not in ("conv", "deconv"):
            return Step(kind, LABELS.get(name, name), known, shape, calls, weights=weights)
        source, kernel, *others = args
        if not isinstance(kernel, nn.Parameter):
            return Step("act", "mean colour", known, shape, calls)
        places = (out if kind == "conv" else source).shape[-2:].numel()
        operations, stride = kernel.numel() * places, others[1][0]
        return Step(kind, "", known, shape, calls, tuple(kernel.shape), weights, operations, stride)

    def enter(self, name: str, kind: str, *_) -> None:
        """A module or method begins."""
        self.calls.append(Call(name, kind, self.runs[name]))
        self.runs[name] += 1

    def leave(self, *_) -> None:
        """It ends."""
        self.calls.pop()


def tensors(values: tuple) -> Iterator[torch.Tensor]:
    """The tensors among arguments, and in lists and tuples among them."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def trace(network: Restorer) -> list[Step]:
    """All steps of one run over a small picture; at every scale, if the network offers several."""
    copy = deepcopy(network).float().cpu().eval()
    picture = torch.zeros(1, network.channels, *2 * [side(network)])
    tracer = Tracer(picture)
    for name, module in copy.named_modules():
        if name:
            module.register_forward_pre_hook(partial(tracer.enter, name, type(module).__name__))
            module.register_forward_hook(tracer.leave)
    if network.iterates:
        copy.iterate = partial(iterate, copy.iterate, tracer)
    with torch.no_grad(), tracer:
        for scale in network.scales or [None]:
            copy(picture, *([] if scale is None else [scale]))
    return tracer.steps


def side(network: Restorer) -> int:
    """Height and width of the picture that `trace` takes."""
    return math.ceil(SIDE / network.multiple) * network.multiple


def iterate(method, tracer: Tracer, *args):
    """A network's `iterate`, noted as a module is."""
    tracer.enter("iterate", "iterate")
    try:
        return method(*args)
    finally:
        tracer.leave()
