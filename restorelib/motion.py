"""How a picture moves before a camera: shifted, turned and zoomed along paths, whole or in an ellipse."""

import torch
from torch.nn.functional import affine_grid, grid_sample


def moved(picture: torch.Tensor, paths: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) as a camera on `paths`, as of `degrade.Motion.paths`, sees it: (13, N, C, H, W).

    To first order in the angle. Bilinear, so every kernel is positive and sums to one.
    """
    height, width = picture.shape[-2:]
    right, down, turn, zoom = paths.flatten(0, 1).T
    turn, zoom = (2 * pixels / (height**2 + width**2) ** 0.5 for pixels in (turn, zoom))
    # Positions go from -1 to 1 along each axis.
    across = (1 + zoom, -turn * height / width, 2 * right / width)
    along = (turn * width / height, 1 + zoom, 2 * down / height)
    matrices = torch.stack([torch.stack(across, -1), torch.stack(along, -1)], 1)
    pictures = picture.expand(len(paths), *picture.shape).flatten(0, 1)
    grid = affine_grid(matrices, list(pictures.shape), align_corners=False)
    seen = grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return seen.unflatten(0, paths.shape[:2])


def ellipses(like: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Random soft-edged masks in [0, 1], one for each of (N, C, H, W): (N, 1, H, W)."""
    n, _, height, width = like.shape
    centre, radius = uniform((2, n, 1, 1, 2), like, generator)
    here = affine_grid(torch.eye(2, 3).to(like).expand(n, 2, 3), [n, 1, height, width], align_corners=False)
    distance = ((here - (centre * 2 - 1)) / (radius + 0.01)).norm(dim=-1)
    return torch.sigmoid(10 * (1 - distance))[:, None]


def uniform(shape: tuple[int, ...], like: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """Random numbers in [0, 1), of the type and on the device of another tensor."""
    return torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype)
