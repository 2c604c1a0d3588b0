"""EDSR, MDSR and SRResNet: how long they take, what to expect, and the ablations of the paper's section 4.

| profile | network | trained on | updates x batch | minutes | on Set5 x2 |
|---|---|---|---|---|---|
| smoke | 2x8 | bundled photographs | 30 x 4 | seconds | nothing: it only has to run |
| quick | 8x32 | 291 images | 6 minutes | its limit | 37.37 dB measured |
| reduced | baseline, 16x64 | 491 images | 3,000 x 16 | 13.5 / 0.67 / 0.034 | 37.47 dB measured |
| paper | baseline, 16x64 | DIV2K | 300,000 x 16 | 3,035 / 152 / 7.6 | 37.99 dB in later papers' tables |

The paper trains on the 800 pictures of DIV2K, which `restorelib data DIV2K_train_HR` fetches; `quick` and
`reduced` train on the 291 pictures of the VDSR chapter instead, `reduced` also on 200 test pictures of the
Berkeley set, on smaller patches, with Muon, an average of the weights and a cosine schedule, and with blocks
that start as the identity; measured on two CPU cores with bf16. With AdamW, on 291 pictures, six minutes gave
37.2 dB and 14,672 updates 37.24 dB; two minutes (`--minutes 2`) give that now. x3 and x4 start from the x2
network of their profile, as in the paper (section 4.2): `reduced` has 2,000 updates then, at half the rate.
MDSR starts there too and has 3,000; the paper trains it from scratch, as `paper` does.
"""

from dataclasses import replace

from restorelib.degrade import Bicubic
from restorelib.recipe import Recipe
from restorelib.recipes import BENCHMARKS, MUON, T291, sizes

reduced = Recipe(
    name="edsr-x2",
    network="edsr",
    options={"scale": 2, "zero_last": True},
    task=(Bicubic(2, enlarge=False),),
    train_on=T291,
    test_on=BENCHMARKS,
    patch=32,
    batch=16,
    updates=60_000,
    lr=1e-3,
    validations=24,
)
SMOKE = {"options": {"blocks": 2, "width": 8}, "patch": 12, "start": None}
QUICK = {
    "options": {"blocks": 8, "width": 32},
    "train_on": T291,
    "updates": 7_000,
    "minutes": 6,
    "lr": 2e-3,
    "validations": 9,
}
PAPER = {
    "options": {"zero_last": False},
    "train_on": ("DIV2K_train_HR",),
    "patch": 48,
    "updates": 300_000,
    "optimiser": "adamw",
    "average": None,
    "lr": 1e-4,
    "weight_decay": 0.0,
    "schedule": "halving",
    "clip": None,
}
# A quarter of the updates is enough with Muon. The 200 pictures more are in none of the benchmarks above.
LONG = MUON | {"train_on": (*T291, "BSDS500_test"), "updates": 3_000}
# A trained body needs smaller steps than a fresh one, and fewer.
FROM_X2 = {"start": "edsr-x2", "lr": 5e-4}


def _with_muon(recipe: Recipe, **reduced) -> dict[str, Recipe]:
    return sizes(recipe.vary(recipe.name, **LONG | reduced), QUICK, smoke=SMOKE, paper=PAPER)


def _at_scale(scale: int) -> Recipe:
    task = (Bicubic(scale, enlarge=False),)
    return reduced.vary(f"edsr-x{scale}", options={"scale": scale}, task=task, **FROM_X2)


mdsr = replace(  # not `vary`: MDSR has no option `scale`
    reduced,
    name="mdsr",
    network="mdsr",
    options={"zero_last": True},
    task=tuple(Bicubic(scale, enlarge=False) for scale in (2, 3, 4)),
    **FROM_X2,
)
srresnet = reduced.vary("srresnet-x2", network="srresnet", loss="l2")
full = reduced.vary("edsr-full-x2", options={"blocks": 32, "width": 256, "residual_scaling": 0.1})
full = full.vary(full.name, **PAPER | {"updates": 1_000_000})

# Ablations: a network of 8x32 that one CPU core trains in minutes, or the baseline on a GPU.
SEEDS = (0, 1, 2)
TINY = {
    "options": {"blocks": 8, "width": 32},
    "patch": 24,
    "batch": 8,
    "updates": 1_500,
    "lr": 2e-3,
    "validations": 10,
}
# From SRResNet to EDSR, one change at a time (table 2 and section 4.4 of the paper).
LADDER = {
    "srresnet-l2": {"loss": "l2"},
    "srresnet": {},
    "without-bn": {"options": {"batch_norm": False}},
    "edsr": {"options": {"batch_norm": False, "outer_relus": False}},
    "edsr-l2": {"options": {"batch_norm": False, "outer_relus": False}, "loss": "l2"},
    # Which of the outer ReLUs is it? Between "without-bn", which has both, and "edsr", which has none.
    "first-relu": {"options": {"batch_norm": False, "outer_relus": "first"}},
    "up-relus": {"options": {"batch_norm": False, "outer_relus": "up-sampler"}},
}


def _ablations() -> dict[str, dict[str, Recipe]]:
    found = {}
    plain = srresnet.vary("srresnet", loss="l1")
    for seed in SEEDS:
        for step, changes in LADDER.items():
            name = f"edsr-ladder-{step}-seed{seed}"
            found[name] = sizes(plain.vary(name, seed=seed, **changes), TINY)
        for scale in (3, 4):  # from scratch; at x2 the last step of the ladder serves
            name = f"edsr-alone-x{scale}-seed{seed}"
            found[name] = sizes(_at_scale(scale).vary(name, seed=seed, start=None), TINY)
        name = f"mdsr-seed{seed}"
        recipe = mdsr.vary(name, seed=seed, start=None)
        found[name] = sizes(recipe, TINY | {"updates": 4_500})
        # As many updates of the body as one EDSR has, a third of them for each scale.
        name = f"mdsr-short-seed{seed}"
        found[name] = {"quick": mdsr.vary(name, seed=seed, start=None, **TINY)}
        # As many updates from scratch as one from x2 and its x2 network have together.
        name = f"edsr-alone-x4-longer-seed{seed}"
        longer = TINY | {"updates": 2 * TINY["updates"]}
        found[name] = {"quick": _at_scale(4).vary(name, seed=seed, start=None, **longer)}
        name = f"edsr-x4-from-x2-seed{seed}"
        start = f"edsr-ladder-edsr-seed{seed}"
        found[name] = sizes(_at_scale(4).vary(name, seed=seed, start=start), TINY)
    for width in (64, 128, 256):
        # Ten times the paper's learning rate, so that trouble shows within minutes.
        for label, scaling in (("unscaled", 1.0), ("scaled", 0.1)):
            name = f"edsr-width{width}-{label}"
            options = {"blocks": 32, "width": width, "residual_scaling": scaling, "zero_last": False}
            short = {"patch": 16, "batch": 2, "updates": 200, "validations": 1}
            short["test_on"] = ("bundled",)
            wide = reduced.vary(name, options=options, schedule="constant", clip=None, **short)
            found[name] = {"quick": wide}
    return found


RECIPES = {
    "edsr-x2": _with_muon(reduced),
    "edsr-x3": _with_muon(_at_scale(3), updates=2_000),
    "edsr-x4": _with_muon(_at_scale(4), updates=2_000),
    "mdsr": _with_muon(mdsr, updates=3_000) | {"paper": mdsr.vary("mdsr", **PAPER | {"start": None})},
    "srresnet-x2": _with_muon(srresnet),
    "edsr-full-x2": {"paper": full},
    **_ablations(),
}
