"""What the library asks of a network."""

from typing import ClassVar

from torch import nn

WHOLE = 2**40  # pixels, more than a side has


class Restorer(nn.Module):
    """The base of all networks: a network says how it is used by setting these, where a default does not fit.

    Attributes:
        channels: 1 when it restores luma (colour is then enlarged or kept as it is), 3 for RGB.
        takes_enlarged: True when it takes the low-resolution picture already brought to full size by bicubic,
            or any picture of the size of its result. Else it is called with the small picture and the scale.
        scales: by which factors a network can enlarge that takes the small picture.
        reach: how many input pixels on each side of a pixel its result depends on, at most. `WHOLE`: on all,
            and pictures are not restored in tiles.
        multiple: where it works at smaller sizes inside, tiles must begin at multiples of so many pixels.
        exact: True when it takes no other sizes than those; pictures are cropped to be scored.
        supervised: True when ``network(x, every=True)`` gives all its predictions, the final one last, as
            (predictions, N, C, H, W), so that a loss can look at each of them. Else it makes one.
        iterates: True when it is applied to its own result: ``network(x, iterations=n, every=True)`` gives
            the pictures of all iterations, in a list because some may be smaller.
    """

    channels: int = 1
    takes_enlarged: ClassVar[bool] = True
    scales: tuple[int, ...] = ()
    reach: int = 0
    multiple: int = 1
    exact: bool = False
    supervised: bool = False
    iterates: ClassVar[bool] = False
