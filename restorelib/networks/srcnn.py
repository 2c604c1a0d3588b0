"""SRCNN (Dong et al., "Learning a Deep Convolutional Network for Image Super-Resolution", ECCV 2014)."""

import torch

from restorelib.blocks import conv
from restorelib.networks.base import Restorer


class SRCNN(Restorer):
    """Three layers: patch extraction, non-linear mapping, reconstruction (ECCV paper, section 3, figure 2).

    Maps the enlarged picture (N, 1, H, W) to the restored one of the same shape. The paper trains without
    padding and starts from weights of standard deviation 0.001; here layers pad with zeros and start as He et
    al. (2015) do, which trains faster.

    Args:
        kernels: sides of the three kernels, 9-1-5 (ECCV 2014) or 9-5-5 (PAMI 2016, the one in later tables).
        widths: channels after the first and the second layer.
        bias: whether layers have biases.
    """

    channels = 1

    def __init__(
        self,
        kernels: tuple[int, int, int] = (9, 5, 5),
        widths: tuple[int, int] = (64, 32),
        bias: bool = True,
    ):
        super().__init__()
        self.extract = conv(1, widths[0], kernels[0], bias)
        self.map = conv(widths[0], widths[1], kernels[1], bias)
        self.reconstruct = conv(widths[1], 1, kernels[2], bias)
        self.reach = sum(kernel // 2 for kernel in kernels)

    def forward(self, enlarged: torch.Tensor) -> torch.Tensor:
        """Restore (N, 1, H, W)."""
        x = torch.relu(self.extract(enlarged))
        x = torch.relu(self.map(x))
        return self.reconstruct(x)


NETWORKS = {"srcnn": SRCNN}
