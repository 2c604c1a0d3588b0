"""SRCNN, the baseline: one network a scale; 9-5-5 as in later papers' tables, 9-1-5 as first published.

| profile | trained on | updates x batch | minutes | on Set5 x2 |
|---|---|---|---|---|
| smoke | bundled photographs | 30 x 4 | seconds | nothing: it only has to run |
| quick | 291 images | 4.5 minutes | its limit | not measured |
| reduced | 291 images | 24,000 x 16 | 7.2 / 0.36 / 0.018 | 36.57 dB measured |
| paper | 91 images | 6,250,000 x 128 | 9,663 / 483 / 24 | 36.66 dB in the paper, trained on ImageNet |

All but `paper` use Muon and an average of the weights: the paper's rates (1e-4 for two layers, 1e-5 for the
last; here 1e-4 for all) need days.
"""

from restorelib.degrade import Bicubic
from restorelib.recipe import Recipe
from restorelib.recipes import BENCHMARKS, MUON, T291, sizes

reduced = Recipe(
    name="srcnn",
    network="srcnn",
    task=(Bicubic(2),),
    train_on=T291,
    test_on=BENCHMARKS,
    patch=41,
    batch=16,
    updates=24_000,
    lr=1e-3,
    **MUON,
)
QUICK = {"updates": 20_000, "minutes": 4.5}
PAPER = {
    "train_on": ("T91",),
    "patch": 33,
    "batch": 128,
    "updates": 6_250_000,
    "loss": "l2",
    "optimiser": "sgd",
    "average": None,
    "lr": 1e-4,
    "weight_decay": 0.0,
    "schedule": "constant",
    "clip": None,
}
first = reduced.vary("srcnn-9-1-5", options={"kernels": (9, 1, 5)})
RECIPES = {"srcnn": sizes(reduced, QUICK, smoke={}, paper=PAPER), "srcnn-9-1-5": sizes(first, QUICK)}
