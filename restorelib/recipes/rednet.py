"""RED-Net: how long it takes, what to expect, and the ablations of the paper's figure 3.

| profile | network | trained on | updates x batch | minutes | on Set12, sigma 30 |
|---|---|---|---|---|---|
| smoke | depth as named, 8 wide | bundled photographs | 30 x 4 | seconds | nothing: it only has to run |
| quick | depth as named, 32 wide | 200 images | 2.5 to 12 minutes | its limit | RED10 28.4, RED20 29.1 dB |
| reduced | depth as named, 64 wide | 200 images | 15,000 x 16 | 124 / 6.2 / 0.31 | not measured yet |
| paper | depth as named, 128 wide | 300 images | 781,250 x 64 | 103,267 / 5,163 / 258 | not in the paper |

A network of 10 layers has no skips, as the paper's. The paper gives the learning rate, and its figure 3(b)
shows 100 epochs of half a million patches; the batch of 64 and the constant rate are our guess. Its 300
images must be the training and test images of BSDS300, the latter known as BSD100. For super-resolution they
cannot be, if BSD100 is to be a test, and nothing is said: there, 200 images train the network here.
"""

from restorelib.degrade import Bicubic, Degradation, Jpeg, Noise
from restorelib.recipe import Recipe
from restorelib.recipes import BENCHMARKS, GREY, GREY300, JPEG_BENCHMARKS, MUON, sizes

SIGMAS = (10, 30, 50, 70)
LEVELS = tuple(map(Noise, SIGMAS))
TASKS: dict[str, tuple[Degradation, ...]] = {
    **{f"noise{noise.sigma}": (noise,) for noise in LEVELS},
    "noise-blind": LEVELS,
    **{f"x{scale}": (Bicubic(scale),) for scale in (2, 3, 4)},
    "x234": (Bicubic(2), Bicubic(3), Bicubic(4)),
    **{f"jpeg{quality}": (Jpeg(quality),) for quality in (10, 20)},
}
DEPTHS = {
    "red10": {"depth": 10, "skip_every": 0},
    "red20": {"depth": 20},
    "red30": {"depth": 30},
}

reduced = Recipe(
    name="red30-noise30",
    network="rednet",
    options={"depth": 30, "width": 64, "zero_last": True},
    task=(Noise(30),),
    train_on=GREY,
    test_on=("bundled", "Set12", "BSD68", "Kodak24-grey", "BSD200-half", "14-images"),
    patch=50,
    batch=16,
    updates=15_000,
    lr=1e-3,
    validations=24,
)
OTHER_PICTURES = {
    "noise": {},
    "x": {"train_on": ("BSDS500_train",), "test_on": BENCHMARKS},
    "jpeg": {"train_on": ("BSDS500_train",), "test_on": JPEG_BENCHMARKS},
}
SMOKE = {"options": {"width": 8}, "patch": 20}
QUICK = {"options": {"width": 32}, "patch": 32, "updates": 20_000, "minutes": 5, "lr": 2e-3, "validations": 9}
PAPER = {
    "options": {"width": 128, "zero_last": False},
    "batch": 64,
    "updates": 781_250,
    "loss": "l2",
    "optimiser": "adamw",
    "average": None,
    "lr": 1e-4,
    "weight_decay": 0.0,
    "schedule": "constant",
    "clip": None,
}
# One processor core trains one level for long; the others begin with its weights. Not in the paper.
FROM_NOISE50 = tuple(f"red20-noise{sigma}" for sigma in (10, 30, 70))
# BSD68 is part of BSD100, which trains here.
PAPER_NOISE = {
    "train_on": GREY300,
    "test_on": ("bundled", "Set12", "Kodak24-grey", "BSD200", "BSD200-half", "14-images"),
}


# What a processor core had for `quick`, where it was not five minutes.
QUICK_MINUTES = {
    **{f"red10-{task}": 2.5 for task in TASKS},
    **{f"red20-noise{sigma}": minutes for sigma, minutes in ((10, 4), (30, 4), (50, 12), (70, 4))},
}


def _profiles(name: str, depth: dict, task: tuple[Degradation, ...]) -> dict[str, Recipe]:
    kind = name.split("-")[1].rstrip("0123456789")
    recipe = reduced.vary(name, options=depth, task=task, **OTHER_PICTURES[kind], **MUON)
    # The ten layers are also tested at levels they were not trained for.
    off_level = {"test_on": ("bundled", "Set12", "BSD200-half"), "scored_on": LEVELS}
    quick = QUICK | (off_level if name.startswith("red10-noise") else {})
    quick |= {"minutes": QUICK_MINUTES.get(name, QUICK["minutes"])}
    if name in FROM_NOISE50:
        quick |= {"start": "red20-noise50", "lr": 1e-3}
    return sizes(recipe, quick, smoke=SMOKE, paper=PAPER | (PAPER_NOISE if kind == "noise" else {}))


# Figure 3, at sigma 70: a network of 16 channels that one CPU core trains in minutes, or of 64 on a GPU.
SEEDS = (0, 1, 2)
TINY = {"options": {"width": 16}, "patch": 32, "updates": 2_500, "lr": 2e-3, "validations": 8}
ABLATIONS = {
    # (b) do skips help training as depth grows?
    **{f"depth{depth}-plain": {"depth": depth, "skip_every": 0} for depth in (10, 20, 30)},
    **{f"depth{depth}-skips": {"depth": depth} for depth in (10, 20, 30)},
    # (c) symmetric skips or those of ResNet? Symmetric ones over two layers are depth30-skips.
    "symmetric4": {"skip_every": 4},
    "block2": {"skips": "block"},
    "block4": {"skips": "block", "skip_every": 4},
    # section 4.1: are transposed convolutions better than plain ones? The other one is depth10-plain.
    "all-conv": {"depth": 10, "skip_every": 0, "deconvolution": False},
}
# (a) 243x243 pixels through one vector. Only sides that 243 divides fit: pictures are cropped to be scored.
BOTTLENECKS = {"bottleneck-plain": {"skip_every": 0}, "bottleneck-skips": {}}
BOTTLENECK = {"depth": 10, "stride": 3, "residual": False, "zero_last": False}


def _ablations() -> dict[str, dict[str, Recipe]]:
    found = {}
    figure3 = reduced.vary("rednet", task=(Noise(70),), test_on=("bundled", "Set12"), loss="l2")
    whole = {"patch": 243, "batch": 8, "validate_on": "Set12", "test_on": ("Set12",)}
    narrow = figure3.vary("rednet", options=BOTTLENECK, **whole)
    for seed in SEEDS:
        for label, options in ABLATIONS.items():
            name = f"rednet-{label}-seed{seed}"
            found[name] = sizes(figure3.vary(name, options=options, seed=seed), TINY)
        for label, options in BOTTLENECKS.items():
            name = f"rednet-{label}-seed{seed}"
            found[name] = sizes(narrow.vary(name, options=options, seed=seed), TINY | {"patch": 243})
    return found


RECIPES = {
    **{
        f"{net}-{label}": _profiles(f"{net}-{label}", depth, task)
        for net, depth in DEPTHS.items()
        for label, task in TASKS.items()
    },
    **_ablations(),
}
