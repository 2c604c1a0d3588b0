"""The parts that networks are built from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from restorelib.errors import RestoreError

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


def conv(
    inputs: int, outputs: int, kernel: int = 3, bias: bool = True, he: bool = True, stride: int = 1
) -> nn.Conv2d:
    """A convolution that keeps height and width, or divides them by its stride (zero padding).

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: odd side of the square kernel.
        bias: whether to add a learned constant per output channel.
        he: start as He et al. (2015) say, with biases at zero; else as PyTorch does, with weights of a sixth
            of that variance. Residual blocks need the latter: with the former each one triples the variance.
        stride: pixels from one result to the next.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=bias)
    if he:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        if bias:
            nn.init.zeros_(layer.bias)
    return layer


def start_at_zero(layer: nn.Module) -> None:
    """Let a layer put out nothing at first: a residual network then starts as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class MeanShift(nn.Module):
    """Adds `sign` times the mean colour of DIV2K to (N, 3, H, W) in [0, 1].

    A fixed 1x1 convolution, as the EDSR authors' files hold it; its 12 numbers are buffers, not parameters.
    """

    def __init__(self, sign: int):
        super().__init__()
        self.register_buffer("weight", torch.eye(3)[..., None, None])
        self.register_buffer("bias", sign * torch.tensor(DIV2K_MEAN))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The shifted picture."""
        # Mixed precision would round the finished picture to the 8 bits of bf16, half a grey level.
        with torch.autocast(x.device.type, enabled=False):
            return nn.functional.conv2d(x.to(self.weight.dtype), self.weight, self.bias)


class ResidualBlock(nn.Module):
    """x + scaling * conv(relu(conv(x))), for (N, width, H, W) (EDSR paper, section 3.1, figure 2c).

    Args:
        width: channels in, between and out.
        kernel: side of both kernels.
        scaling: factor before the addition (EDSR paper, section 3.2).
        batch_norm: normalise after each convolution, as SRResNet does (figure 2b).
        zero_last: start as the identity.
    """

    def __init__(
        self,
        width: int,
        kernel: int = 3,
        scaling: float = 1.0,
        batch_norm: bool = False,
        zero_last: bool = False,
    ):
        super().__init__()
        norm = [nn.BatchNorm2d] if batch_norm else []
        self.body = nn.Sequential(
            conv(width, width, kernel, he=False),
            *(layer(width) for layer in norm),
            nn.ReLU(inplace=True),
            conv(width, width, kernel, he=False),
            *(layer(width) for layer in norm),
        )
        self.scaling = scaling
        if zero_last:
            start_at_zero(self.body[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output, shaped as its input."""
        return torch.add(x, self.body(x), alpha=self.scaling)  # one pass, whatever the scaling


def fold_residual_scaling(network: nn.Module) -> nn.Module:
    """Multiply the residual scaling of every block into its last layer, in place; returns the network.

    The folded network computes the same and is a plain one: its weights fit `residual_scaling=1`.
    """
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            block.body[-1].weight.data *= block.scaling
            block.body[-1].bias.data *= block.scaling
            block.scaling = 1.0
    return network


def upsampler(scale: int, width: int, relu: bool = False) -> nn.Sequential:
    """Sub-pixel convolution (Shi et al. 2016): (N, width, h, w) to (N, width, h * scale, w * scale).

    Raises `RestoreError` unless the scale is 2, 3 or 4; 4 is 2 twice.
    """
    steps = {2: [2], 3: [3], 4: [2, 2]}
    if scale not in steps:
        raise RestoreError(f"there is no up-sampler for x{scale}; choose 2, 3 or 4")
    layers = []
    for step in steps[scale]:
        layers += [conv(width, step**2 * width, he=False), nn.PixelShuffle(step)]
        if relu:
            layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def activated(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Batch normalisation, ReLU, convolution, in this order: (N, inputs, H, W) to (N, outputs, H, W)."""
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(inplace=True), conv(inputs, outputs, kernel))


class DenseUnit(nn.Module):
    """A dense block (Huang et al., "Densely Connected Convolutional Networks", CVPR 2017).

    Every layer sees the input (N, width, H, W) and all layers before it.

    Args:
        width: channels of the input.
        layers: how many there are.
        growth: channels that each of them adds.
    """

    def __init__(self, width: int, layers: int, growth: int):
        super().__init__()
        self.layers = nn.ModuleList(activated(width + i * growth, growth) for i in range(layers))
        self.widths = [width] + layers * [growth]

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The input and the output of every layer."""
        kept = [x]
        for layer in self.layers:
            kept.append(layer(torch.cat(kept, 1)))
        return kept


class MeanGate(nn.Module):
    """In place of MemNet's gate: the plain mean of what it would weigh."""

    def forward(self, long: tuple[torch.Tensor, ...], short: list[torch.Tensor]) -> torch.Tensor:
        """One (N, width, H, W) from several."""
        return torch.stack([*long, *short]).mean(0)


class HighwayGate(nn.Module):
    """In place of MemNet's gate: at every pixel a share of a block's output and the rest of its input.

    As in Srivastava et al., "Highway Networks", 2015, and like there it begins by carrying most of the input.
    """

    def __init__(self, width: int):
        super().__init__()
        self.share = activated(width, width, 1)
        nn.init.constant_(self.share[-1].bias, -1)

    def forward(self, long: tuple[torch.Tensor, ...], short: list[torch.Tensor]) -> torch.Tensor:
        """The mix of the last of `long`, a block's input, and the last of `short`, its output."""
        share = torch.sigmoid(self.share(long[-1])).to(long[-1].dtype)
        return torch.lerp(long[-1], short[-1], share)


def computed(x: torch.Tensor) -> torch.Tensor:
    """`x` in the precision that convolutions compute in: 16 bits in mixed precision, else as it is."""
    kind = x.device.type
    return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x


def recomputed(step: Callable, module: nn.Module) -> Callable:
    """`step`, a function of tensors; in training it keeps only its inputs and runs again for the gradients.

    The second run leaves the running statistics of batch normalisation in `module` alone: they have had this
    batch. Outside of training it is `step` itself.
    """
    if not torch.is_grad_enabled():
        return step

    def contexts():
        return nullcontext(), statistics_at_rest(module)

    return partial(checkpoint, step, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)


@contextmanager
def statistics_at_rest(module: nn.Module) -> Iterator[None]:
    """Batch normalisation within `module` goes on as in training, and its running statistics stay."""
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, batches) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, batches


def check_scale(scales: tuple[int, ...], scale: int) -> None:
    """Raise `RestoreError` if a network that enlarges by `scales` is asked for another `scale`."""
    if scale not in scales:
        can = " or ".join(f"x{s}" for s in scales)
        other = "another" if scale == 1 else f"one built for x{scale}"
        raise RestoreError(f"this network enlarges {can}, not x{scale}; take {other}")
