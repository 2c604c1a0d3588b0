"""MT-RNN (Park et al., "Multi-Temporal Recurrent Neural Networks for Progressive ...", ECCV 2020)."""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from restorelib.blocks import MeanShift, conv, recomputed, start_at_zero
from restorelib.networks.base import Restorer

SLOPE = 0.1


class Progressive(Restorer):
    """A network applied again and again to its own result, which gets sharper each time.

    It maps a blurred picture I_0, (N, 3, H, W) in [0, 1], to the restored one of the same shape. A subclass
    computes one pass in `iterate`. Between iterations nothing is passed back: each is trained on its own.

    Args:
        iterations: N of the paper; 1 makes an ordinary network.
        scales: 1, or how many sizes, each half the next, every iteration restores from the smallest to the
            largest: with one iteration the usual multi-scale scheme, with several both schemes together.
            Within an iteration gradients pass from size to size.
        reach: of one pass at one scale.
        multiple: heights and widths that one pass takes; others are filled up by repeating the border.
    """

    channels = 3
    iterates = True
    checkpoint = False  # whether training keeps a pass's inputs only, and runs it again for the gradients

    def __init__(self, iterations: int, scales: int, reach: int, multiple: int = 4):
        super().__init__()
        self.iterations, self.sizes = iterations, scales
        self.multiple = multiple * 2 ** (scales - 1)
        # A pass at a small size reaches as many times farther; each resizing adds one of the small pixels.
        self.reach = iterations * sum((reach + (scales > 1)) * 2**scale for scale in range(scales))

    def iterate(
        self, blurred: torch.Tensor, previous: torch.Tensor, features: tuple[torch.Tensor, ...], number: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Pass `number`, from 0: I_0, I_(i-1) and what the last pass left -> I_i and what this one leaves.

        In the first pass the previous picture is the blurred one, and `features` is empty.
        """
        raise NotImplementedError

    def forward(
        self, blurred: torch.Tensor, iterations: int | None = None, every: bool = False
    ) -> torch.Tensor | list[torch.Tensor]:
        """Restore (N, 3, H, W).

        Args:
            blurred: I_0.
            iterations: how many, if not as many as the network was built for.
            every: give a list of all pictures on the way, in order; those of smaller scales are smaller.
        """
        height, width = blurred.shape[-2:]
        m = self.multiple
        sizes = [pad(blurred, (0, -width % m, 0, -height % m), mode="replicate")]
        for _ in range(self.sizes - 1):
            sizes.insert(0, avg_pool2d(sizes[0], 2))
        restored, features, found = sizes[0], (), []
        step = recomputed(self.iterate, self) if self.checkpoint else self.iterate
        for number in range(iterations or self.iterations):
            restored, *features = (x.detach() for x in (restored, *features))
            for picture in sizes:
                of, to = restored.shape[-1], picture.shape[-1]
                restored, *features = (_resized(x, of, to) for x in (restored, *features))
                restored, features = step(picture, restored, tuple(features), number)
                found.append(restored[..., :height, :width])
        return found if every else found[-1]


def _resized(x: torch.Tensor, of: int, to: int) -> torch.Tensor:
    """A picture or its features, made larger or smaller as a picture `of` one side is made to another."""
    if of >= to:
        return avg_pool2d(x, of // to) if of > to else x
    return interpolate(x, scale_factor=to // of, mode="bilinear")


def layer(inputs: int, outputs: int, kernel: int, stride: int = 1, active: bool = False) -> nn.Sequential:
    """A convolution, followed by LeakyReLU if `active`; a stride divides height and width."""
    convolution = conv(inputs, outputs, kernel, he=False, stride=stride)
    return nn.Sequential(convolution, *([nn.LeakyReLU(SLOPE)] if active else []))


def enlarging(inputs: int, outputs: int) -> nn.Sequential:
    """A transposed convolution that doubles height and width, and LeakyReLU."""
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE))


class LeakyBlock(nn.Module):
    """x + conv(lrelu(conv(x))), for (N, width, H, W)."""

    def __init__(self, width: int, kernel: int):
        super().__init__()
        first, last = (conv(width, width, kernel, he=False) for _ in range(2))
        self.stem = nn.Sequential(first, nn.LeakyReLU(SLOPE), last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output, shaped as its input."""
        return x + self.stem(x)


class MTRNN(Progressive):
    """An encoder and decoder that takes the blurred and its last picture, and two feature maps of its own.

    The layers and their names are those of the authors' release; that computes in 0..255, see
    `restorelib.baselines.load_mtrnn`. Every iteration predicts what is to be added to I_0, not to I_(i-1). In
    the first one, the maps of the encoder stand in for those the decoder has not made yet.

    Args:
        width: channels at full size; two and four times as many at half and a quarter of it.
        kernel: side of the kernels but those of transposed and 1x1 convolutions; 3 or 5 (table 2, "K").
        residual: add I_0 (table 2, "R").
        recurrent: take the decoder's maps of the last iteration (table 2, "F").
        iterations, scales: as in `Progressive`; 6 and 1 are the paper's MT, 1 and 3 the MS it compares with.
        own_ends: how many iterations have a first and a last layer of their own; later ones use the last of
            these. The paper only proposes to share parameters partially; how is our choice.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
        checkpoint: keep only the inputs of every iteration and compute the rest again for the gradients: a
            training needs the memory of one iteration, and a third more time.
    """

    def __init__(
        self,
        width: int = 32,
        kernel: int = 3,
        residual: bool = True,
        recurrent: bool = True,
        iterations: int = 6,
        scales: int = 1,
        own_ends: int = 1,
        zero_last: bool = False,
        checkpoint: bool = False,
    ):
        # 15, 13 and 12 layers at full, half and quarter size, where a pixel is worth 1, 2 and 4; the two
        # transposed convolutions add 2 + 4.
        super().__init__(iterations, scales, reach=(15 + 2 * 13 + 4 * 12) * (kernel // 2) + 6)
        small, middle, large = width, 2 * width, 4 * width
        self.sub_mean = MeanShift(-1)
        self.conv1_1 = layer(6, small, kernel)
        self._blocks("conv1", (2, 3, 4), small, kernel)
        self.conv2_1 = layer(small, middle, kernel, stride=2, active=True)
        self._blocks("conv2", (2, 3, 4), middle, kernel)
        self.conv3_1 = layer(middle, large, kernel, stride=2, active=True)
        self._blocks("conv3", (2, 3, 4), large, kernel)
        self._blocks("conv4", (1, 2, 3), large, kernel)
        if recurrent:
            self.conv2_c = layer(2 * middle, middle, 1)
            self.conv3_c = layer(2 * large, large, 1)
        self.conv5_1 = enlarging(large, middle)
        self.conv5_c = layer(2 * middle, middle, 1)
        self._blocks("conv5", (2, 3, 4), middle, kernel)
        self.conv6_1 = enlarging(middle, small)
        self.conv6_c = layer(2 * small, small, 1)
        self._blocks("conv6", (2, 3, 4), small, kernel)
        self.img_prd = layer(small, 3, kernel)
        self.later_ends = nn.ModuleList(
            nn.ModuleList((layer(6, small, kernel), layer(small, 3, kernel))) for _ in range(own_ends - 1)
        )
        self.add_mean = MeanShift(1)
        self.residual, self.recurrent, self.checkpoint = residual, recurrent, checkpoint
        if zero_last:
            for last in (self.img_prd, *(ends[1] for ends in self.later_ends)):
                start_at_zero(last[0])

    def _blocks(self, name: str, numbers: tuple[int, ...], width: int, kernel: int) -> None:
        for number in numbers:
            setattr(self, f"{name}_{number}", LeakyBlock(width, kernel))

    def iterate(
        self, blurred: torch.Tensor, previous: torch.Tensor, features: tuple[torch.Tensor, ...], number: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """One pass, for heights and widths that 4 divides; leaves F1 at half and F2 at a quarter of them."""
        first, last = [(self.conv1_1, self.img_prd), *self.later_ends][min(number, len(self.later_ends))]
        blurred = self.sub_mean(blurred)
        x1 = first(torch.cat([blurred, self.sub_mean(previous)], 1))
        x1 = self.conv1_4(self.conv1_3(self.conv1_2(x1)))
        x2 = self.conv2_1(x1)
        if self.recurrent:
            x2 = self.conv2_c(torch.cat([x2, features[0] if features else x2], 1))
        x2 = self.conv2_4(self.conv2_3(self.conv2_2(x2)))
        x3 = self.conv3_1(x2)
        if self.recurrent:
            x3 = self.conv3_c(torch.cat([x3, features[1] if features else x3], 1))
        x3 = self.conv3_4(self.conv3_3(self.conv3_2(x3)))
        f2 = self.conv4_3(self.conv4_2(self.conv4_1(x3)))
        f1 = self.conv5_c(torch.cat([self.conv5_1(f2), x2], 1))
        f1 = self.conv5_4(self.conv5_3(self.conv5_2(f1)))
        x = self.conv6_c(torch.cat([self.conv6_1(f1), x1], 1))
        x = last(self.conv6_4(self.conv6_3(self.conv6_2(x))))
        return self.add_mean(blurred + x if self.residual else x), (f1, f2) if self.recurrent else ()


NETWORKS = {"mtrnn": MTRNN}
