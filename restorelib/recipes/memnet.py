"""MemNet for super-resolution, noise and JPEG, and the ablations of the paper's sections 4 and 5.

| profile | network | trained on | updates x batch | minutes | on Set5 x3 |
|---|---|---|---|---|---|
| smoke | M2R2, 8 channels | bundled photographs | 30 x 4 | seconds | nothing: it only has to run |
| quick | M4R3, 16 channels | 291 images | 10 minutes of one core | its limit | 32.36 dB measured |
| reduced | M6R6, 32 channels | 291 images | 8,000 x 16 | 18 / 0.89 / 0.045 | 32.93 dB measured, after 41 |
| paper | M6R6, 64 channels | 291 images | 800,000 x 64 | 28,456 / 1,423 / 71 | 34.09 dB in the paper |

One network serves all levels of a task: scales 2, 3, 4; sigma 30, 50, 70; JPEG quality 10, 20. Noise and JPEG
are trained on the 300 pictures of the Berkeley set: its 200 for training and the 100 that super-resolution
tests on. Noise is added to grey as in the RED-Net chapter, JPEG compresses luma. Every prediction has the
same share of the loss, as in the paper, whose alpha is 1 / (M + 1).

The paper gives the rate (0.1, a tenth every 20 epochs), not the epochs; the authors' release has a tenth
every 200,000 updates and a batch of 32. `paper` takes these steps and the paper's batch, and clips as the
release asks: the norm of all gradients at 0.01 over the rate. The rate of biases, a tenth of that of weights
in the release, is not followed. The other profiles replace optimiser and schedule as in the VDSR chapter and
start at the input. `quick` is too narrow for Muon; the ablations have AdamW, and no average of the weights.
`reduced` has half the paper's channels: with 64 an hour of two cores makes 6,000 updates of it.

With the paper's batch M6R6 keeps 3.9 GiB from the forward to the backward pass, M10R10 10.6 GiB; with the
network's option `checkpoint` each stays below 2 GiB (fp32, measured on saved tensors). On 91 images the paper
trained for five days on a Tesla P40.
"""

from dataclasses import replace

from restorelib.degrade import Bicubic, Jpeg, Noise
from restorelib.recipe import Recipe
from restorelib.recipes import BENCHMARKS, GREY300, JPEG_BENCHMARKS, MUON, T291, sizes

# The paper's network, at the budget of its ablations.
m6r6 = Recipe(
    name="memnet",
    network="memnet",
    options={"zero_last": True},
    task=(Bicubic(2), Bicubic(3), Bicubic(4)),
    train_on=T291,
    test_on=BENCHMARKS,
    patch=31,
    batch=16,
    updates=20_000,
    lr=1e-3,
    validations=8,
    final_weight=1 / 7,
)
reduced = m6r6.vary(
    "memnet", options={"width": 32}, updates=8_000, **MUON, validations=8, on_accident="go back"
)
SMOKE = {"options": {"blocks": 2, "recursions": 2, "width": 8}, "final_weight": 1 / 3}
SMALL = {"blocks": 4, "recursions": 3, "width": 16}
QUICK = {
    "options": SMALL,
    "optimiser": "adamw",  # 16 channels have no matrix of 32 rows, the least that Muon moves
    "updates": 20_000,
    "minutes": 10,
    "lr": 2e-3,
    "validations": 9,
    "final_weight": 1 / 5,
}
PAPER = {
    "options": {"zero_last": False, "width": 64},
    "batch": 64,
    "updates": 800_000,
    "loss": "sse",
    "optimiser": "sgd",
    "average": None,
    "lr": 0.1,
    "schedule": "steps",
    "clip": "norm/lr",
    "clip_threshold": 0.01,
    "on_accident": "go on",
}
SIZES = {"smoke": SMOKE, "quick": QUICK, "paper": PAPER}

noise = reduced.vary(
    "memnet-noise",
    task=(Noise(30), Noise(50), Noise(70)),
    train_on=GREY300,
    test_on=("bundled", "Set12", "BSD200-half", "14-images"),
)
jpeg = reduced.vary(
    "memnet-jpeg",
    task=(Jpeg(10), Jpeg(20)),
    train_on=("BSDS500_train", "BSD100"),
    test_on=JPEG_BENCHMARKS,
)

# Ablations: a network that one CPU core trains in four minutes, or M6R6 on a GPU.
SEEDS = (0, 1, 2)
TINY = {
    "options": SMALL,
    "test_on": ("bundled", "Set5"),
    "batch": 8,
    "updates": 1_600,
    "lr": 2e-3,
    "final_weight": 1 / 5,
}
VARIANTS = {
    "full": {},
    # Table 1
    "no-long": {"long_term": False},
    "no-short": {"short_term": False},
    # the gate, and what the paper compares itself with (section 4)
    "mean": {"gate": "mean"},
    "highway": {"gate": "highway"},
    "dense": {"unit": "dense", "long_term": False},
    # recursion
    "not-shared": {"shared": False},
    "shared-norms": {"shared_norms": True},
    # what the weights of the outputs start from
    "outputs-from-1": {"output_weight": 1.0},
}
# Table 6: blocks and recursions of the quick network and of the paper's.
DEPTHS = {"shallow": ((2, 3), (4, 6)), "longer": ((4, 4), (6, 8)), "deep": ((6, 3), (10, 10))}


def _both(recipe: Recipe, **quick) -> dict[str, Recipe]:
    """Where TINY and the ablation differ about an option, the ablation's counts."""
    options = TINY["options"] | recipe.options | quick.pop("options", {})
    return {"quick": replace(recipe, **TINY | quick | {"options": options}), "reduced": recipe}


def _ablations() -> dict[str, dict[str, Recipe]]:
    found = {}
    for seed in SEEDS:
        for label, options in VARIANTS.items():
            name = f"memnet-{label}-seed{seed}"
            found[name] = _both(m6r6.vary(name, seed=seed, options=options))
        # The final prediction alone in the loss, and the basic network, which makes no others.
        for label, supervised in (("final-loss", True), ("basic", False)):
            name = f"memnet-{label}-seed{seed}"
            options = {"supervised": supervised}
            found[name] = _both(
                m6r6.vary(name, seed=seed, options=options, final_weight=1.0), final_weight=1.0
            )
        for label, ((m, r), (large_m, large_r)) in DEPTHS.items():
            name = f"memnet-{label}-seed{seed}"
            options = {"blocks": large_m, "recursions": large_r}
            recipe = m6r6.vary(name, seed=seed, options=options, final_weight=1 / (large_m + 1))
            found[name] = _both(recipe, options={"blocks": m, "recursions": r}, final_weight=1 / (m + 1))
        name = f"drcn-seed{seed}"
        drcn = replace(
            m6r6, name=name, network="drcn", options={"zero_last": True}, seed=seed, final_weight=0.5
        )
        quick = TINY | {"options": {"recursions": 8, "width": 24, "zero_last": True}, "final_weight": 0.5}
        found[name] = {"quick": replace(drcn, **quick), "reduced": drcn}
    return found


RECIPES = {
    "memnet": sizes(reduced, **SIZES),
    "memnet-noise": sizes(noise, **SIZES),
    "memnet-jpeg": sizes(jpeg, **SIZES),
    **_ablations(),
}
