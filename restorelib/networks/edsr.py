"""EDSR and SRResNet (Lim et al., "Enhanced Deep Residual Networks for Single Image ...", CVPRW 2017)."""

import torch
from torch import nn

from restorelib.blocks import MeanShift, ResidualBlock, check_scale, conv, upsampler
from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer

OUTER_RELUS = (True, False, "first", "up-sampler")


class EDSR(Restorer):
    """Residual blocks without batch normalisation, then an up-sampler (section 3.2, figure 3).

    Maps a small picture (N, 3, h, w) in [0, 1] to (N, 3, h * scale, w * scale). Its parts have the names they
    have in the authors' PyTorch release; that computes in 0..255, see `restorelib.baselines.load_edsr`.

    Args:
        scale: 2, 3 or 4.
        blocks: residual blocks; 16 in the baseline, 32 in EDSR.
        width: channels between layers; 64 in the baseline, 256 in EDSR.
        residual_scaling: factor on each block's branch (section 3.2); 0.1 in EDSR, none in the baseline.
        zero_last: start each block as the identity. Not in the paper, which starts as PyTorch does.
        batch_norm: normalise after each convolution of the body.
        outer_relus: ReLUs after the first layer and in the up-sampler; "first" or "up-sampler": there only.
    """

    channels = 3
    takes_enlarged = False

    def __init__(
        self,
        scale: int = 2,
        blocks: int = 16,
        width: int = 64,
        residual_scaling: float = 1.0,
        zero_last: bool = False,
        batch_norm: bool = False,
        outer_relus: bool | str = False,
    ):
        super().__init__()
        if outer_relus not in OUTER_RELUS:
            known = ", ".join(map(repr, OUTER_RELUS))
            raise RestoreError(f"outer_relus is {outer_relus!r}; choose one of {known}")
        self.scales = (scale,)
        # Head, two layers a block, end of the body, up-sampler; what follows on large pixels adds one.
        self.reach = 2 * blocks + 4
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv(3, width, he=False))
        self.body = nn.Sequential(
            *(ResidualBlock(width, 3, residual_scaling, batch_norm, zero_last) for _ in range(blocks)),
            conv(width, width, he=False),
        )
        up_relus = outer_relus in (True, "up-sampler")
        self.tail = nn.Sequential(upsampler(scale, width, up_relus), conv(width, 3, he=False))
        self.add_mean = MeanShift(1)
        if batch_norm:
            self.body.append(nn.BatchNorm2d(width))
        if outer_relus in (True, "first"):
            self.head.append(nn.ReLU(inplace=True))

    def forward(self, small: torch.Tensor, scale: int) -> torch.Tensor:
        """Enlarge (N, 3, h, w); raises `RestoreError` for another scale than the network was built for."""
        check_scale(self.scales, scale)
        # In mixed precision the path that blocks add to keeps the precision of the input.
        x = self.head(self.sub_mean(small)).to(small.dtype)
        return self.add_mean(self.tail(x + self.body(x)))


class SRResNet(EDSR):
    """SRResNet as the EDSR authors trained it again, with 3x3 kernels and ReLUs (section 4.4, table 1).

    The original (Ledig et al., CVPR 2017) has 9x9 kernels at both ends and PReLUs. Without `batch_norm`, and
    then without `outer_relus`, it becomes EDSR's baseline.

    Args:
        scale, blocks, width, zero_last: as in `EDSR`.
        batch_norm: normalise after each convolution of the body.
        outer_relus: as in `EDSR`.
    """

    def __init__(
        self,
        scale: int = 2,
        blocks: int = 16,
        width: int = 64,
        zero_last: bool = False,
        batch_norm: bool = True,
        outer_relus: bool | str = True,
    ):
        super().__init__(
            scale, blocks, width, zero_last=zero_last, batch_norm=batch_norm, outer_relus=outer_relus
        )


NETWORKS = {"edsr": EDSR, "srresnet": SRResNet}
