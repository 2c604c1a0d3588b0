"""One file a paper. A file lists what it offers in `NETWORKS`; nothing else needs to know it.

A network is an `nn.Module` that says how it is used:

- ``channels``: 1 when it restores luma (colour is then enlarged or kept as it is), 3 for RGB;
- ``enlarged``: True when it takes the low-resolution picture already brought to full size by bicubic, or any
  picture of the size of its result. Else it is called with the small picture and the scale.
- ``scales``: by which factors a network that is not ``enlarged`` can enlarge;
- ``reach``: how many input pixels on each side of a pixel its result depends on, at most;
- ``multiple``: where it works at smaller sizes inside, tiles must begin at multiples of so many pixels;
- ``exact``: True when it takes no other sizes than those; pictures are cropped to be scored;
- ``supervised``: True when ``network(x, every=True)`` gives all its predictions, the final one last, as
  (predictions, N, C, H, W), so that a loss can look at each of them. A network that does not say makes one;
- ``iterations``: of a network that is applied to its own result; ``network(x, iterations=n, every=True)``
  gives the pictures of them all, in a list because some may be smaller.
"""

import importlib
import pkgutil

from torch import nn

from restorelib.errors import RestoreError

NETWORKS: dict[str, type[nn.Module]] = {}
for _module in pkgutil.iter_modules(__path__):
    NETWORKS |= importlib.import_module(f"{__name__}.{_module.name}").NETWORKS


def build(name: str, **options) -> nn.Module:
    """An untrained network, e.g. ``build("vdsr", depth=10)``.

    Raises `RestoreError` for an unknown name or option.
    """
    if name not in NETWORKS:
        raise RestoreError(f"no network is called '{name}'; there are {', '.join(NETWORKS)}")
    try:
        return NETWORKS[name](**options)
    except TypeError as error:
        raise RestoreError(f"{name}: {error}") from None
