"""One file a paper. A file lists what it offers in `NETWORKS`; nothing else needs to know it.

A network is a `restorelib.networks.base.Restorer`, which says what the library asks of it.
"""

import importlib
import inspect
import pkgutil

from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer

LARGEST = 4096  # of an option, such as depth or width
NETWORKS: dict[str, type[Restorer]] = {}
for _module in pkgutil.iter_modules(__path__):
    if _module.name != "base":
        NETWORKS |= importlib.import_module(f"{__name__}.{_module.name}").NETWORKS


def build(name: str, /, **options) -> Restorer:
    """An untrained network, e.g. ``build("vdsr", depth=10)``.

    Raises `RestoreError` for an unknown name or option, and for values that no network can be built with.
    """
    if name not in NETWORKS:
        raise RestoreError(f"no network is called '{name}'; there are {', '.join(NETWORKS)}")
    signature = inspect.signature(NETWORKS[name])
    try:
        signature.bind(**options)
    except TypeError as error:
        raise RestoreError(f"{name}: {error}; its options are {', '.join(signature.parameters)}") from None
    for option, value in options.items():
        if isinstance(value, int) and abs(value) > LARGEST:  # it would build for hours
            raise RestoreError(f"{name}: {option} is beyond {LARGEST:,}; no network is built so large")
    try:
        return NETWORKS[name](**options)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise RestoreError(f"{name}: cannot be built with these options ({reason})") from None
