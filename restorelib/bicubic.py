"""Bicubic resizing, as MATLAB's imresize."""

from functools import lru_cache

import numpy as np
import torch

from restorelib.errors import RestoreError

BLOCK = 256  # resized pixels of a line that are computed by one product


def cubic(t: torch.Tensor) -> torch.Tensor:
    """Keys' cubic convolution kernel with a = -1/2 (Keys 1981, eq. 15), as MATLAB uses it."""
    t = t.abs()
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return torch.where(t <= 1, near, torch.where(t <= 2, far, torch.zeros_like(t)))


def taps(size_in: int, size_out: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The pixels of a line that each resized one is the weighted mean of, and the weights: (size_out, taps).

    When shrinking, the kernel is widened by 1/scale (MATLAB's antialiasing); positions outside the image are
    mirrored at its edge, and the weights of each pixel sum to one.
    """
    scale = size_out / size_in
    widen = min(scale, 1.0)
    width = 4 / widen
    centre = (torch.arange(size_out, dtype=torch.float64) + 0.5) / scale - 0.5
    first = torch.floor(centre - width / 2) + 1
    places = first[:, None] + torch.arange(int(np.ceil(width)) + 1, dtype=torch.float64)
    weights = cubic((centre[:, None] - places) * widen)
    mirrored = places.long() % (2 * size_in)
    return torch.minimum(mirrored, 2 * size_in - 1 - mirrored), weights / weights.sum(1, keepdim=True)


def resize_matrix(size_in: int, size_out: int) -> torch.Tensor:
    """The (size_out, size_in) matrix in float64 that resizes one axis, see `taps`; most of it is zero."""
    places, weights = taps(size_in, size_out)
    return torch.zeros(size_out, size_in, dtype=torch.float64).scatter_add_(1, places, weights)


@lru_cache(maxsize=32)  # more than a training needs; a photo's are a few MB
def _band(
    size_in: int, size_out: int, dtype: torch.dtype, device: torch.device
) -> list[tuple[int, int, torch.Tensor]]:
    """`resize_matrix` without most of its zeros: blocks of rows, each (first column, end, weights).

    Its size grows with a side and not with its square. Products with blocks are faster than a sum over taps,
    and they are kept because copying them makes a GPU wait.
    """
    places, weights = taps(size_in, size_out)
    blocks = []
    for some, share in zip(places.split(BLOCK), weights.split(BLOCK), strict=True):
        first, end = (int(some.min()), int(some.max()) + 1) if size_out > BLOCK else (0, size_in)
        matrix = torch.zeros(len(some), end - first, dtype=torch.float64)
        blocks.append((first, end, matrix.scatter_add_(1, some - first, share).to(device, dtype)))
    return blocks


def resize(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Bicubic resize of (N, C, H, W) to `size`, (height, width), equal to MATLAB's imresize; differentiable.

    Floating-point input is neither clipped nor rounded; integer input is, once, at the end.
    """
    if not x.is_floating_point():
        limits = torch.iinfo(x.dtype)
        return resize(x.double(), size).round().clamp(limits.min, limits.max).to(x.dtype)
    rows, columns = (_band(x.shape[i], size[i], x.dtype, x.device) for i in (-2, -1))
    x = torch.cat([weights @ x[..., first:end, :] for first, end, weights in rows], -2)
    return torch.cat([x[..., first:end] @ weights.T for first, end, weights in columns], -1)


def bicubic_down(x: torch.Tensor, scale: int) -> torch.Tensor:
    """Shrink both sides by an integer; raises `RestoreError` unless `scale` divides them."""
    height, width = x.shape[-2:]
    if height % scale or width % scale:
        raise RestoreError(f"{width}x{height} is not divisible by {scale}; crop it with modcrop(x, {scale})")
    if not height or not width:
        raise RestoreError(f"the picture has fewer than {scale}x{scale} pixels")
    return resize(x, (height // scale, width // scale))


def bicubic_up(x: torch.Tensor, scale: int) -> torch.Tensor:
    """Enlarge both sides by an integer."""
    return resize(x, (x.shape[-2] * scale, x.shape[-1] * scale))


def modcrop(x: torch.Tensor, multiple: int) -> torch.Tensor:
    """Cut rows and columns at the end until both sides are divisible by `multiple`."""
    height, width = x.shape[-2:]
    return x[..., : height - height % multiple, : width - width % multiple]
