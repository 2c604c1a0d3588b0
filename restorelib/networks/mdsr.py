"""MDSR (Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017)."""

import torch
from torch import nn

from restorelib.blocks import MeanShift, ResidualBlock, check_scale, conv, upsampler
from restorelib.networks.base import Restorer


class MDSR(Restorer):
    """One body for x2, x3 and x4, with an entrance and an exit of its own for each (section 3.3, figure 5).

    Maps a small picture (N, 3, h, w) in [0, 1] to (N, 3, h * scale, w * scale). Its parts have the names they
    have in the authors' PyTorch release; index 0, 1, 2 is x2, x3, x4.

    Args:
        blocks: residual blocks in the body; 16 in the baseline, 80 in MDSR.
        width: channels between layers.
        shared_tail: one last layer for all scales, as in the authors' PyTorch release; else one for each, as
            in their Torch code.
        zero_last: start each block as the identity. Not in the paper.
    """

    channels = 3
    takes_enlarged = False
    scales = (2, 3, 4)

    def __init__(self, blocks: int = 16, width: int = 64, shared_tail: bool = True, zero_last: bool = False):
        super().__init__()
        # As in EDSR, and two pixels for each of the four 5x5 layers.
        self.reach = 2 * blocks + 4 + 8
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv(3, width, he=False))
        self.pre_process = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width, 5, zero_last=zero_last) for _ in range(2)))
            for _ in self.scales
        )
        self.body = nn.Sequential(
            *(ResidualBlock(width, zero_last=zero_last) for _ in range(blocks)), conv(width, width, he=False)
        )
        self.upsample = nn.ModuleList(upsampler(scale, width) for scale in self.scales)
        tails = 1 if shared_tail else len(self.scales)
        self.tail = nn.ModuleList(conv(width, 3, he=False) for _ in range(tails))
        self.add_mean = MeanShift(1)

    def forward(self, small: torch.Tensor, scale: int) -> torch.Tensor:
        """Enlarge (N, 3, h, w) through the branches of one scale; raises `RestoreError` if it has none."""
        check_scale(self.scales, scale)
        branch = self.scales.index(scale)
        # In mixed precision the path that blocks add to keeps the precision of the input.
        x = self.pre_process[branch](self.head(self.sub_mean(small)).to(small.dtype))
        x = self.upsample[branch](x + self.body(x))
        return self.add_mean(self.tail[branch % len(self.tail)](x))


NETWORKS = {"mdsr": MDSR}
