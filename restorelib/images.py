"""Pictures as files and as tensors, and colour.

An image is a uint8 array, (H, W) when grey and (H, W, 3) when RGB; one that comes with its blur has three
more planes for each blurred version. Only a picture of one's own may be uint16 (`restorelib image`).
"""

from pathlib import Path

import numpy as np
import torch

from restorelib.errors import RestoreError
from restorelib.opening import open_picture
from restorelib.saving import write_picture

# ---------------------------------------------------------------- files


def read(path: str | Path) -> np.ndarray:
    """Read one picture as uint8, (H, W) or (H, W, 3), for training and scoring.

    What `opening.open_picture` says holds. A colour profile is not applied, as MATLAB's imread doesn't, but
    to CMYK. Raises `RestoreError` for more than 8 bits a channel too, because scores are defined for 8.
    """
    pixels = open_picture(path).pixels
    if pixels.dtype != np.uint8:
        raise RestoreError(f"{path}: has 16 bits a channel; save it as 8-bit grey or RGB first")
    return pixels


def write(path: str | Path, image: np.ndarray) -> None:
    """Write an image; the ending of the name says in which format, see `saving.write_picture`."""
    write_picture(path, image)


# ---------------------------------------------------------------- tensors and colour


def to_tensor(image: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A uint8 or uint16 image as a (1, C, H, W) tensor in [0, 1]."""
    most = np.iinfo(image.dtype).max
    # torch computes little with uint16.
    pixels = torch.from_numpy(np.array(image, np.int32 if most > 255 else np.uint8))
    planes = pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return planes[None].to(dtype) / most


def to_image(tensor: torch.Tensor, dtype: type = np.uint8) -> np.ndarray:
    """A (1, C, H, W) tensor in [0, 1], clipped and rounded to a uint8 image, or to one of uint16."""
    most = np.iinfo(dtype).max
    pixels = (tensor[0].detach().clamp(0, 1) * most).round().to(torch.uint8 if most == 255 else torch.int32)
    pixels = pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0).contiguous()
    return pixels.cpu().numpy().astype(dtype, copy=False)


# ITU-R BT.601 in "studio swing", as MATLAB's rgb2ycbcr: Y lies in 16..235, Cb and Cr in 16..240 (of 255).
_YCBCR = (
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
_OFFSET = (16.0, 128.0, 128.0)


def rgb_to_ycbcr(rgb: torch.Tensor) -> torch.Tensor:
    """MATLAB's rgb2ycbcr without its rounding: (N, 3, H, W) in [0, 1] to the same shape in [0, 1]."""
    matrix, offset = rgb.new_tensor(_YCBCR) / 255, rgb.new_tensor(_OFFSET) / 255
    return torch.einsum("oc,nchw->nohw", matrix, rgb) + offset[:, None, None]


def ycbcr_to_rgb(ycbcr: torch.Tensor) -> torch.Tensor:
    """The inverse of `rgb_to_ycbcr` (not clipped)."""
    matrix = torch.tensor(_YCBCR, dtype=torch.float64).inverse().to(ycbcr) * 255
    offset = ycbcr.new_tensor(_OFFSET) / 255
    return torch.einsum("oc,nchw->nohw", matrix, ycbcr - offset[:, None, None])


def luma(image: torch.Tensor) -> torch.Tensor:
    """Y of a (N, 1 or 3, H, W) tensor in [0, 1], rounded to 8 bits as MATLAB does for uint8; grey is kept."""
    y = rgb_to_ycbcr(image)[:, :1] if image.shape[1] == 3 else image
    return (y * 255).round() / 255
