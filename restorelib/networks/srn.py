"""SRN-DeblurNet (Tao et al., "Scale-recurrent Network for Deep Image Deblurring", CVPR 2018)."""

import torch
from torch import nn

from restorelib.blocks import ResidualBlock, conv, start_at_zero
from restorelib.networks.mtrnn import Progressive


class SRN(Progressive):
    """Encoder, convolutional LSTM, decoder, with the layers of the authors' release.

    Two things differ. Skips are joined by a 1x1 convolution in place of a sum, as the MT-RNN paper changed it
    for its comparison. And it predicts what is added to I_0, because a training of minutes does not learn to
    carry a picture.

    Args:
        width: channels at full size; 32 in the paper. Two and four times as many at half and a quarter of it.
        iterations, scales: as in `Progressive`; 1 and 3 are the original, 6 and 1 its multi-temporal version.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
    """

    def __init__(self, width: int = 32, iterations: int = 1, scales: int = 3, zero_last: bool = False):
        # Layers of 5x5: 15, 13 and 12 at full, half, quarter size; LSTM 4, transposed ones 2 + 4.
        super().__init__(iterations, scales, reach=2 * (15 + 2 * 13 + 4 * 12) + 10)
        small, middle, large = width, 2 * width, 4 * width
        self.encoder1 = stage(conv(6, small, 5, he=False), small)
        self.encoder2 = stage(nn.Conv2d(small, middle, 5, 2, 2), middle)
        self.encoder3 = stage(nn.Conv2d(middle, large, 5, 2, 2), large)
        self.gates = conv(2 * large, 4 * large, he=False)
        self.decoder3 = nn.Sequential(*blocks(large), nn.ConvTranspose2d(large, middle, 4, 2, 1), nn.ReLU())
        self.join2 = conv(2 * middle, middle, 1, he=False)
        self.decoder2 = nn.Sequential(*blocks(middle), nn.ConvTranspose2d(middle, small, 4, 2, 1), nn.ReLU())
        self.join1 = conv(2 * small, small, 1, he=False)
        self.decoder1 = nn.Sequential(*blocks(small), conv(small, 3, 5, he=False))
        if zero_last:
            start_at_zero(self.decoder1[-1])

    def iterate(
        self, blurred: torch.Tensor, previous: torch.Tensor, features: tuple[torch.Tensor, ...], number: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """One pass, for heights and widths that 4 divides; leaves the LSTM's output and cell."""
        x1 = self.encoder1(torch.cat([blurred, previous], 1))
        x2 = self.encoder2(x1)
        x3 = self.encoder3(x2)
        hidden, cell = features or (torch.zeros_like(x3), torch.zeros_like(x3))
        keep, write, show, new = self.gates(torch.cat([x3, hidden], 1)).chunk(4, 1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(new)
        hidden = torch.sigmoid(show) * torch.tanh(cell)
        x = self.join2(torch.cat([self.decoder3(hidden), x2], 1))
        x = self.join1(torch.cat([self.decoder2(x), x1], 1))
        return blurred + self.decoder1(x), (hidden, cell)


def blocks(width: int) -> list[nn.Module]:
    """The three residual blocks of a size."""
    return [ResidualBlock(width, 5) for _ in range(3)]


def stage(first: nn.Conv2d, width: int) -> nn.Sequential:
    """A convolution, ReLU, and the blocks of its size."""
    return nn.Sequential(first, nn.ReLU(), *blocks(width))


NETWORKS = {"srn": SRN}
