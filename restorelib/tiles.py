"""Running a network on a picture of any size: at once, or in tiles that make no difference."""

import sys
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import torch
from torch import nn

from restorelib.errors import RestoreError
from restorelib.machine import out_of_memory

SMALLEST = 32


def apply(network: nn.Module, degraded: torch.Tensor, scale: int) -> torch.Tensor:
    """A network's output for (N, C, H, W); one that enlarges is told how many times."""
    return network(degraded) if scale == 1 else network(degraded, scale)


def cuts(length: int, tile: int, reach: int, multiple: int = 1) -> Iterator[tuple[slice, slice, slice]]:
    """How a side of so many pixels is cut into tiles: for each, three slices.

    The first is what to cut out of the side, with all pixels around that the result depends on; the second,
    what of the piece's result to keep; the third, where that lies in the whole. A network that halves sizes
    inside must halve the same pixels in a piece as in the whole, so tiles and rims are rounded up to its
    `multiple`.
    """
    reach, tile = (-(-side // multiple) * multiple for side in (reach, tile))
    for start in range(0, length, tile):
        end, before = min(start + tile, length), min(reach, start)
        piece = slice(start - before, min(start + tile + reach, length))
        yield piece, slice(before, before + end - start), slice(start, end)


def _times(pixels: slice, scale: int) -> slice:
    return slice(pixels.start * scale, pixels.stop * scale)


def apply_in_tiles(network: nn.Module, degraded: torch.Tensor, scale: int, tile: int) -> torch.Tensor:
    """As `apply`, a square of `tile` input pixels at a time.

    Each square is cut with all the pixels around it that its result depends on (`network.reach`). So the
    result is the same, without a seam, and needs less memory.
    """
    height, width = degraded.shape[-2:]
    whole = None
    sides = (cuts(side, tile, network.reach, network.multiple) for side in (height, width))
    for (rows, kept_rows, top), (columns, kept_columns, left) in product(*sides):
        restored = apply(network, degraded[..., rows, columns], scale)
        if whole is None:
            whole = restored.new_empty(*restored.shape[:2], height * scale, width * scale)
        whole[..., _times(top, scale), _times(left, scale)] = restored[
            ..., _times(kept_rows, scale), _times(kept_columns, scale)
        ]
    return whole


def image_in_tiles(
    restore: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    scale: int,
    tile: int,
    reach: int,
    multiple: int = 1,
) -> np.ndarray:
    """As `restore(image)`, a square of `tile` pixels at a time, so that only images are there as a whole.

    Args:
        restore: from an image, (H, W) or (H, W, 3), to one `scale` times as large.
        image: the whole one.
        scale: as said.
        tile: the side of the squares, in pixels of `image`.
        reach: how many of these around a square its result depends on.
        multiple: of how many the squares have to begin at multiples.
    """
    height, width = image.shape[:2]
    whole = None
    sides = (cuts(side, tile, reach, multiple) for side in (height, width))
    for (rows, kept_rows, top), (columns, kept_columns, left) in product(*sides):
        restored = restore(image[rows, columns])
        if whole is None:
            whole = np.empty((height * scale, width * scale, *restored.shape[2:]), restored.dtype)
        whole[_times(top, scale), _times(left, scale)] = restored[
            _times(kept_rows, scale), _times(kept_columns, scale)
        ]
    return whole


def within_memory(
    run: Callable[[int | None], torch.Tensor | np.ndarray], side: int, tile: int | None = None
) -> torch.Tensor | np.ndarray:
    """`run(tile)`, with smaller and smaller tiles while memory runs out.

    Args:
        run: gives the same for every tile, the side of the squares to work in; None: all at once.
        side: of the whole picture, the longer one.
        tile: the first to try.

    Raises `RestoreError` if there is no memory for the smallest tiles.
    """
    while True:
        try:
            return run(tile)
        except Exception as error:  # libraries raise many kinds
            if not out_of_memory(error):
                raise
        tile = (tile or side) // 2
        if tile < SMALLEST:
            raise RestoreError(
                f"there is no memory even for tiles of {SMALLEST} pixels: close other programs"
            )
        print(f"Memory is short: going on in tiles of {tile} pixels.", file=sys.stderr)


def apply_within_memory(
    network: nn.Module, degraded: torch.Tensor, scale: int, tile: int | None
) -> torch.Tensor:
    """As `apply`, in tiles if asked, and in smaller and smaller ones while memory runs out."""

    def run(tile: int | None) -> torch.Tensor:
        if tile is None:
            return apply(network, degraded, scale)
        return apply_in_tiles(network, degraded, scale, tile)

    return within_memory(run, max(degraded.shape[-2:]), tile)
