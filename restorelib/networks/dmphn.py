"""DMPHN (Zhang et al., "Deep Stacked Hierarchical Multi-Patch Network for Image Deblurring", CVPR 2019)."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import pad

from restorelib.blocks import conv, start_at_zero
from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer
from restorelib.networks.mtrnn import Progressive

# Of one encoder and decoder, in input pixels.
REACH = 67
# Pieces end at borders of their own, so every pixel depends on where the picture begins and ends.
EVERYWHERE = 1 << 30


def block(width: int) -> nn.Sequential:
    """The branch conv(relu(conv(x))) of a residual block."""
    return nn.Sequential(conv(width, width, he=False), nn.ReLU(), conv(width, width, he=False))


class Encoder(nn.Module):
    """A picture (N, channels, H, W) to maps (N, 4 * width, H / 4, W / 4); 4 divides H and W.

    Args:
        channels: of the picture.
        width: channels after the first layer; 32 in the paper.
    """

    def __init__(self, channels: int = 3, width: int = 32):
        super().__init__()
        self.layer1 = conv(channels, width, he=False)
        self.layer2, self.layer3 = block(width), block(width)
        self.layer5 = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.layer6, self.layer7 = block(2 * width), block(2 * width)
        self.layer9 = nn.Conv2d(2 * width, 4 * width, 3, 2, 1)
        self.layer10, self.layer11 = block(4 * width), block(4 * width)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The maps."""
        x = self.layer1(picture)
        x = x + self.layer2(x)
        x = self.layer5(x + self.layer3(x))
        x = x + self.layer6(x)
        x = self.layer9(x + self.layer7(x))
        x = x + self.layer10(x)
        return x + self.layer11(x)


class Decoder(nn.Module):
    """Maps (N, 4 * width, H / 4, W / 4) to a picture (N, 3, H, W)."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.layer13, self.layer14 = block(4 * width), block(4 * width)
        self.layer16 = nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1)
        self.layer17, self.layer18 = block(2 * width), block(2 * width)
        self.layer20 = nn.ConvTranspose2d(2 * width, width, 4, 2, 1)
        self.layer21, self.layer22 = block(width), block(width)
        self.layer24 = conv(width, 3, he=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """The picture."""
        x = maps + self.layer13(maps)
        x = self.layer16(x + self.layer14(x))
        x = x + self.layer17(x)
        x = self.layer20(x + self.layer18(x))
        x = x + self.layer21(x)
        return self.layer24(x + self.layer22(x))


class DMPHN(Restorer):
    """Levels that restore smaller and smaller pieces; each helps the next coarser one (section 3, figure 2).

    Maps a blurred picture (N, 3, H, W) in [0, 1] to the restored one of the same shape. Names are those of
    the authors' checkpoints, file name first: ``encoder_lv1.layer1.weight``.

    Args:
        levels: pieces at each level, from the whole picture on: each level has as many as the one before it
            or twice as many, cut along height and width in turns. (1, 2, 4) is the network of most tables.
        width: channels after the first layer of each encoder.
        residual: add the blurred picture to the result and start the last layer at zero. Not in the paper,
            whose network puts out the whole picture, which takes long to learn.
    """

    channels = 3

    def __init__(self, levels: tuple[int, ...] = (1, 2, 4), width: int = 32, residual: bool = False):
        super().__init__()
        if levels[0] != 1 or any(fine not in (coarse, 2 * coarse) for coarse, fine in pairwise(levels)):
            raise RestoreError(f"DMPHN has no levels {levels}; begin with 1, then repeat or double")
        for number in range(1, len(levels) + 1):
            setattr(self, f"encoder_lv{number}", Encoder(width=width))
            setattr(self, f"decoder_lv{number}", Decoder(width))
        # Level -> the axis along which its pieces are cut into those of the next one; None: not cut.
        cuts = iter((2, 3, 2, 3, 2, 3))
        self.axes = [next(cuts) if fine > coarse else None for coarse, fine in pairwise(levels)]
        self.multiple = 4 * 2 ** self.axes.count(2)  # heights are cut first
        self.reach = EVERYWHERE if levels[-1] > 1 else REACH * len(levels)
        self.residual = residual
        if residual:
            start_at_zero(self.decoder_lv1.layer24)

    def forward(self, blurred: torch.Tensor) -> torch.Tensor:
        """Restore (N, 3, H, W); sizes that the levels can't cut are filled up by repeating the border."""
        height, width = blurred.shape[-2:]
        fill = (0, -width % self.multiple, 0, -height % self.multiple)
        maps = self.maps(pad(blurred, fill, mode="replicate") - 0.5, 1)
        return self.decoder_lv1(maps)[..., :height, :width] + (blurred if self.residual else 0.5)

    def maps(self, piece: torch.Tensor, number: int) -> torch.Tensor:
        """What level `number` and all finer ones make of a piece of the picture, minus 0.5."""
        encoder = getattr(self, f"encoder_lv{number}")
        if number > len(self.axes):
            return encoder(piece)
        axis = self.axes[number - 1]
        parts = piece.chunk(2, axis) if axis else (piece,)
        finer = torch.cat([self.maps(part, number + 1) for part in parts], axis or 0)
        residual = getattr(self, f"decoder_lv{number + 1}")(finer)
        return encoder(piece + residual) + finer


class MTDMPHN(Progressive):
    """One encoder and decoder of DMPHN, applied again and again as MT-RNN is: no pieces, no recurrent maps.

    The MT-RNN paper's "Ours-Z" is a network of this kind; which levels that keeps and how the last picture
    enters is not known. Here the encoder takes I_0 and I_(i-1), and the decoder predicts what is added to
    I_0.

    Args:
        width: as in `DMPHN`.
        iterations, scales: as in `Progressive`.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
    """

    def __init__(self, width: int = 32, iterations: int = 6, scales: int = 1, zero_last: bool = False):
        super().__init__(iterations, scales, reach=REACH)
        self.encoder = Encoder(6, width)
        self.decoder = Decoder(width)
        if zero_last:
            start_at_zero(self.decoder.layer24)

    def iterate(
        self, blurred: torch.Tensor, previous: torch.Tensor, features: tuple[torch.Tensor, ...], number: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """One pass, for heights and widths that 4 divides; nothing but the picture goes on to the next."""
        return blurred + self.decoder(self.encoder(torch.cat([blurred, previous], 1) - 0.5)), ()


NETWORKS = {"dmphn": DMPHN, "mt-dmphn": MTDMPHN}
