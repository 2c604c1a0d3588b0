"""How long tests may take: RESTORELIB_PATIENCE stretches limits, RESTORELIB_SLOW runs what takes minutes."""

import os

import pytest

# How many times longer than on an idle machine things may take.
PATIENCE = float(os.environ.get("RESTORELIB_PATIENCE", "1"))
slow = pytest.mark.skipif(not os.environ.get("RESTORELIB_SLOW"), reason="RESTORELIB_SLOW is unset: minutes")
