"""What the cells of a chapter begin with: where they run, and whether they train or show a shipped run."""

import os

import torch
from torch import nn

from restorelib.errors import RestoreError
from restorelib.machine import hardware
from restorelib.recipes import PROFILES, find
from restorelib.runs import folder_of, load, make
from restorelib.sets import at_hand


def load_first(*names: str) -> tuple[nn.Module, str]:
    """The first of some runs that can be had, with its name; says in one line why another was passed over."""
    for name in names[:-1]:
        try:
            return load(name), name
        except RestoreError as error:
            print(f"{error}. Going on without {name}.")
    return load(names[-1]), names[-1]


def train_or_shipped(name: str) -> str:
    """Train the recipe `name` at the size that RESTORELIB_PROFILE asks for; without it, the shipped run."""
    size = profile()
    return str(make(find(name, size), size)) if size else folder_of(name).name


def profile() -> str | None:
    """The size a notebook trains at, from RESTORELIB_PROFILE; None: show the shipped run, train nothing."""
    chosen = os.environ.get("RESTORELIB_PROFILE")
    if chosen and chosen not in PROFILES:
        raise RestoreError(f"RESTORELIB_PROFILE is '{chosen}'; it can be {', '.join(PROFILES)}")
    return chosen


def begin(size: str | None = None) -> None:
    """The first call of a notebook: prints the device, the pictures at hand and the profile, a line each.

    Args:
        size: the profile to train at; None leaves that to RESTORELIB_PROFILE.
    """
    if size:
        os.environ["RESTORELIB_PROFILE"] = size
    chosen = profile()
    gpu = "" if torch.cuda.is_available() else " For a GPU in Colab: Runtime, Change runtime type, T4 GPU."
    print(f"Device: {hardware()}.{gpu}")
    print(f"Pictures: {', '.join(['bundled', *at_hand()])}. Other sets are fetched when a cell needs them.")
    if chosen:
        print(f"Profile: {chosen}. Cells that train do it here.")
    else:
        print('Profile: none; the book\'s runs are shown. restorelib.begin("quick") trains here, in minutes.')
