"""AdamW or Muon, and the last weights or their average: what the chapter on costs compares.

Each network in the size of its chapter's `quick` or near it, at each of three rates for a quarter of its
updates (`optimiser-NETWORK-OPTIMISER-lrRATE`), then at one of them for all (`optimiser-NETWORK-OPTIMISER`).
EDSR and VDSR also with Muon and one choice changed (`optimiser-NETWORK-muon-CHOICE`), and in their papers'
sizes with three seeds (`optimiser-NETWORK-full-...`); and two claims about training with several optimisers
(`claim-...`). All keep an average of their weights; `-last` are the same trainings without one. All have only
`quick`: one and a half to ten minutes of a processor core with bf16, the full ones five to twenty-eight.
"""

from dataclasses import replace

from restorelib.degrade import Bicubic, Noise
from restorelib.recipe import Recipe
from restorelib.recipes import edsr, memnet, mtrnn, rednet, srcnn, vdsr

X2 = (Bicubic(2),)
EIGHT = {"blocks": 8, "width": 32}


def _red(depth: int, skip_every: int) -> Recipe:
    options = {"depth": depth, "skip_every": skip_every, "width": 32}
    return rednet.reduced.vary("red", options=options, task=(Noise(50),), patch=32)


# What is compared: a recipe, how many updates it gets, and the set it is scored on.
_shaken = mtrnn.reduced.vary("mtrnn", options={"width": 8}, patch=48, batch=4)
_pieces = replace(_shaken, network="dmphn", options={"width": 8, "residual": True}, incremental=None)
_memory = {"blocks": 4, "recursions": 3, "width": 32}
NETWORKS: dict[str, tuple[Recipe, int, str]] = {
    "srcnn": (srcnn.reduced, 4_000, "Set5"),
    "vdsr": (vdsr.reduced.vary("vdsr", options={"depth": 8, "width": 32}, task=X2), 3_200, "Set5"),
    "red10": (_red(10, 0), 2_400, "Set12"),
    "red20": (_red(20, 2), 1_600, "Set12"),
    "red30": (_red(30, 2), 800, "Set12"),
    "srresnet": (edsr.srresnet.vary("srresnet", options=EIGHT, loss="l1"), 1_200, "Set5"),
    "edsr": (edsr.reduced.vary("edsr", options=EIGHT), 1_200, "Set5"),
    "mdsr": (replace(edsr.mdsr, options=edsr.mdsr.options | EIGHT, start=None), 800, "Set5"),
    "memnet": (memnet.m6r6.vary("memnet", options=_memory, final_weight=1 / 5), 800, "Set5"),
    "mtrnn": (_shaken, 800, "bundled"),
    "dmphn": (_pieces, 1_200, "bundled"),
}
RATES = (1e-3, 2e-3, 4e-3)
OPTIMISERS = ("adamw", "muon")
SEEDS = (0, 1, 2)


def _compared(recipe: Recipe, name: str, updates: int, on: str, **changes) -> dict[str, dict[str, Recipe]]:
    """One of the trainings, as an entry of `RECIPES`."""
    plain = {"updates": updates, "minutes": None, "validations": 8, "average": 0.998}
    plain["validate_on"] = "Set5" if on == "Set5" else "bundled"  # Set12 takes longer than training
    return {name: {"quick": recipe.vary(name, test_on=(on,), **plain | changes)}}


def _rates() -> dict[str, dict[str, Recipe]]:
    found = {}
    for label, (recipe, updates, on) in NETWORKS.items():
        for lr in RATES:
            for optimiser in OPTIMISERS:
                name = f"optimiser-{label}-{optimiser}-lr{lr}"
                made = {"optimiser": optimiser, "lr": lr, "validations": 1}
                found |= _compared(recipe, name, updates // 4, on, **made)
    return found


# In the papers' sizes. Muon has half the updates.
FULL = {
    "edsr": edsr.reduced,
    "vdsr": vdsr.reduced.vary("vdsr", task=X2),
    "vdsr-he": vdsr.reduced.vary("vdsr", task=X2, options={"zero_last": False}),
}
UPDATES = {"adamw": 1_500, "muon": 700}


def _full() -> dict[str, dict[str, Recipe]]:
    found = {}
    for seed in SEEDS:
        for label, recipe in FULL.items():
            for optimiser, updates in UPDATES.items():
                name = f"optimiser-{label}-full-{optimiser}-lr0.001-seed{seed}"
                made = {"optimiser": optimiser, "lr": 1e-3, "seed": seed}
                found |= _compared(recipe, name, updates, "Set5", **made)
    return found


# The rate of whole trainings. A quarter likes twice that with Muon, and longer ones do not: EDSR after 2,300
# updates has 37.23 dB with 2e-3 and 36.83 dB with 4e-3.
RATE = 2e-3
# Networks whose average is compared with their last weights, and the optimiser it is done with.
AVERAGED = {"edsr": "muon", "vdsr": "muon", "red30": "muon", "memnet": "adamw"}
# Choices of the recipe that are changed once, with Muon. Every training sees as many patches.
CHOICES = {"constant": {"schedule": "constant"}, "no-decay": {"weight_decay": 0.0}, "batch64": {"batch": 64}}


def _whole() -> dict[str, dict[str, Recipe]]:
    found = {}
    for label, (recipe, updates, on) in NETWORKS.items():
        for optimiser in OPTIMISERS:
            name = f"optimiser-{label}-{optimiser}"
            made = {"optimiser": optimiser, "lr": RATE}
            found |= _compared(recipe, name, updates, on, **made)
            if AVERAGED.get(label) == optimiser:
                found |= _compared(recipe, f"{name}-last", updates, on, **made, average=None)
        if label in ("edsr", "vdsr"):
            for choice, change in CHOICES.items():
                fewer = updates * recipe.batch // change.get("batch", recipe.batch)
                name = f"optimiser-{label}-muon-{choice}"
                made = {"optimiser": "muon", "lr": RATE} | change
                found |= _compared(recipe, name, fewer, on, **made)
    return found


_deep = vdsr.reduced.vary("deep", options={"depth": 20, "width": 32, "zero_last": False}, task=X2)
# The paper's optimiser of VDSR; its clipping threshold is the one that `vdsr`, paper has.
SGD = {
    name: getattr(vdsr.vdsr["paper"], name)
    for name in ("loss", "optimiser", "lr", "schedule", "clip", "clip_threshold")
}
BY = {"sgd": SGD, "adamw": {"optimiser": "adamw", "lr": RATE}, "muon": {"optimiser": "muon", "lr": RATE}}
# Claims about training: with and without what the paper says is needed, by which optimisers, for how long.
CLAIMS: dict[str, tuple[dict[str, Recipe], tuple[str, ...], int, str, int]] = {
    "vdsr": (
        {"residual": _deep, "plain": _deep.vary("deep", options={"residual": False})},
        ("sgd", "adamw", "muon"),
        600,
        "Set5",
        2,
    ),
    "red30": ({"skips": _red(30, 2), "plain": _red(30, 0)}, ("adamw", "muon"), 500, "Set12", 50),
}


def _claims() -> dict[str, dict[str, Recipe]]:
    found = {}
    for seed in SEEDS:
        for label, (recipes, optimisers, updates, on, _) in CLAIMS.items():
            for part, recipe in recipes.items():
                for optimiser in optimisers:
                    name = f"claim-{label}-{part}-{optimiser}-seed{seed}"
                    found |= _compared(recipe, name, updates, on, seed=seed, **BY[optimiser])
    return found


RECIPES = _rates() | _whole() | _full() | _claims()
