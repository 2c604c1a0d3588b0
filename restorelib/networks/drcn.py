"""DRCN (Kim et al., "Deeply-Recursive Convolutional Network for Image Super-Resolution", CVPR 2016)."""

import torch
from torch import nn

from restorelib.blocks import conv, start_at_zero
from restorelib.networks.base import Restorer


class DRCN(Restorer):
    """One convolution applied again and again, with a picture after each time (sections 3.1, 3.2).

    Maps the enlarged picture (N, 1, H, W) in [0, 1] to the restored one of the same shape. All kernels are
    3x3: two layers before the recursions and two after them, shared by all predictions. The result is the
    sum of the predictions with learned weights, which start equal. The recursive layer starts as the
    identity (section 3.3).

    Args:
        recursions: 16 in the paper, so that 20 layers lie between input and result.
        width: channels between layers; 256 in the paper.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
    """

    channels = 1
    supervised = True

    def __init__(self, recursions: int = 16, width: int = 256, zero_last: bool = False):
        super().__init__()
        self.embed = nn.Sequential(conv(1, width), nn.ReLU(inplace=True), conv(width, width))
        self.recurse = nn.Sequential(conv(width, width), nn.ReLU())
        self.reconstruct = nn.Sequential(conv(width, width), nn.ReLU(inplace=True), conv(width, 1))
        self.output_weight = nn.Parameter(torch.full((recursions,), 1 / recursions))
        self.recursions = recursions
        self.reach = recursions + 4
        nn.init.dirac_(self.recurse[0].weight)
        if zero_last:
            start_at_zero(self.reconstruct[-1])

    def forward(self, enlarged: torch.Tensor, every: bool = False) -> torch.Tensor:
        """Restore (N, 1, H, W); with `every`, all D predictions and their sum as (D + 1, N, 1, H, W)."""
        x = torch.relu(self.embed(enlarged))
        predictions = []
        for _ in range(self.recursions):
            x = self.recurse(x)
            predictions.append(enlarged + self.reconstruct(x))
        predictions = torch.stack(predictions)
        final = (self.output_weight.view(-1, 1, 1, 1, 1) * predictions).sum(0)
        return torch.cat([predictions, final[None]]) if every else final


NETWORKS = {"drcn": DRCN}
