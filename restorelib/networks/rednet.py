"""RED-Net (Mao et al., "Image Restoration Using Very Deep Convolutional Encoder-Decoder ...", NIPS 2016)."""

import torch
from torch import nn

from restorelib.blocks import conv, start_at_zero
from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer


def deconv(layer: nn.Conv2d) -> nn.ConvTranspose2d:
    """The transposed convolution that starts, at stride 1, by computing just what `layer` computes."""
    inputs, outputs = layer.in_channels, layer.out_channels
    transposed = nn.ConvTranspose2d(inputs, outputs, layer.kernel_size, layer.stride, layer.padding)
    transposed.weight.data = layer.weight.data.transpose(0, 1).flip(2, 3).contiguous()
    transposed.bias.data = layer.bias.data
    return transposed


class REDNet(Restorer):
    """Convolutions, as many transposed ones, and skips between mirrored layers (section 2, figure 1).

    Maps a damaged picture (N, 1, H, W) in [0, 1] to the restored one of the same shape; for super-resolution
    the picture comes enlarged. All kernels are 3x3. With n = depth / 2, the output of convolution i is added
    to that of transposed convolution n - i, both rectified, for every i that `skip_every` divides. No ReLU
    follows the last layer, as in the authors' release. How weights start is not in the paper.

    Args:
        depth: 10, 20 or 30 layers. The paper's RED10 is ``depth=10, skip_every=0``.
        width: channels between layers; 64 in the text, 128 in the authors' release.
        skip_every: 2, as in the paper's networks; 4, as in figure 3(c); 0 for no skips.
        skips: "symmetric", or "block" for those of ResNet (figure 3c): the input of every `skip_every` layers
            is added to their output, before its ReLU. The first and the last layer, and what is left over,
            stand outside blocks; that is our choice.
        deconvolution: transposed convolutions in the second half, else plain ones.
        stride: 1; 3 for the bottleneck of figure 3(a), where five convolutions turn 243x243 pixels into a
            vector, each taking squares of 3x3 pixels to one pixel, without padding: our choice. Height and
            width must then be multiples of 3^n.
        residual: add the input to the output. Figure 3(a) must have gone without: its 19 dB at sigma 70 need
            the noise gone, and without skips nothing behind the vector knows the noise.
        zero_last: start the last layer at zero, so that training starts at the input. Not in the paper.
    """

    channels = 1

    def __init__(
        self,
        depth: int = 30,
        width: int = 64,
        skip_every: int = 2,
        skips: str = "symmetric",
        deconvolution: bool = True,
        stride: int = 1,
        residual: bool = True,
        zero_last: bool = False,
    ):
        super().__init__()
        options = {"depth": depth, "skip_every": skip_every, "skips": skips, "stride": stride}
        for name, option in options.items():
            if option not in CHOICES[name]:
                *others, last = map(str, CHOICES[name])
                raise RestoreError(f"RED-Net has no {name} {option}; choose {', '.join(others)} or {last}")
        if stride > 1 and not deconvolution:
            raise RestoreError("plain convolutions cannot undo a stride; leave deconvolution on")
        if stride > 1 and skips == "block" and skip_every:
            raise RestoreError("block skips cannot cross a stride; take symmetric ones or none")

        # Without blocks a deep network fades unless its weights start as He et al. say; blocks, whose sums
        # grow from one to the next, need the smaller weights of PyTorch, see `conv`.
        he = skips == "symmetric" or not skip_every
        widths = [1] + [width] * (depth - 1) + [1]
        layers = [conv(widths[i], widths[i + 1], he=he) for i in range(depth)]
        if zero_last:
            start_at_zero(layers[-1])
        for layer in layers:
            if stride > 1:
                layer.stride, layer.padding = (stride, stride), (0, 0)
        half = depth // 2
        if deconvolution:
            layers[half:] = map(deconv, layers[half:])
        self.layers = nn.ModuleList(layers)
        # Number of a layer, from 1 -> number of the earlier one whose output is added to its own.
        self.sources: dict[int, int] = {}
        if skip_every and skips == "symmetric":
            self.sources = {depth - i: i for i in range(skip_every, half, skip_every)}
        elif skip_every:
            self.sources = {i: i - skip_every for i in range(1 + skip_every, depth, skip_every)}
        self.symmetric = skips == "symmetric"
        self.residual = residual
        self.multiple, self.exact = stride**half, stride > 1
        self.reach = depth if stride == 1 else self.multiple - 1

    def forward(self, damaged: torch.Tensor) -> torch.Tensor:
        """Restore (N, 1, H, W); raises `RestoreError` if a stride does not fit the size."""
        height, width = damaged.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise RestoreError(
                f"this network takes heights and widths that {self.multiple} divides, not {height} x {width}"
            )
        x = damaged
        kept = {}
        for number, layer in enumerate(self.layers[:-1], 1):
            x = layer(x)
            if number not in self.sources:
                x = torch.relu(x)
            elif self.symmetric:
                x = torch.relu(x) + kept.pop(self.sources[number])
            else:
                x = torch.relu(x + kept.pop(self.sources[number]))
            if number in self.sources.values():
                kept[number] = x
        x = self.layers[-1](x)
        return damaged + x if self.residual else x


CHOICES = {
    "depth": (10, 20, 30),
    "skip_every": (0, 2, 4),
    "skips": ("symmetric", "block"),
    "stride": (1, 3),
}

NETWORKS = {"rednet": REDNet}
