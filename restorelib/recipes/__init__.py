"""What to train. One file a paper; a file lists its recipes in `RECIPES`: name -> profile -> `Recipe`.

The profiles: `smoke` (seconds on a CPU, for tests), `quick` (minutes on a CPU or a free GPU), `reduced`
(minutes on a good GPU; what the book shows) and `paper` (the schedule as published).
"""

import importlib
import pkgutil

from restorelib.errors import RestoreError
from restorelib.recipe import Recipe

PROFILES = ("smoke", "quick", "reduced", "paper")

RECIPES: dict[str, dict[str, Recipe]] = {}
for _module in pkgutil.iter_modules(__path__):
    RECIPES |= importlib.import_module(f"{__name__}.{_module.name}").RECIPES


def find(name: str, profile: str) -> Recipe:
    """A recipe by name and profile; raises `RestoreError` if there is none."""
    if name not in RECIPES:
        raise RestoreError(f"no recipe is called '{name}'; there are {', '.join(RECIPES)}")
    if profile not in RECIPES[name]:
        raise RestoreError(f"{name} has no profile '{profile}'; it has {', '.join(RECIPES[name])}")
    return RECIPES[name][profile]
