"""What a batch costs: the loss of one prediction, of all that a network makes, or of all its iterations."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d

from restorelib.blocks import check_scale
from restorelib.degrade import Bicubic
from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer
from restorelib.recipe import Recipe
from restorelib.tiles import apply


def check_fit(recipe: Recipe, network: Restorer) -> None:
    """Raise `RestoreError` if a recipe asks of its network what that cannot do."""
    if recipe.on_accident not in ("go on", "go back"):
        raise RestoreError(f"{recipe.name}: on_accident is '{recipe.on_accident}'; say 'go on' or 'go back'")
    for degradation in recipe.task:
        if isinstance(degradation, Bicubic) and degradation.enlarge != network.takes_enlarged:
            size = "enlarged pictures" if network.takes_enlarged else "small pictures"
            enlarge = network.takes_enlarged
            raise RestoreError(
                f"{recipe.name}: this network takes {size}; say Bicubic(..., enlarge={enlarge})"
            )
        if not network.takes_enlarged:
            check_scale(network.scales, degradation.shrink)
    if recipe.final_weight != 1 and not network.supervised:
        raise RestoreError(f"{recipe.name}: this network makes one prediction; leave final_weight at 1")
    if recipe.incremental and not network.iterates:
        raise RestoreError(f"{recipe.name}: this network makes one pass; leave out incremental")
    if network.exact and recipe.patch % network.multiple:
        raise RestoreError(f"{recipe.name}: this network takes patches whose side {network.multiple} divides")


LOSSES = {
    "l1": nn.functional.l1_loss,
    "l2": nn.functional.mse_loss,
    "sse": lambda restored, clean: 0.5 * (restored - clean).square().sum() / len(clean),
}
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_of(recipe: Recipe, network: nn.Module, degraded: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """The recipe's loss on a batch as `Patches.batch` makes it; raises `RestoreError` for an unknown one."""
    if recipe.loss not in LOSSES:
        raise RestoreError(f"no loss is called '{recipe.loss}'; there are {', '.join(LOSSES)}")
    loss = LOSSES[recipe.loss]
    if recipe.incremental:
        return incremental(loss, network, degraded, clean)
    if recipe.final_weight != 1:
        return supervised(loss, recipe.final_weight, network, degraded, clean)
    return plain(loss, network, degraded, clean)


def plain(loss: Loss, network: nn.Module, degraded: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """The loss of the one restored picture."""
    restored = apply(network, degraded, clean.shape[-1] // degraded.shape[-1])
    return loss(restored.float(), clean)


def supervised(
    loss: Loss, final_weight: float, network: nn.Module, degraded: torch.Tensor, clean: torch.Tensor
) -> torch.Tensor:
    """The final prediction's loss times `final_weight`, and the mean loss of those before it times the rest.

    MemNet paper, section 3.3, whose alpha is `final_weight`.
    """
    *others, final = (loss(y, clean) for y in network(degraded, every=True).float())
    return final_weight * final + (1 - final_weight) * torch.stack(others).mean()


def incremental(
    loss: Loss, network: nn.Module, degraded: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """The mean loss of all iterations, each against a target of its own (MT-RNN paper).

    Args:
        loss: of one picture against another.
        network: one that iterates.
        degraded: what enters, (N, C, H, W).
        targets: (iterations, N, C, H, W). A picture that is restored at a smaller scale on the way is
            compared with the target made as small.
    """
    found = network(degraded, iterations=len(targets), every=True)
    targets = targets.repeat_interleave(len(found) // len(targets), 0)
    pairs = ((x.float(), adaptive_avg_pool2d(y, x.shape[-2:])) for x, y in zip(found, targets, strict=True))
    return torch.stack([loss(x, y) for x, y in pairs]).mean()
