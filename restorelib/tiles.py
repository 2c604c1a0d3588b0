"""Running a network on a picture of any size: at once, or in tiles that make no difference."""

import sys

import torch
from accelerate.utils.memory import should_reduce_batch_size as out_of_memory
from torch import nn

from restorelib.errors import RestoreError

SMALLEST = 32


def apply(network: nn.Module, degraded: torch.Tensor, scale: int) -> torch.Tensor:
    """A network's output for (N, C, H, W); one that enlarges is told how many times."""
    return network(degraded) if scale == 1 else network(degraded, scale)


def apply_in_tiles(network: nn.Module, degraded: torch.Tensor, scale: int, tile: int) -> torch.Tensor:
    """As `apply`, a square of `tile` input pixels at a time.

    Each square is cut with all the pixels around it that its result depends on (`network.reach`). So the
    result is the same, without a seam, and needs less memory. A network that halves sizes inside must halve
    the same pixels in a piece as in the whole, so squares and rims are rounded up to its `multiple`.
    """
    multiple, (height, width) = network.multiple, degraded.shape[-2:]
    reach, tile = (-(-side // multiple) * multiple for side in (network.reach, tile))
    rows = []
    for top in range(0, height, tile):
        row = []
        for left in range(0, width, tile):
            above, before = min(reach, top), min(reach, left)
            piece = degraded[..., top - above : top + tile + reach, left - before : left + tile + reach]
            restored = apply(network, piece, scale)[..., above * scale :, before * scale :]
            row.append(restored[..., : tile * scale, : tile * scale])
        rows.append(torch.cat(row, -1))
    return torch.cat(rows, -2)


def apply_within_memory(
    network: nn.Module, degraded: torch.Tensor, scale: int, tile: int | None
) -> torch.Tensor:
    """As `apply`, in tiles if asked, and in smaller and smaller ones while memory runs out."""
    while True:
        try:
            if tile is None:
                return apply(network, degraded, scale)
            return apply_in_tiles(network, degraded, scale, tile)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
        tile = (tile or max(degraded.shape[-2:])) // 2
        if tile < SMALLEST:
            raise RestoreError(
                f"there is no memory even for tiles of {SMALLEST} pixels: close other programs"
            )
        print(f"Memory is short: going on in tiles of {tile} pixels.", file=sys.stderr)
