"""What makes a step of a gradient: the optimisers, and the limits on gradients."""

import torch
from torch import nn

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
    """AdamW or SGD with momentum, in their fused forms."""
    arguments = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(network.parameters(), **arguments)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.9, **arguments)
    raise RestoreError(f"no optimiser is called '{recipe.optimiser}'; there are adamw, sgd")
