"""The library of the book "Image Restoration, Reproduced": networks, degradations, protocol and training."""

__version__ = "0.1.0"

from restorelib.errors import RestoreError
from restorelib.machine import keep_memory
from restorelib.networks import build
from restorelib.notebook import begin
from restorelib.runs import load

__all__ = ["RestoreError", "begin", "build", "load"]

REPOSITORY = "https://github.com/OWNER/image-restoration-reproduced"  # tools/address.py changes it

# Here, because every command, notebook and process that measures comes by before its first picture.
keep_memory()
