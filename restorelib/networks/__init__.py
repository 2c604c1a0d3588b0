"""One file a paper. A file lists what it offers in `NETWORKS`; nothing else needs to know it.

A network is a `restorelib.networks.base.Restorer`, which says what the library asks of it.
"""

import importlib
import inspect
import pkgutil

from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer

NETWORKS: dict[str, type[Restorer]] = {}
for _module in pkgutil.iter_modules(__path__):
    if _module.name != "base":
        NETWORKS |= importlib.import_module(f"{__name__}.{_module.name}").NETWORKS


def build(name: str, **options) -> Restorer:
    """An untrained network, e.g. ``build("vdsr", depth=10)``.

    Raises `RestoreError` for an unknown name or option.
    """
    if name not in NETWORKS:
        raise RestoreError(f"no network is called '{name}'; there are {', '.join(NETWORKS)}")
    signature = inspect.signature(NETWORKS[name])
    try:
        signature.bind(**options)
    except TypeError as error:
        raise RestoreError(f"{name}: {error}; its options are {', '.join(signature.parameters)}") from None
    return NETWORKS[name](**options)
