# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Side by side: what changed from 2014 to 2020, and what paid
#
# Each chapter compares a network with what its paper prints. Here they meet each other: the same pictures, the same
# ruler, one machine. Three questions: how much did the networks grow, what does a decibel cost, and which of the
# ideas would you take along?
#
# *About 12 minutes. Nothing is trained here; the times are measured when the cells run.*

# %% tags=["hide-cell"]
try:
    import restorelib
except ImportError:  # an empty Colab runtime
    # %pip install -q "git+https://github.com/OWNER/image-restoration-reproduced"
    import restorelib

restorelib.begin()

# %%
import matplotlib.pyplot as plt
import torch
from torch.utils.flop_counter import FlopCounterMode

from restorelib import figures, images, runs, tables
from restorelib.bench import Alive, in_turns
from restorelib.degrade import Bicubic, Noise
from restorelib.evaluation import pair, restore, restore_image
from restorelib.metrics import psnr

figures.use_style()

# %% [markdown]
# ## The networks, as large as in their papers
#
# Three numbers say how large a network is: its weights, which must be stored and learned; its multiplications for
# each pixel of the result, which take the time; and the values that it must hold at one time for each pixel, which
# take the memory. **Guess:** MemNet has 0.7 million weights, EDSR's baseline 1.4 million. Which of the two computes
# more for each pixel of a picture enlarged by two? Which holds more?

# %%
PAPERS = {
    "SRCNN, 2014": ("srcnn", {}),
    "VDSR, 2016": ("vdsr", {}),
    "DRCN, 2016": ("drcn", {}),
    "RED30, 2016": ("rednet", {"width": 128}),
    "EDSR baseline, 2017": ("edsr", {}),
    "EDSR, 2017": ("edsr", {"blocks": 32, "width": 256}),
    "MemNet, 2017": ("memnet", {}),
    "DMPHN, 2019": ("dmphn", {}),
    "MT-RNN, 2020": ("mtrnn", {}),
}

# %%
def cost(network, side=64):
    """Multiplications, and values held at one time, for a pixel of the result; what enlarges does so by two."""
    shape = (1, network.channels, side, side) if network.enlarged else (1, 3, side // 2, side // 2)
    x, scale = torch.zeros(shape), [] if network.enlarged else [2]
    with torch.no_grad(), FlopCounterMode(display=False) as counter, Alive() as alive:
        network.eval()(x, *scale)
    return counter.get_total_flops() / 2 / side**2, alive.most / 4 / side**2


def size_of(network):
    return sum(p.numel() for p in network.parameters())


built = {label: restorelib.build(name, **o) for label, (name, o) in PAPERS.items()}
costs = {label: (size_of(net), *cost(net)) for label, net in built.items()}

# %% tags=["nbval-check-output"]
tables.Grid(
    "The networks of the papers: for each pixel of the result",
    ("network", "weights", "multiplications", "of them for a weight", "values held"),
    [(k, f"{n:,}", f"{work:,.0f}", f"{work / n:.2f}", f"{held:,.0f}") for k, (n, work, held) in costs.items()],
)

# %% [markdown]
# The third column of numbers says how often a weight is used for each pixel of the result. In a plain
# chain at full size it is 1. EDSR works on the small picture, a quarter of the pixels, and MT-RNN and DMPHN on smaller
# maps inside: less than 1 a pass. Recursion makes it more: MemNet uses its weights again and again. So the answer is MemNet, by a factor of eight.
# Few weights are not little work, and a network that remembers has to hold what it remembers: MemNet needs the most
# memory of all, although each of its layers is small.
#
# ## One task: twice as large
#
# All networks of the book that enlarge, as we trained them: smaller than above, for minutes to hours of one core.

# %%
ENLARGING = {
    "bicubic": "bicubic",
    "SRCNN": "srcnn-quick",
    "VDSR": "vdsr-reduced",
    "RED10": "red10-x2-quick",
    "EDSR": "edsr-x2-reduced",
    "MDSR": "mdsr-reduced",
    "MemNet": "memnet-quick",
}
photos = images.load_set("bundled")
face = photos["astronaut"][16:208, 136:328]
small = images.to_image(pair(face, Bicubic(2, enlarge=False), channels=3)[1])
loaded = {label: restorelib.load(run) for label, run in ENLARGING.items()}
times = in_turns({k: lambda net=net: restore_image(net, small, 2) for k, net in loaded.items()})

# %%
def enlarging_row(label, run):
    about, scores = runs.record(run), [tables.score_of(run, s, 2) for s in ("Set5", "Set14", "BSD100")]
    minutes = f"{about['minutes']:.0f}" if "minutes" in about else "–"
    work, held = (f"{c:,.0f}" for c in cost(loaded[label])) if "minutes" in about else ("–", "–")
    speed = f"{1000 * times[label]:.0f}"
    return (label, *map(tables.show, scores), f"{size_of(loaded[label]):,}", work, held, speed, minutes)


costs = ("weights", "multiplications", "values held", "ms", "minutes trained")
tables.Grid(
    "Twice as large: PSNR and SSIM on luma; for a pixel of the result; ms for 192 × 192 pixels",
    ("network", "Set5", "Set14", "BSD100", *costs),
    [enlarging_row(*names) for names in ENLARGING.items()],
    [f"Times: {runs.hardware()}."],
)

# %% mystnb={"figure": {"caption": "PSNR on BSD100 at ×2 against the time for a picture of 192 × 192. Up and to the left is better. RESULT-TODO", "name": "fig-side-cost"}, "image": {"alt": "A point for each network: time on a logarithmic axis, PSNR. RESULT-TODO"}}
fig, ax = plt.subplots()
for label, run in ENLARGING.items():
    ax.plot(1000 * times[label], tables.score_of(run, "BSD100", 2)[0], "o")
    ax.annotate(label, (1000 * times[label], tables.score_of(run, "BSD100", 2)[0]), (5, 5), textcoords="offset points")
ax.set(xscale="log", xlabel="milliseconds", ylabel="PSNR in dB")

# %%
frames = {}
for label, network in loaded.items():
    image = restore_image(network, small, 2)
    gap = psnr(*(images.luma(images.to_tensor(x)) for x in (image, face)))
    frames[f"{label}: {gap:.2f} dB"] = image
figures.Slider(
    {**frames, "clean": face},
    control="network",
    alt="An astronaut's face and collar, enlarged twice",
    caption="RESULT-TODO. PSNR is of luma, whole crop.",
)

# %% [markdown]
# ## One task: noise of sigma 50
#
# Here the classical methods take part. They are told sigma, and learn nothing. MemNet is one network for three levels.

# %%
DENOISING = {
    "total variation": "tv/50",
    "non-local means": "nlm/50",
    "RED10": "red10-noise50-quick",
    "RED20": "red20-noise50-quick",
    "MemNet": "memnet-noise-quick",
}
y, x = pair(face, Noise(50))
loaded = {label: restorelib.load(run) for label, run in DENOISING.items()}
times = in_turns({label: lambda net=net: restore(net, x) for label, net in loaded.items()})

# %%
def denoising_row(label, run):
    minutes = runs.record(run).get("minutes")
    score, speed = tables.show(tables.score_of(run, "bundled", 50)), f"{1000 * times[label]:.0f}"
    return (label, score, speed, f"{minutes:.0f}" if minutes else "–")


tables.Grid(
    "Noise of sigma 50: PSNR and SSIM on the four bundled photographs, ms for a picture of 192 × 192",
    ("method", "PSNR / SSIM", "ms", "minutes trained"),
    [denoising_row(*names) for names in DENOISING.items()],
    [f"Times: {runs.hardware()}."],
)

# %% [markdown]
# RESULT-TODO
#
# ## What paid?
#
# Each chapter took one idea out and measured what was lost. Here are these differences together, in decibels, at our
# budget of minutes. With several seeds the spread stands beside; read anything below 0.1 dB as undecided.

# %%
def seeds(name, count=3):
    return [f"{name}-seed{seed}-quick" for seed in range(count)]


def gain(idea, with_it, without, dataset, level):
    """The mean difference of two recipes over their seeds, ± half its range."""
    pairs = zip(with_it, without, strict=True)
    gaps = [tables.score_of(a, dataset, level)[0] - tables.score_of(b, dataset, level)[0] for a, b in pairs]
    spread = f" ± {(max(gaps) - min(gaps)) / 2:.2f}" if len(gaps) > 1 else ""
    return (idea, f"{dataset}, {level}", f"{sum(gaps) / len(gaps):+.2f}{spread}", str(len(gaps)))


# %% tags=["nbval-check-output"]
ladder = "edsr-ladder-"
residual = ["vdsr-residual-lr0.1-quick"], ["vdsr-plain-lr0.1-quick"]
no_bn = seeds(f"{ladder}without-bn"), seeds(f"{ladder}srresnet")
no_relu = seeds(f"{ladder}edsr"), seeds(f"{ladder}without-bn")
skips = seeds("rednet-depth30-skips", 2), seeds("rednet-depth30-plain", 2)
tables.Grid(
    "What an idea gave: PSNR with it minus PSNR without, dB",
    ("idea", "set and level", "gain", "seeds"),
    [
        gain("predict the difference (VDSR)", *residual, "Set5", 2),
        gain("skips over 30 layers (RED-Net)", *skips, "Set12", 70),
        gain("no batch normalisation (EDSR)", *no_bn, "Set5", 2),
        gain("no ReLU outside the blocks (EDSR)", *no_relu, "Set5", 2),
    ],
)

# %% [markdown]
# RESULT-TODO: MemNet's and MT-RNN's rows; which ideas pay at once, which only with long training; that what makes
# training easier pays most when training is short.
#
# ## What to remember
#
# 1. Weights and work are two things; recursion trades one for the other.
# 2. RESULT-TODO
