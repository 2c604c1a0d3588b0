"""What to train. One file a paper; a file lists its recipes in `RECIPES`: name -> profile -> `Recipe`.

The profiles: `smoke` (seconds on a CPU, for tests), `quick` (minutes on a CPU or a free GPU), `reduced`
(minutes on a good GPU; what the book shows) and `paper` (the schedule as published). A file writes `reduced`
out; `sizes` makes the others of it. The sets that several papers share stand here.

Each file begins with a table of its profiles. Minutes are of two processor cores, a T4 and an H100, computed:
the operations of the whole schedule at 0.5, 10 and 200 thousand billion a second (`restorelib.bench`). Small
networks get less out of any device; `restorelib bench` measures what yours gives.
"""

import importlib
import pkgutil

from restorelib.errors import RestoreError, suggestion
from restorelib.recipe import Recipe

PROFILES = ("smoke", "quick", "reduced", "paper")
# The result that each chapter begins with.
HEADLINES = ("vdsr", "edsr-x2", "red30-noise50", "memnet", "mtrnn")

T291 = ("T91", "BSDS500_train")
BENCHMARKS = ("bundled", "Set5", "Set14", "BSD100")
JPEG_BENCHMARKS = ("bundled", "classic5", "LIVE1")
GREY = ("BSDS500_train-grey",)
# All of BSDS300: its 200 pictures for training and the 100 for tests.
GREY300 = (*GREY, "BSD100-grey")

# As far in a quarter of the updates, for most networks ("What training costs").
MUON = {"optimiser": "muon", "average": 0.998}

# What every `smoke` changes: pictures that are always there, and just enough updates to see that all runs.
SMOKE = {"train_on": ("bundled_train",), "test_on": ("bundled",), "batch": 4, "updates": 30, "validations": 2}


def sizes(
    reduced: Recipe, quick: dict, smoke: dict | None = None, paper: dict | None = None
) -> dict[str, Recipe]:
    """The profiles of a recipe: `reduced` as it is, the others with their changes (see `Recipe.vary`).

    Args:
        reduced: the recipe.
        quick: what `quick` changes.
        smoke: what `smoke` changes besides `SMOKE`: 30 updates of 4 patches on the bundled pictures. None, as
            for an ablation: there is no such profile.
        paper: what `paper` changes; None: there is no such profile.
    """
    smoke = SMOKE | smoke if smoke is not None else None
    changes = {"smoke": smoke, "quick": quick, "reduced": {}, "paper": paper}
    wanted = {profile: change for profile, change in changes.items() if change is not None}
    return {profile: reduced.vary(reduced.name, **change) for profile, change in wanted.items()}


# The files import what stands above.
RECIPES: dict[str, dict[str, Recipe]] = {}
for _module in pkgutil.iter_modules(__path__):
    RECIPES |= importlib.import_module(f"{__name__}.{_module.name}").RECIPES


def find(name: str, profile: str) -> Recipe:
    """A recipe by name and profile; raises `RestoreError` if there is none."""
    if name not in RECIPES:
        raise RestoreError(
            f"no recipe is called '{name}'; {suggestion(name, RECIPES, 'restorelib train --list')}"
        )
    if profile not in RECIPES[name]:
        raise RestoreError(f"{name} has no profile '{profile}'; it has {', '.join(RECIPES[name])}")
    return RECIPES[name][profile]
