"""How long tests may take: RESTORELIB_PATIENCE stretches limits, RESTORELIB_SLOW runs what takes minutes.

No test asserts how long something takes. The limits here and in pyproject.toml only end what hangs.
"""

import os

import pytest

# How many times longer than on an idle machine things may take.
PATIENCE = float(os.environ.get("RESTORELIB_PATIENCE", "1"))
# Seconds after which a process hangs that is done in less than ten on an idle machine.
HANGS = 1800
# Milliseconds after which a page of the book hangs.
PAGE_HANGS = 300_000
slow = pytest.mark.skipif(not os.environ.get("RESTORELIB_SLOW"), reason="RESTORELIB_SLOW is unset: minutes")
