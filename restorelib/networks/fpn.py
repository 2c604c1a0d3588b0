"""A small feature-pyramid generator in the manner of DeblurGAN-v2 (Kupyn et al., ICCV 2019)."""

import torch
from torch import nn
from torch.nn.functional import interpolate

from restorelib.blocks import conv, start_at_zero
from restorelib.networks.mtrnn import SLOPE, Progressive


def head(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, LeakyReLU after each."""
    return nn.Sequential(
        conv(inputs, outputs), nn.LeakyReLU(SLOPE), conv(outputs, outputs), nn.LeakyReLU(SLOPE)
    )


def halving(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution at every second pixel, LeakyReLU, and a `head`."""
    return nn.Sequential(conv(inputs, outputs, stride=2), nn.LeakyReLU(SLOPE), head(outputs, outputs))


def doubled(x: torch.Tensor, times: int = 1) -> torch.Tensor:
    """Height and width doubled so many times, each pixel repeated."""
    return interpolate(x, scale_factor=2**times, mode="nearest") if times else x


class FPN(Progressive):
    """A pyramid of maps at 1/2 ... 1/16 of the size, read at every level, joined at a half (figure 2).

    The generator alone, trained without a discriminator. In place of a network pretrained on ImageNet a few
    strided convolutions make the pyramid, and nothing is normalised: what is compared is how it is applied.
    It starts as He et al. say: with PyTorch's usual start the signal fades on its way. And its ReLUs leak, as
    those of MT-RNN do: plain ones fell silent in training.

    One pass over a pyramid is DeblurGAN-v2's multi-scale scheme; here ``iterations=1`` is that, and more make
    it multi-temporal, with I_(i-1) as three more channels of the input.

    Args:
        width: channels of the pyramid; 128 in the paper's largest generator.
        iterations: as in `Progressive`.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
    """

    def __init__(self, width: int = 32, iterations: int = 1, zero_last: bool = False):
        super().__init__(iterations, 1, reach=126, multiple=16)
        self.bottom_up = nn.ModuleList(halving(6 if i == 0 else width, width) for i in range(4))
        self.lateral = nn.ModuleList(conv(width, width, 1) for _ in range(4))
        self.heads = nn.ModuleList(head(width, width // 2) for _ in range(4))
        self.smooth = nn.Sequential(conv(2 * width, width), nn.LeakyReLU(SLOPE))
        self.last = nn.Sequential(
            conv(width, width // 2), nn.LeakyReLU(SLOPE), conv(width // 2, 3, he=False), nn.Tanh()
        )
        if zero_last:
            start_at_zero(self.last[-2])

    def iterate(
        self, blurred: torch.Tensor, previous: torch.Tensor, features: tuple[torch.Tensor, ...], number: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """One pass, for heights and widths that 16 divides; nothing but the picture goes on to the next."""
        x, pyramid = torch.cat([blurred, previous], 1), []
        for stage, lateral in zip(self.bottom_up, self.lateral, strict=True):
            x = stage(x)
            pyramid.append(lateral(x))
        for fine in (2, 1, 0):
            pyramid[fine] = pyramid[fine] + doubled(pyramid[fine + 1])
        read = [doubled(head(x), i) for i, (head, x) in enumerate(zip(self.heads, pyramid, strict=True))]
        return blurred + self.last(doubled(self.smooth(torch.cat(read, 1)))), ()


NETWORKS = {"fpn": FPN}
