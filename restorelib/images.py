"""Pictures as files and as tensors, and colour.

An image is a uint8 array, (H, W) when grey and (H, W, 3) when RGB; one that comes with its blur has three
more planes for each blurred version.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from restorelib.errors import RestoreError

# ---------------------------------------------------------------- files


def read(path: str | Path) -> np.ndarray:
    """Read one picture as uint8, (H, W) or (H, W, 3).

    Palettes are resolved, black-and-white becomes grey, an opaque alpha channel is dropped and the camera's
    rotation is applied. Raises `RestoreError` for transparency, more than 8 bits a channel, and non-images.
    """
    try:
        with Image.open(path) as file:
            deep = any(f";16{order}" in str(file.tile) for order in "BLN")  # Pillow would drop the lower half
            picture = ImageOps.exif_transpose(file)
            picture.load()
    except FileNotFoundError:
        raise RestoreError(f"{path}: no such file") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise RestoreError(f"{path}: not a readable image ({error})") from None
    if deep:
        raise RestoreError(f"{path}: has 16 bits a channel; save it as 8-bit grey or RGB first")
    if "transparency" in picture.info:
        picture = picture.convert("LA" if picture.mode in ("1", "L") else "RGBA")
    if picture.mode == "P":
        picture = picture.convert("RGB")
    if picture.mode in ("RGBA", "LA"):
        if picture.getchannel("A").getextrema()[0] < 255:
            raise RestoreError(f"{path}: has transparent pixels; flatten it onto a background first")
        picture = picture.convert(picture.mode[:-1])
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.mode not in ("L", "RGB"):
        raise RestoreError(f"{path}: is in mode {picture.mode}; save it as 8-bit grey or RGB first")
    return np.asarray(picture)


def write(path: str | Path, image: np.ndarray) -> None:
    """Write a uint8 image; the ending of the name says in which format."""
    try:
        Image.fromarray(image).save(path)
    except (OSError, ValueError, KeyError) as error:
        raise RestoreError(f"{path}: cannot be written ({error})") from None


# ---------------------------------------------------------------- tensors and colour


def to_tensor(image: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A uint8 image as a (1, C, H, W) tensor in [0, 1]."""
    pixels = torch.from_numpy(np.array(image, ndmin=3 if image.ndim == 3 else 2))
    planes = pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return planes[None].to(dtype) / 255


def to_image(tensor: torch.Tensor) -> np.ndarray:
    """A (1, C, H, W) tensor in [0, 1], clipped and rounded to a uint8 image."""
    pixels = (tensor[0].detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu()
    return pixels[0].numpy() if len(pixels) == 1 else pixels.permute(1, 2, 0).contiguous().numpy()


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
