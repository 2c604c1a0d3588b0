"""What makes a step of a gradient: the optimisers, and the limits on gradients."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import nn
from torch.optim.adamw import adamw

from restorelib.errors import RestoreError
from restorelib.recipe import Recipe


def clip_gradients(recipe: Recipe, parameters: list[nn.Parameter], lr: float) -> None:
    """Limit the gradients in place as the recipe says."""
    if recipe.clip is None:
        return
    limit = recipe.clip_threshold / lr if recipe.clip.endswith("/lr") else recipe.clip_threshold
    if recipe.clip in ("norm", "norm/lr"):
        nn.utils.clip_grad_norm_(parameters, limit)
    elif recipe.clip in ("value", "value/lr"):
        nn.utils.clip_grad_value_(parameters, limit)
    else:
        raise RestoreError(f"no clipping is called '{recipe.clip}'; there are norm, norm/lr, value, value/lr")


def make_optimiser(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """AdamW or SGD with momentum in their fused forms, or `Muon`."""
    arguments = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(network.parameters(), fused=True, **arguments)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.9, fused=True, **arguments)
    if recipe.optimiser == "muon":
        return Muon(network, **arguments)
    raise RestoreError(f"no optimiser is called '{recipe.optimiser}'; there are adamw, sgd, muon")


def state_of(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The tensors that an optimiser keeps, as "PARAMETER.NAME", for a checkpoint."""
    return {
        f"{parameter}.{name}": value
        for parameter, values in optimiser.state_dict()["state"].items()
        for name, value in values.items()
        if torch.is_tensor(value)
    }


def load_state(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give an optimiser what `state_of` took from one like it."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".")
        # Fused optimisers want their state laid out in memory as the weights are.
        like = parameters[int(index)].detach() if tensor.ndim else tensor
        state.setdefault(int(index), {})[name] = torch.empty_like(like).copy_(tensor)
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


# ---------------------------------------------------------------- Muon

# A matrix with a smaller side than this has too few directions for evening them out to help.
SMALLEST_SIDE = 32


class Muon(torch.optim.Optimizer):
    """Momentum whose matrix is made orthogonal before the step (Jordan et al., "Muon", 2024).

    A convolution is a matrix: one row a channel that goes out, one column an input channel and place in the
    kernel. A gradient's momentum points along few of its singular directions; the step of Muon is as long in
    all of them. It is scaled to the root mean square of a step of AdamW ("Muon is Scalable for LLM Training",
    Liu et al. 2025, section 2.2), so that one rate serves both: AdamW moves what is no such matrix, that is
    biases, normalisation, 1x1 convolutions such as gates, and the first and last layers, which have few rows
    or columns.

    Args:
        network: whose parameters to move.
        lr: of both.
        weight_decay: a step takes this times `lr` off every weight.
        momentum: of Muon, as Nesterov has it.
        betas: of AdamW.
    """

    def __init__(
        self,
        network: nn.Module,
        lr: float = 1e-3,
        weight_decay: float = 1e-4,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
    ):
        turned = dict(convolutions(network))
        others = [p for p in network.parameters() if p not in turned]
        groups = [
            {"params": [p for p, t in turned.items() if not t], "matrices": True, "turned": False},
            {"params": [p for p, t in turned.items() if t], "matrices": True, "turned": True},
            {"params": others, "matrices": False, "turned": False},
        ]
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": betas}
        super().__init__([group for group in groups if group["params"]], defaults)

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> torch.Tensor | None:
        """Move every parameter that has a gradient."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if group["matrices"]:
                for same in by_shape(parameters):
                    self._move_matrices(same, group)
            elif parameters:
                self._move_others(parameters, group)
        return loss

    def _move_matrices(self, weights: list[torch.Tensor], group: dict) -> None:
        """A step of Muon for weights of one shape, all in one product."""
        states = [self.state[weight] for weight in weights]
        for weight, state in zip(weights, states, strict=True):
            if not state:
                state["momentum"] = torch.zeros_like(weight)
        averages = [state["momentum"] for state in states]
        gradients = [weight.grad for weight in weights]
        torch._foreach_lerp_(averages, gradients, 1 - group["momentum"])
        ahead = torch._foreach_lerp(gradients, averages, group["momentum"])  # Nesterov
        steps = orthogonal(torch.stack([as_matrix(x, group["turned"]) for x in ahead]))
        length = 0.2 * max(steps.shape[1:]) ** 0.5
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        for weight, step in zip(weights, steps, strict=True):
            weight = weight.transpose(0, 1) if group["turned"] else weight
            weight.add_(step.view(weight.shape), alpha=-group["lr"] * length)

    def _move_others(self, parameters: list[torch.Tensor], group: dict) -> None:
        """A step of AdamW."""
        states = [self.state[parameter] for parameter in parameters]
        for parameter, state in zip(parameters, states, strict=True):
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
                state["exp_avg"], state["exp_avg_sq"] = (torch.zeros_like(parameter) for _ in range(2))
        adamw(
            parameters,
            [parameter.grad for parameter in parameters],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )


def convolutions(network: nn.Module) -> Iterator[tuple[nn.Parameter, bool]]:
    """The weights that Muon moves, each with whether its first two sides are turned: in before out."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.kernel_size != (1, 1):
            turned = isinstance(module, nn.ConvTranspose2d)
            if min(as_matrix(module.weight, turned).shape) >= SMALLEST_SIDE:
                yield module.weight, turned


def as_matrix(weight: torch.Tensor, turned: bool) -> torch.Tensor:
    """The matrix (out, in x height x width) of a convolution's weight, or of one that is (in, out, ...)."""
    return (weight.transpose(0, 1) if turned else weight).flatten(1)


def by_shape(weights: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    """The weights, those of one shape together."""
    shapes: dict[torch.Size, list[torch.Tensor]] = {}
    for weight in weights:
        shapes.setdefault(weight.shape, []).append(weight)
    return list(shapes.values())


def orthogonal(matrices: torch.Tensor, iterations: int = 5) -> torch.Tensor:
    """Matrices (N, rows, columns) whose singular values are brought near 1 and whose directions stay.

    Each iteration of Newton and Schulz applies a polynomial of fifth degree to all singular values, without
    finding them; its coefficients (Jordan et al. 2024) lift small ones fast and leave most between 0.7 and
    1.2. In fp32 on a CPU, in bf16 on a GPU.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)  # no singular value is above 1 now
    for _ in range(iterations):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)
