"""VDSR (Kim et al., "Accurate Image Super-Resolution Using Very Deep Convolutional Networks", CVPR 2016)."""

import torch
from torch import nn

from restorelib.blocks import conv, start_at_zero
from restorelib.networks.base import Restorer


class VDSR(Restorer):
    """Depth-20 convolutional network that predicts what bicubic enlargement lost (section 3.1, figure 2).

    Maps the enlarged picture (N, 1, H, W) to the restored one of the same shape, at any scale factor.

    Args:
        depth: number of weight layers; the receptive field is (2 depth + 1) squared.
        width: channels between layers.
        residual: add the input to the output (section 4.2); without it the network must carry the picture.
        bias: the authors' released weights have biases, some ports leave them out.
        zero_last: start the last layer at zero, so that training starts at bicubic quality. Not in the paper.
    """

    channels = 1

    def __init__(
        self,
        depth: int = 20,
        width: int = 64,
        residual: bool = True,
        bias: bool = True,
        zero_last: bool = False,
    ):
        super().__init__()
        widths = [1] + [width] * (depth - 1) + [1]
        self.layers = nn.ModuleList(conv(widths[i], widths[i + 1], bias=bias) for i in range(depth))
        self.residual = residual
        self.reach = depth
        if zero_last:
            start_at_zero(self.layers[-1])

    def forward(self, enlarged: torch.Tensor) -> torch.Tensor:
        """Restore (N, 1, H, W)."""
        x = enlarged
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        x = self.layers[-1](x)
        return enlarged + x if self.residual else x


NETWORKS = {"vdsr": VDSR}
