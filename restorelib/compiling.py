"""Whether `torch.compile` works on this machine; it needs a compiler of C++, which many lack."""

from functools import cache

import torch

from restorelib.errors import RestoreError


@cache
def check_compiler() -> None:
    """Compile something small, in seconds; raises `RestoreError` with torch's reason if that fails."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.compile(lambda x: x.sin() + 1)(torch.ones(8, device=device))
    except Exception as error:  # torch has a dozen kinds of its own, none of them public
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise RestoreError(
            f"torch.compile does not work here ({reason}); install a C++ compiler such as g++, or leave out "
            "--compile"
        ) from None
