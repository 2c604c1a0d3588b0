"""Denoisers that learn nothing. They are told sigma, as in the papers that compare themselves with them."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from torch import nn

from restorelib.errors import RestoreError


def bm3d(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """BM3D (Dabov et al. 2007) by its authors' package, whose licence allows non-commercial use only."""
    from bm3d import bm3d

    return bm3d(noisy, sigma)


def nlm(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """Non-local means (Buades et al. 2005) by scikit-image, as strong as its documentation advises."""
    return denoise_nl_means(noisy, patch_size=7, patch_distance=11, h=0.6 * sigma, sigma=sigma)


def tv(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """Total variation (Chambolle 2004) by scikit-image; the weight suits the bundled photographs best."""
    return denoise_tv_chambolle(noisy, weight=sigma)


METHODS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {"bm3d": bm3d, "nlm": nlm, "tv": tv}


class Classical(nn.Module):
    """A classical denoiser in the place of a network, for grey pictures (N, 1, H, W) in [0, 1].

    Args:
        method: "bm3d", "nlm" or "tv".
        sigma: of the noise, in grey levels (0..255).

    Raises `RestoreError` where the package for BM3D is missing.
    """

    channels = 1
    enlarged = True
    reach = 64  # BM3D looks that far in its two passes; TV has no end, and none that is seen

    def __init__(self, method: str, sigma: float):
        super().__init__()
        if method == "bm3d" and not find_spec("bm3d"):
            raise RestoreError("BM3D is a package of its own: pip install bm3d")
        self.method, self.sigma = METHODS[method], sigma

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        """The restored picture, on the CPU."""
        planes = noisy.double().cpu().numpy()
        restored = [self.method(plane, self.sigma / 255) for (plane,) in planes]
        return torch.from_numpy(np.stack(restored))[:, None].to(noisy)
