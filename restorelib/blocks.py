"""The parts that networks are built from."""

from torch import nn


def conv(inputs: int, outputs: int, kernel: int = 3, bias: bool = True) -> nn.Conv2d:
    """A convolution that keeps height and width (zero padding), with He et al. (2015) initialisation.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: odd side of the square kernel.
        bias: whether to add a learned constant per output channel; it starts at zero.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
