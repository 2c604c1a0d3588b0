"""What can go wrong in a training without ending it: losses that jump, layers that die, scores that fall.

Each is noticed from what a training writes down anyway, told in a line when it begins, and kept in the
record.
"""

from collections.abc import Callable, Sequence
from statistics import median

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# The mean loss over so many updates is looked at, beside the median of so many such means before; it jumps if
# it is so many times as large. In healthy trainings such means differ by less than a third.
WINDOW, BEFORE, JUMP = 50, 10, 2.0
# Among the first three means a healthy loss may still rise, as the rate does: ten times it is there.
EARLY, EARLY_JUMP = 3, 10.0
# Decibels below the best validation, and how many validations in a row.
FALL, IN_A_ROW = 0.5, 2
# Batches that a layer must give only zeros for; one alone may be of dark patches.
BATCHES = 8


def loss_jumped(loss: Sequence[tuple[int, float]]) -> str | None:
    """Whether the loss is far above what it was; `loss` has (update, mean since the last entry)."""
    means = windows(loss)
    if len(means) < 2:
        return None
    usual = median(means[-BEFORE - 1 : -1])
    if means[-1] > (JUMP if len(means) > EARLY else EARLY_JUMP) * usual:
        return f"the loss is {means[-1]:.3g}, {means[-1] / usual:.1f} times its median before"
    return None


def first_jump(loss: Sequence[tuple[int, float]]) -> tuple[int, str] | None:
    """The first time that `loss_jumped` would have told something: (update, what). None: never."""
    for end in range(1, len(loss) + 1):
        if what := loss_jumped(loss[:end]):
            return loss[end - 1][0], what
    return None


def windows(loss: Sequence[tuple[int, float]]) -> list[float]:
    """Means over at least `WINDOW` updates each; what is left at the end is not among them."""
    means, total, count, last = [], 0.0, 0, 0
    for update, mean in loss:
        total, count, last = total + mean * (update - last), count + update - last, update
        if count >= WINDOW:
            means.append(total / count)
            total, count = 0.0, 0
    return means


def validation_fell(validation: Sequence[tuple[int, float, float]]) -> str | None:
    """Whether the last validations, (update, minutes, PSNR), are all far below the best before them."""
    scores = [psnr for _, _, psnr in validation]
    best = max(scores[:-IN_A_ROW], default=float("-inf"))
    if max(scores[-IN_A_ROW:], default=best) < best - FALL:
        return f"validation is at {scores[-1]:.2f} dB, after {best:.2f} dB"
    return None


def layers_died(restore: Callable[[int], torch.Tensor]) -> str | None:
    """Whether some ReLU gives nothing but zeros for several batches: no gradient passes it any more.

    Args:
        restore: runs the network on batch number 0, 1, ...
    """
    alive: list[bool] = []
    for number in range(BATCHES):
        with Rectified() as seen, torch.no_grad():
            restore(number)
        alive = [a or b for a, b in zip(alive or seen.alive, seen.alive, strict=True)]
        if all(alive):
            return None
    return f"ReLU {alive.index(False) + 1} of {len(alive)} gives zeros only: nothing before it can learn"


class Rectified(TorchDispatchMode):
    """Within it, notes for every ReLU that torch computes whether any value passed.

    Attributes:
        alive: in the order in which they were computed.
    """

    def __init__(self):
        super().__init__()
        self.alive: list[bool] = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        """Compute as ever, and look at what came out."""
        result = function(*arguments, **(keywords or {}))
        if function in (torch.ops.aten.relu.default, torch.ops.aten.relu_.default):
            self.alive.append(bool(result.any()))
        return result
