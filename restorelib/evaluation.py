"""Restoring whole pictures, and scoring a network on a set: one row a picture."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from restorelib.blocks import check_scale
from restorelib.degrade import Bicubic, Degradation, Recorded, bicubic_up, modcrop
from restorelib.errors import RestoreError
from restorelib.images import luma, rgb_to_ycbcr, to_image, to_tensor, ycbcr_to_rgb
from restorelib.metrics import Protocol
from restorelib.networks.base import WHOLE
from restorelib.tiles import apply, apply_within_memory, image_in_tiles, within_memory

CUBIC_REACH = 3  # pixels of a small picture around those that a part of the enlarged one depends on


def device_of(network: nn.Module) -> torch.device:
    """Where a network's weights are; the CPU if it has none."""
    return next((p.device for p in network.parameters()), torch.device("cpu"))


def _check_tile(network: nn.Module, tile: int | None) -> None:
    if tile is not None and network.reach >= WHOLE:
        raise RestoreError("this method needs the whole picture at once: tiles would change its result")


@torch.no_grad()
# On NVIDIA's GPUs torch shortens the factors of fp32 convolutions to 10 bits unless told not to.
@torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
def restore(
    network: nn.Module,
    degraded: torch.Tensor,
    scale: int = 1,
    self_ensemble: bool = False,
    tile: int | None = None,
) -> torch.Tensor:
    """Run a network on (1, C, H, W) in float32 and return the result on the CPU.

    Args:
        network: any network of this library.
        degraded: its input, in [0, 1].
        scale: how many times larger the result is; not 1 for networks that take the small picture.
        self_ensemble: restore the eight flips and rotations, turn them back, and average.
        tile: restore squares of so many input pixels at a time to save memory; None: all at once if it fits.

    Raises `RestoreError` for a scale that the network has not, and for tiles where each pixel of the result
    depends on the whole picture.
    """
    _check_tile(network, tile)
    if not network.takes_enlarged:
        check_scale(network.scales, scale)
    x = degraded.to(device_of(network), torch.float32)
    if not self_ensemble:
        return apply_within_memory(network, x, scale, tile).cpu()
    results = []
    for turns in range(4):
        for flip in (False, True):
            y = torch.rot90(x, turns, (2, 3))
            y = apply_within_memory(network, y.flip(3) if flip else y, scale, tile)
            results.append(torch.rot90(y.flip(3) if flip else y, -turns, (2, 3)))
    return torch.stack(results).mean(0).cpu()


@torch.no_grad()
@torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
def restore_image(
    network: nn.Module, image: np.ndarray, scale: int = 1, tile: int | None = None
) -> np.ndarray:
    """Restore a uint8 or uint16 image of your own, `scale` times as large; `tile` is as in `restore`.

    A network for luma restores Y; the two colour planes are only enlarged (VDSR paper, section 4.1). Where
    memory is short, enlarging and colour are done in tiles, too. Raises as `restore` does.
    """
    _check_tile(network, tile)
    if not network.takes_enlarged:
        check_scale(network.scales, scale)
    enlarged = scale if network.takes_enlarged else 1  # a tile is one of the network's input
    reach = -(-network.reach // enlarged) + (CUBIC_REACH if enlarged > 1 else 0)

    def run(tile: int | None) -> np.ndarray:
        if tile is None:
            return _restored(network, image, scale)
        if network.reach >= WHOLE:
            raise RestoreError(
                "too little memory: this method needs the whole picture at once; take a smaller one"
            )
        side = -(-tile // enlarged)
        return image_in_tiles(
            lambda piece: _restored(network, piece, scale), image, scale, side, reach, network.multiple
        )

    return within_memory(run, enlarged * max(image.shape[:2]), tile)


def _restored(network: nn.Module, image: np.ndarray, scale: int) -> np.ndarray:
    """`restore_image`, all at once."""
    picture = to_tensor(image)

    def applied(x: torch.Tensor) -> torch.Tensor:
        x = x.expand(-1, network.channels, -1, -1).to(device_of(network))
        return apply(network, x, 1 if network.takes_enlarged else scale).cpu()

    if not network.takes_enlarged:
        return to_image(applied(picture), image.dtype)
    wide = bicubic_up(picture, scale) if scale > 1 else picture
    if network.channels == 3 or image.ndim == 2:
        return to_image(applied(wide), image.dtype)
    ycbcr = rgb_to_ycbcr(wide)
    ycbcr[:, :1] = applied(ycbcr[:, :1])
    return to_image(ycbcr_to_rgb(ycbcr), image.dtype)


def pair(
    image: np.ndarray, degradation: Degradation, channels: int = 1, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """(clean, degraded) of a uint8 image as float64 tensors; luma is rounded to 8 bits before degrading."""
    clean = to_tensor(image, torch.float64)
    clean = luma(clean) if channels == 1 else clean.expand(-1, max(channels, clean.shape[1]), -1, -1)
    clean = modcrop(clean, degradation.multiple)
    # Planes behind the clean ones are recorded blur.
    return clean[:, :channels], degradation(clean, torch.Generator().manual_seed(seed))


def score(
    network: nn.Module,
    image: np.ndarray,
    degradation: Degradation,
    protocol: Protocol,
    seed: int = 0,
) -> dict[str, float]:
    """PSNR and SSIM of one picture after degrading and restoring it, cropped if the network needs that."""
    protocol = protocol.of_file(grey=image.ndim == 2)
    clean, degraded = pair(image, degradation, network.channels, seed)
    if network.exact:
        clean, degraded = (modcrop(picture, network.multiple) for picture in (clean, degraded))
    restored = restore(network, protocol.admit(degraded), degradation.shrink, protocol.self_ensemble)
    return protocol.score(restored, clean)


def evaluate(
    network: nn.Module,
    pictures: Mapping[str, np.ndarray],
    degradation: Degradation,
    protocol: Protocol | None = None,
) -> dict:
    """Scores on a set: {"scale" (or sigma, quality, level), "psnr", "ssim", "images": [...], "protocol"}.

    The set's scores are the means of its pictures' scores, as in the papers.
    """
    if isinstance(degradation, Bicubic) and degradation.enlarge != network.takes_enlarged:
        raise RestoreError(f"this network takes input with enlarge={network.takes_enlarged}")
    if isinstance(degradation, Recorded) and network.channels != 3:
        raise RestoreError("these pictures come with their blur in RGB, and this network restores luma")
    protocol = protocol or Protocol.usual(degradation)
    network.eval()
    rows = [
        {"name": name, **score(network, image, degradation, protocol, protocol.noise_seed + i)}
        for i, (name, image) in enumerate(pictures.items())
    ]
    return {
        degradation.key: degradation.parameter,
        "psnr": float(np.mean([row["psnr"] for row in rows])),
        "ssim": float(np.mean([row["ssim"] for row in rows])),
        "images": rows,
        "protocol": protocol.as_dict(),
    }
