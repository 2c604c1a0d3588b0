"""MT-RNN: how long it takes, what to expect, and the ablations of the paper's tables 1 to 4 and 6.

| profile | network | trained on | updates x batch | minutes | on the bundled photographs, TL13 |
|---|---|---|---|---|---|
| smoke | width 4 | bundled photographs | 20 x 2 | seconds | nothing: it only has to run |
| quick | width 8 | 291 images | 30 minutes of a core | its limit | 26.01 dB measured (blurred: 25.43) |
| reduced | width 32 | 291 images | 20,000 x 8 | 289 / 14.5 / 0.72 | not measured yet |
| paper | width 32 | GOPRO_Large_all | 460,000 x 8 | 141,903 / 7,095 / 355 | 31.15 dB on GoPro in the paper |

All but `paper` shake a camera in front of sharp photographs (`Motion`). `paper` trains on the real frames,
which `restorelib data GOPRO_Large_all` fetches: 22 folders, about 1,700 clips of 13 frames, 32 GB on the
device that trains and three times that while they are loaded; for a smaller one, remove some of the folders.
The pictures that papers score are fetched by `restorelib data GOPRO_Large`. What an update keeps for its
gradients would take 18 GiB; with the network's option `checkpoint` it is 3 GiB (fp32, measured on saved
tensors). Its batch is our choice, the paper does not give one; nor do we switch data sets half-way, as its
ablations did. `quick` and `reduced` have Muon and an average of the weights; the ablations, but DMPHN's, have
AdamW and no average.
"""

from dataclasses import replace

from restorelib.degrade import Motion, Recorded
from restorelib.patches import Incremental
from restorelib.recipe import Recipe
from restorelib.recipes import MUON, T291, sizes

SHAKEN = tuple(Motion(level) for level in (7, 9, 11, 13))
AT_ONCE = Incremental(step=12, least=1, most=1)  # one iteration, sharp target: ordinary training
SHARP = Incremental(step=12, least=6, most=6)  # six iterations that all have the sharp target

# The paper's network, as its ablations are trained.
mt = Recipe(
    name="mtrnn",
    network="mtrnn",
    options={"width": 32, "zero_last": True},
    task=SHAKEN,
    train_on=T291,
    test_on=("bundled", "GoPro_samples", "DAVIS_clips"),
    patch=64,
    batch=8,
    updates=20_000,
    lr=1e-3,
    # Twice a usual gradient: a network fed with its own result now and then explodes for a batch.
    clip_threshold=0.2,
    validations=12,
    incremental=Incremental(),
)
reduced = mt.vary("mtrnn", **MUON)
SMOKE = {
    "options": {"width": 4},
    "task": (Motion(13),),
    "patch": 16,
    "batch": 2,
    "updates": 20,
    "validations": 1,
}
QUICK = {"options": {"width": 8}, "patch": 48, "batch": 4, "updates": 20_000, "minutes": 30, "lr": 2e-3}
PAPER = {
    "options": {"zero_last": False, "checkpoint": True},
    "task": tuple(Recorded(level) for level in (7, 9, 11, 13)),
    "train_on": ("GOPRO_Large_all/train",),
    "test_on": ("GOPRO_Large/test", "GOPRO_Large_all/test", "GoPro_samples", "DAVIS_clips"),
    "patch": 256,
    "updates": 460_000,
    "optimiser": "adamw",
    "average": None,
    "lr": 2e-4,
    "weight_decay": 0.0,
    "schedule": "tenths",
    "clip": None,
}

# Ablations, at sizes that one CPU core trains in three to five minutes; every one with each seed.
SEEDS = (0, 1, 2)
TINY = {"options": {"width": 8}, "patch": 48, "batch": 4, "updates": 800, "validations": 1}
ONE = {"options": {"iterations": 1}, "incremental": AT_ONCE}
# A pass costs the same whatever it aims at, so one pass may make six times as many updates.
SIX_TIMES = {"quick": {"updates": 4_800}, "reduced": {"updates": 120_000}}


def _of(network: str, **options) -> dict:
    return {"network": network, "options": options}


ABLATIONS = {
    # Table 2: kernel, residual, recurrent features; multi-temporal, multi-scale, both, neither.
    # (5×5 kernels in one step are not in the table: they tell what runs away.)
    "mt": {},
    "k5": {"options": {"kernel": 5}},
    "k5-one-step": {"options": {"kernel": 5, "iterations": 1}, "incremental": AT_ONCE},
    "no-residual": {"options": {"residual": False}},
    "no-features": {"options": {"recurrent": False}},
    "one-step": ONE,
    "ms": {"options": {"iterations": 1, "scales": 3}, "incremental": AT_ONCE},
    "mt-ms": {"options": {"scales": 2}},
    "sharp-targets": {"incremental": SHARP},
    # Table 3: the temporal step, and the iterations it leaves; width. MT is step 2.
    "step4": {"options": {"iterations": 3}, "incremental": Incremental(step=4, least=3, most=4)},
    "step6": {"options": {"iterations": 2}, "incremental": Incremental(step=6, least=2, most=3)},
    "width4": {"options": {"width": 4}},
    "width12": {"options": {"width": 12}},
    # Table 6: no sharp target.
    "mt-tl3": {"incremental": Incremental(last=3)},
    "mt-tl5": {"incremental": Incremental(last=5)},
    "ms-tl3": {"options": {"iterations": 1, "scales": 3}, "incremental": replace(AT_ONCE, last=3)},
    "ms-tl5": {"options": {"iterations": 1, "scales": 3}, "incremental": replace(AT_ONCE, last=5)},
    # Not in the paper's tables: first and last layers that the first three iterations do not share.
    "own-ends": {"options": {"own_ends": 3}},
}
# DMPHN gains by Muon ("What training costs"); so do the two forms of it that it is compared with.
BY_MUON = MUON | {"lr": 2e-3}
# Table 4, and SRN: other networks in the multi-scale scheme and in the multi-temporal one.
OTHERS = {
    "fpn-ms": _of("fpn", width=16, iterations=1) | {"incremental": AT_ONCE},
    "fpn-mt": _of("fpn", width=16, iterations=6),
    "srn-ms": _of("srn", iterations=1, scales=3) | {"incremental": AT_ONCE},
    "srn-mt": _of("srn", iterations=6, scales=1),
    "dmphn-one": _of("mt-dmphn", iterations=1) | BY_MUON | {"incremental": AT_ONCE},
    "dmphn-mt": _of("mt-dmphn", iterations=6) | BY_MUON,
}
# What a network that runs away does if nothing clips its gradients, as in the paper; short, because slow.
UNCLIPPED = mt.vary(
    "unclipped-mtrnn-k5",
    **TINY | {"options": {"width": 8, "kernel": 5}, "updates": 300},
    clip=None,
    seed=1,
    test_on=("bundled",),
)


def _both(recipe: Recipe, changes: dict, quick: dict | None = None, larger: dict | None = None) -> dict:
    """`changes` made to the quick and the reduced form of an ablation, on the bundled photographs."""
    short = recipe.vary(recipe.name, **TINY)
    return {
        "quick": short.vary(recipe.name, **changes | (quick or {})),
        "reduced": recipe.vary(recipe.name, **changes | (larger or {})),
    }


def _ablations() -> dict[str, dict[str, Recipe]]:
    found = {}
    for seed in SEEDS:
        base = replace(mt, seed=seed, test_on=("bundled",))
        for label, changes in ABLATIONS.items():
            name = f"mtrnn-{label}-seed{seed}"
            found[name] = _both(replace(base, name=name), changes)
        for label, changes in OTHERS.items():
            name = f"mtrnn-{label}-seed{seed}"
            found[name] = _both(replace(base, name=name), changes)
        name = f"mtrnn-one-step-longer-seed{seed}"
        found[name] = _both(replace(base, name=name), ONE, SIX_TIMES["quick"], SIX_TIMES["reduced"])
        name = f"dmphn-seed{seed}"  # its pieces are its scheme, so it has no iterations and ordinary training
        pieces = replace(base, name=name, network="dmphn", options={"residual": True}, incremental=None)
        found[name] = _both(pieces, BY_MUON)
        for level in (3, 5, 7, 9, 11, 13):  # table 1
            name = f"mtrnn-from-tl{level}-seed{seed}"
            task = {"task": (Motion(level),), "incremental": None, "options": {"iterations": 1}}
            found[name] = _both(replace(base, name=name), task)
    return found


RECIPES = {
    "mtrnn": sizes(reduced, QUICK, smoke=SMOKE, paper=PAPER),
    **_ablations(),
    UNCLIPPED.name: {"quick": UNCLIPPED},
}
