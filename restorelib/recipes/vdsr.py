"""VDSR: how long it takes, what to expect, and the ablations of the paper's tables 1 and 2 and figure 3.

| profile | network | trained on | updates x batch | minutes | on Set5 x2 |
|---|---|---|---|---|---|
| smoke | 4x8 | bundled photographs | 30 x 4 | seconds | nothing: it only has to run |
| quick | 8x32, x2 only | 291 images | 4.5 minutes | its limit | 37.09 dB measured, two CPU cores with bf16 |
| reduced | 20x64 | 291 images | 24,000 x 16 | 86 / 4.3 / 0.21 | 37.31 dB measured |
| paper | 20x64 | 291 images | 9,960 x 64 | 142 / 7.1 / 0.36 | 37.53 dB in the paper |

`smoke`, `quick` and `reduced` replace the paper's optimiser by Muon with a cosine schedule and an average of
the weights, the squared loss by the absolute one, and start the last layer at zero: with few updates that is
worth more than a decibel. With AdamW, `quick` had 37.03 dB after 9,249 updates and `reduced` 37.13 dB after
16,107. The paper does not give its clipping threshold. `paper` has 1e-5: with twenty layers, 1e-4 is two
decibels behind it after 100 updates of 32 patches; 3e-5 is level at first, and then stood still at 35.1 dB on
Set5 x2 from update 1,200 to 2,900. The ablations of table 1 were trained with 1e-4.
"""

from restorelib.degrade import Bicubic
from restorelib.recipe import Recipe
from restorelib.recipes import BENCHMARKS, MUON, T291, sizes

reduced = Recipe(
    name="vdsr",
    network="vdsr",
    options={"depth": 20, "width": 64, "zero_last": True},
    task=(Bicubic(2), Bicubic(3), Bicubic(4)),
    train_on=T291,
    test_on=BENCHMARKS,
    patch=41,
    batch=16,
    updates=24_000,
    lr=1e-3,
    validations=24,
    **MUON,
)
SMOKE = {"options": {"depth": 4, "width": 8}}
QUICK = {
    "options": {"depth": 8, "width": 32},
    "task": (Bicubic(2),),
    "updates": 20_000,
    "minutes": 4.5,
    "lr": 2e-3,
    "validations": 9,
}
PAPER = {
    "options": {"zero_last": False},
    "batch": 64,
    "updates": 9_960,
    "loss": "sse",
    "optimiser": "sgd",
    "average": None,
    "lr": 0.1,
    "schedule": "steps",
    "clip": "value/lr",
    "clip_threshold": 1e-5,
}
vdsr = sizes(reduced, QUICK, smoke=SMOKE, paper=PAPER)

# Table 1: ten layers, x2, the 91 images, three learning rates, with and without the residual connection.
table1 = vdsr["paper"].vary(
    "vdsr",
    options={"depth": 10},
    task=(Bicubic(2),),
    train_on=("T91",),
    validate_on="Set5",
    validations=8,
    clip_threshold=1e-4,
)
# Table 2 and figure 3: the 91 images; and a size that two CPU cores can train several times.
on_91 = reduced.vary("vdsr", train_on=("T91",), scored_on=reduced.task)
SMALL = {
    "options": {"depth": 8, "width": 32},
    "test_on": ("bundled", "Set5"),
    "updates": 3_000,
    "lr": 2e-3,
    "validations": 8,
}
SEEDS = (0, 1, 2)


def _ablations() -> dict[str, dict[str, Recipe]]:
    smaller = {"options": {"width": 32}, "updates": 1_000, "test_on": ("bundled", "Set5")}
    found = {}
    for seed in SEEDS:
        for lr in (0.1, 0.01, 0.001):
            for label, residual in (("residual", True), ("plain", False)):
                name = f"vdsr-{label}-lr{lr}-seed{seed}"
                recipe = table1.vary(name, lr=lr, options={"residual": residual}, seed=seed)
                found[name] = sizes(recipe, smaller)
        for scales in ((2,), (3,), (4,), (2, 3), (2, 4), (3, 4), (2, 3, 4)):
            name = f"vdsr-train-x{''.join(map(str, scales))}-seed{seed}"
            recipe = on_91.vary(name, task=tuple(map(Bicubic, scales)), seed=seed)
            # As many patches of a scale as its specialist gets.
            found[name] = sizes(recipe, SMALL | {"updates": len(scales) * SMALL["updates"]})
        for depth in (5, 10, 15, 20):
            name = f"vdsr-depth{depth}-seed{seed}"
            recipe = on_91.vary(name, options={"depth": depth}, seed=seed)
            found[name] = sizes(recipe, SMALL | {"options": {"depth": depth, "width": 32}})
    for lr in (0.1, 0.00001):  # without clipping, only the lower one survives
        name = f"vdsr-unclipped-lr{lr}"
        found[name] = sizes(table1.vary(name, lr=lr, clip=None), smaller)
    return found


RECIPES = {"vdsr": vdsr, **_ablations()}
