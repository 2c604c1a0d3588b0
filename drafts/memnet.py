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
# # MemNet: remember what earlier layers knew
#
# Y. Tai, J. Yang, X. Liu, C. Xu, *MemNet: A Persistent Memory Network for Image Restoration*, ICCV 2017.
#
# In a chain of eighty layers each one knows only what the one before it hands on. MemNet keeps what was
# computed on the way: every step of a recursion and the result of every block. Small gates decide how much of
# each goes on. With 677 thousand weights, about as many as VDSR has, the network is four times as deep, and
# one design serves noise, JPEG and super-resolution.
#
# *About 35 minutes. As it stands the page shows trainings that ship with the book; with a running kernel you
# can train the small network yourself, in six minutes on a laptop.*

# %% tags=["hide-cell"]
try:
    import restorelib
except ImportError:  # an empty Colab runtime
    # %pip install -q "git+https://github.com/OWNER/image-restoration-reproduced"
    import restorelib

restorelib.begin()

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import ttest_1samp
from torch import nn

from restorelib import figures, images, recipes, runs, tables
from restorelib.degrade import Bicubic, Jpeg, Noise
from restorelib.evaluation import pair, restore
from restorelib.metrics import psnr
from restorelib.patches import Patches
from restorelib.published import TABLES
from restorelib.training import loss_of

figures.use_style()

# %% [markdown]
# ## The problem in a picture
#
# Three ways to damage one photograph: enlarged from a third of its size, with noise, and compressed as JPEG.
# Move the slider. Which details are lost in all three, and which only in one?

# %%
photos = images.load_set("bundled")
face = photos["astronaut"][16:208, 136:328]
tasks = {"bicubic ×3": Bicubic(3), "noise, σ 50": Noise(50), "JPEG, quality 10": Jpeg(10)}
damaged = {name: pair(face, task)[1].float() for name, task in tasks.items()}
y = pair(face, Bicubic(3))[0].float()
frames = {name: images.to_image(x) for name, x in damaged.items()}
figures.Slider(
    frames | {"clean": images.to_image(y)},
    control="damage",
    alt="An astronaut's face and collar, in grey",
    caption="Bicubic widens edges, noise covers flat areas, JPEG leaves squares of 8×8 pixels. "
    "Fine texture, the high frequencies, is weak or gone in all of them.",
)

# %% [markdown]
# Until 2016 each of these problems had networks of its own. MemNet uses one design for all three, and within
# a task one set of weights for all levels: scales 2, 3, 4; noise of 30, 50, 70 grey levels; quality 10 and 20.
#
# ## What came before
#
# - **VDSR** (the first of these chapters) is a chain of twenty layers. Layer 20 sees layer 19, and nothing
#   of layer 3 except what sixteen layers in between have left of it.
# - **DRCN** (Kim et al., CVPR 2016) applies *one* layer sixteen times and reconstructs a picture after each
#   time: twenty layers deep with the weights of five. It is still a chain.
# - **RED-Net** adds the output of an early layer to that of a late one. Each sum joins two layers, with fixed
#   weight one.
#
# The authors call what a chain has *short-term memory*: a state is shaped by the one before it. What they
# want in addition is *long-term memory*: a state shaped by particular early states, however far back.
#
# ## The idea
#
# Build the network from **memory blocks**. Inside a block a small residual block is applied $R$ times with the
# same weights, and all $R$ results are kept. At its end a **gate** sees these $R$ results (short-term memory)
# and the results of all blocks before (long-term memory), and mixes them with learned weights into the output
# of the block. The picture below shows what each of the six gates sees.

# %% mystnb={"figure": {"caption": "What each gate of M6R6 sees, in groups of 64 maps: earlier blocks (B, long-term memory) and the recursions of its own block (H, short-term memory). The gates grow; the blocks don't.", "name": "fig-memnet-gates"}, "image": {"alt": "A table of six rows, one for each memory block, and twelve columns. The six columns H1 to H6 are filled in every row. The columns B0 to B5 form a staircase: block 1 sees B0 only, block 6 sees all six."}}
M, R = 6, 6
sees = np.zeros((M, M + R))
for m in range(M):
    sees[m, : m + 1], sees[m, M:] = 1, 2
fig, ax = plt.subplots(figsize=(7, 2.8))
ax.imshow(np.where(sees, sees, np.nan), cmap="cividis", aspect="auto", vmin=0, vmax=3)
labels = [f"B{m}" for m in range(M)] + [f"H{r}" for r in range(1, R + 1)]
ax.set_xticks(range(M + R), labels)
ax.set_yticks(range(M), [f"block {m}" for m in range(1, M + 1)])
ax.grid(False)
print("maps at the six gates:", [int((row > 0).sum()) * 64 for row in sees])

# %% [markdown]
# ## The equations, and the lines that compute them
#
# Every layer normalises first, then rectifies, then convolves. Call that $\tau$ and $W$: batch normalisation
# with ReLU, and a convolution. One recursion is
#
# $$H^{r} = H^{r-1} + W^{b}\,\tau\big(W^{a}\,\tau(H^{r-1})\big),\qquad H^0 = B_{m-1},\quad r=1\dots R .$$
#
# $W^a$ and $W^b$ carry no index $r$: all recursions of a block share them. The two batch normalisations are
# *not* shared. The paper does not mention it; the authors' released code has a pair for each recursion. A
# section below shows why that matters.

# %%
def activated(inputs, outputs, kernel=3):
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), convolution)


def two(layer):
    return nn.ModuleList(layer() for _ in range(2))

# %%
class RecursiveUnit(nn.Module):
    def __init__(self, width, recursions):
        super().__init__()
        self.convs = nn.ModuleList([two(lambda: nn.Conv2d(width, width, 3, padding=1))])
        self.norms = nn.ModuleList(two(lambda: nn.BatchNorm2d(width)) for _ in range(recursions))

    def forward(self, h):
        kept = []
        first, second = self.convs[0]
        for norm, next_norm in self.norms:
            h = h + second(torch.relu(next_norm(first(torch.relu(norm(h))))))
            kept.append(h)
        return kept

# %% [markdown]
# The gate is a 1×1 convolution over everything that is remembered:
#
# $$B_m = W^{g}\,\tau\big([\,B_0,\dots,B_{m-1},\;H^1,\dots,H^R\,]\big).$$
#
# It has one weight for every pair of maps, the same at all pixels. That is its whole decision: how much of
# each map goes into each map of the result.

# %%
class MemoryBlock(nn.Module):
    def __init__(self, number, width, recursions):
        super().__init__()
        self.unit = RecursiveUnit(width, recursions)
        self.gate = nn.ModuleDict({"weigh": activated((number + recursions) * width, width, 1)})

    def forward(self, *memory):
        short = self.unit(memory[-1])
        return self.gate["weigh"](torch.cat([*memory, *short], 1))

# %% [markdown]
# ## The network
#
# A first layer, $M$ blocks, and a last layer whose result is added to the input, as in VDSR. MemNet
# reconstructs a picture after *every* block, always with the same last layer, and adds these $M$ predictions
# with learned weights:
#
# $$y_m = x + W^{rec}\,\tau(B_m),\qquad y=\sum_m w_m\,y_m .$$

# %%
class Memory(nn.Module):
    def __init__(self, blocks, recursions, width):
        super().__init__()
        self.extract = activated(1, width)
        numbers = range(1, blocks + 1)
        self.blocks = nn.ModuleList(MemoryBlock(m, width, recursions) for m in numbers)

    def remember(self, x):
        memory = [self.extract(x)]
        for block in self.blocks:
            memory.append(block(*memory))
        return memory

# %%
class MemNet(Memory):
    def __init__(self, blocks=6, recursions=6, width=64):
        super().__init__(blocks, recursions, width)
        self.output_norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(blocks))
        self.reconstruct = nn.Conv2d(width, 1, 3, padding=1)
        self.output_weight = nn.Parameter(torch.full((blocks,), 1 / blocks))

    def forward(self, x):
        outputs = zip(self.output_norms, self.remember(x)[1:], strict=True)
        predictions = [x + self.reconstruct(torch.relu(norm(b))) for norm, b in outputs]
        return sum(w * y for w, y in zip(self.output_weight, predictions, strict=True))

# %% [markdown]
# It is the library's network: the same names and shapes, and the same output from the same weights.

# %%
mine, theirs = MemNet().eval(), restorelib.build("memnet").eval()
shapes = [{k: v.shape for k, v in n.state_dict().items()} for n in (mine, theirs)]
mine.load_state_dict(theirs.state_dict())
z = torch.rand(1, 1, 40, 50)
with torch.no_grad():
    ours, librarys = mine(z), theirs(z)

print("same names and shapes:", shapes[0] == shapes[1])
print("same output:", torch.allclose(ours, librarys, rtol=1e-4))
print(
    f"{2 + 6 * (2 * 6 + 1)} layers; an output pixel sees a square of {2 * theirs.reach + 1} pixels"
)

# %% [markdown]
# ### Where the weights are (the upper half of Table 2)
#
# Guess before you run the cell: which part of MemNet holds most of its weights, the recursions or the gates?
# And how many weights would it have if recursions shared nothing?

# %%
def weights_of(network):
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return sum(m.weight.numel() for m in network.modules() if isinstance(m, kinds))


parts = {
    "recursions": sum(weights_of(block.unit) for block in theirs.blocks),
    "gates": sum(weights_of(block.gate) for block in theirs.blocks),
    "first and last layer": weights_of(theirs.extract) + weights_of(theirs.reconstruct),
    "all of it": weights_of(theirs),
    "if recursions shared nothing": weights_of(restorelib.build("memnet", shared=False)),
}
for part, count in parts.items():
    print(f"{part:30} {count:>9,}")

# %% [markdown]
# The 36 recursions, 72 layers of 3×3, cost 442 thousand weights, because there are only twelve different
# layers among them. The six gates cost another third of the whole although they are 1×1, because they see up
# to 768 maps. The table sets these counts beside those the paper prints.

# %% tags=["nbval-check-output"]
built = {
    "VDSR": restorelib.build("vdsr"),
    "DRCN": restorelib.build("drcn"),
    "RED": restorelib.build("rednet", width=128),
    "MemNet_M-291": theirs,
}
printed = TABLES["memnet/2"].cells
rows = []
for name, network in built.items():
    depth, parameters = printed["depth", name], printed["parameters", name]
    score = tables.show(printed["PSNR", name])
    rows.append((name, depth, parameters, f"{weights_of(network):,}", score))
header = ("network", "layers", "paper: parameters", "ours: weights", "paper: PSNR")
tables.Grid("Sizes, and PSNR on Set5 ×3", header, rows, tables.notes("memnet/2"))

# %% [markdown]
# ## Supervision at every block
#
# All $M+1$ pictures enter the loss. With a share $\alpha$ for the final one,
#
# $$L = \alpha\,\ell(y) + \frac{1-\alpha}{M}\sum_{m=1}^{M}\ell(y_m),\qquad \alpha=\frac1{M+1},$$
#
# which is a long way to say that each of the seven counts the same. The recipe's field `alpha` is this share,
# and `network(x, every=True)` gives all predictions. By hand, on a random batch:

# %%
x2, y2 = torch.rand(2, 2, 1, 31, 31)
recipe = recipes.find("memnet", "quick")
network = restorelib.build("memnet", **recipe.options).eval()
with torch.no_grad():
    losses = [nn.functional.l1_loss(p, y2).item() for p in network(x2, every=True)]
    library = loss_of(recipe, network, x2, y2).item()
print(f"mean over {len(losses)} predictions: {np.mean(losses):.6f}, the library's: {library:.6f}")

# %% [markdown]
# The weights $w_m$ start at $1/M$ here. In the released code they start at 1, so that their sum is 6: before
# the first update the final prediction is six times too bright.
#
# ## What it costs in memory
#
# Training keeps the inputs of nearly every layer until the gradients have been computed. How much is that for
# eighty layers at full resolution? torch can be asked what it keeps. The network's option `checkpoint` keeps
# only the inputs of blocks, and computes each block a second time when its gradients are due.

# %%
def kept_mib(**options):
    network, kept = restorelib.build("memnet", **options), {}
    weights = {p.data_ptr() for p in network.parameters()}

    def note(tensor):
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = network(torch.rand(1, 1, 31, 31))
    del result
    return sum(kept.values()) / 2**20

# %%
for label, size in {"M6R6": {}, "M10R10": {"blocks": 10, "recursions": 10}}.items():
    plain, fewer = kept_mib(**size), kept_mib(**size, checkpoint=True)
    batch = 64 / 1024  # GiB for the paper's batch
    print(f"{label}: {plain * batch:.1f} GiB a batch; with checkpoint {fewer * batch:.1f} GiB")

# %% [markdown]
# (A block that is computed again needs its own values once more, for M6R6 0.7 GiB.) There is a catch that has
# bitten many: a second computation in training mode updates the running statistics of batch normalisation a
# second time. The library's `recomputed` puts them to rest meanwhile, and a test proves that losses, weights
# and statistics are those of a plain training.
#
# ## Training
#
# The paper trains on patches of 31×31, with SGD at a rate of 0.1, a tenth of it every 20 epochs, and with the
# adjustable clipping of VDSR; the released code clips the norm of *all* gradients at $0.01/\gamma$. On 91
# images that took five days on a Tesla P40. These are the sizes of the library:

# %%
paper, quick = (recipes.find("memnet", size) for size in ("paper", "quick"))
for name, value in paper.as_dict().items():
    if value != quick.as_dict()[name]:
        print(f"{name:12} paper: {value!s:34} quick: {quick.as_dict()[name]}")

# %% [markdown]
# The next cell trains when you set `RESTORELIB_PROFILE` to `quick` before starting the kernel. Without it, it
# takes the run that ships with the book.

# %%
run = runs.train_or_shipped("memnet")
record = runs.record(run)
print(tables.cost(run))

# %% mystnb={"figure": {"caption": "PSNR on the centres of four photographs (mean over scales) while the run trained.", "name": "fig-memnet-training"}, "image": {"alt": "Validation PSNR over minutes of training. RESULT-TODO: say its shape."}}
fig, ax = plt.subplots()
_, minutes, decibels = np.array(record["validation"]).T
ax.plot(minutes, decibels, marker=".")
ax.set(xlabel="minutes", ylabel="PSNR in dB");

# %% [markdown]
# ## The result
#
# After every block there is a picture. On the photograph from the start of the chapter, enlarged by three:

# %%
memnet = restorelib.load(run)
x = damaged["bicubic ×3"]
with torch.no_grad():
    *early, final = memnet(x, every=True)
shown = {"bicubic": x} | {f"y{m}": p for m, p in enumerate(early, 1)} | {"y": final, "clean": y}
labels = {k: k if k == "clean" else f"{k}: {psnr(v, y):.2f} dB" for k, v in shown.items()}
figures.Slider(
    {labels[k]: images.to_image(v.clamp(0, 1)) for k, v in shown.items()},
    control="prediction",
    alt="An astronaut's face and collar, in grey",
    caption="The prediction of each block, and their weighted sum y. "
    "RESULT-TODO: what changes from y1 to the last, and whether y is ahead of all of them.",
)

# %% [markdown]
# Are the predictions a staircase? And what weights did the outputs learn?

# %% mystnb={"figure": {"caption": "Left: PSNR of each prediction of the picture above. Right: the learned weights; the dashed line is where they started.", "name": "fig-memnet-outputs"}, "image": {"alt": "Two bar charts with one bar for each block. RESULT-TODO: say which bars are high."}}
weights = memnet.output_weight.detach().numpy()
numbers = np.arange(1, len(weights) + 1)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.bar(numbers, [psnr(p, y) for p in early])
left.axhline(psnr(final, y), ls="--", label="their weighted sum")
left.set(xlabel="block", ylabel="PSNR in dB", ylim=(psnr(x, y) - 0.5, None))
left.legend(loc="lower right")
right.bar(numbers, weights)
right.axhline(1 / len(weights), ls="--")
right.set(xlabel="block", ylabel="weight")
print(f"the weights sum to {weights.sum():.3f}")

# %% [markdown]
# RESULT-TODO: whether early predictions get small or negative weights, and that their sum stays near one (the
# pictures they weigh all carry the same brightness).
#
# ### One design, three tasks
#
# The same network, trained three times: once for each task, each time for all levels.

# %%
task_runs = {"bicubic ×3": run, "noise, σ 50": "memnet-noise", "JPEG, quality 10": "memnet-jpeg"}
frames = {}
for task, name in task_runs.items():
    restored = restore(restorelib.load(name), damaged[task])
    for label, z in {"damaged": damaged[task], "restored": restored}.items():
        frames[f"{task}, {label}: {psnr(z, y):.2f} dB"] = images.to_image(z.clamp(0, 1))
figures.Slider(
    frames | {"clean": images.to_image(y)},
    control="picture",
    alt="An astronaut's face and collar, in grey",
    caption="RESULT-TODO: what each network brings back, and what none does.",
)

# %% [markdown]
# ### The benchmarks (the paper's Tables 3 to 5)
#
# Super-resolution first. One network for three scales, in the paper as here.

# %% tags=["nbval-check-output"]
sets = ("Set5", "Set14", "BSD100")
sr = tables.benchmark("memnet/4", "MemNet", run, {"VDSR, ours": "vdsr-reduced"}, sets)
sr

# %%
def level_table(table, run, sign, ours_of):
    """Paper, ours, difference; for sets that cannot be had, with ours on the one given."""
    rows = []
    for (name, level, method), paper in TABLES[table].cells.items():
        if method == "MemNet" and name in ours_of:
            ours = tables.score_of(run, ours_of[name], level)
            line = (tables.show(paper), tables.show(ours), tables.difference(ours, paper))
            rows.append((f"{name}, {sign} {level}", *line))
    header = ("set", "paper: MemNet", "ours", "difference")
    return tables.Grid(TABLES[table].title, header, rows, tables.notes(table, run))

# %% tags=["nbval-check-output"]
other_pictures = {"14-images": "Set12", "BSD200": "BSD200-half"}
level_table("memnet/3", runs.folder_of("memnet-noise").name, "σ", other_pictures)

# %% tags=["nbval-check-output"]
same = {"classic5": "classic5", "LIVE1": "LIVE1"}
level_table("memnet/5", runs.folder_of("memnet-jpeg").name, "quality", same)

# %% [markdown]
# RESULT-TODO: where ours stand against the paper and against what the small networks of the other chapters
# reach, in one paragraph.
#
# ## Questions
#
# The paper's differences are small: 0.03 to 0.14 dB. One training proves nothing there, so every variant below
# was trained three times, with other starting weights and other patches, and compared seed by seed with the
# full network of the same seed. A table gives the mean of the three differences, the least and the greatest,
# and says "undecided" unless a t-test finds the mean unlikely to be chance (p below 0.05; with three seeds that
# takes a mean of 2.5 times their standard deviation). Our networks have four blocks of three recursions with 16
# channels. **Write down your guess before you look.**

# %%
SEEDS = (0, 1, 2)


def scores(variant, scale):
    names = [f"memnet-{variant}-seed{seed}-quick" for seed in SEEDS]
    return np.array([tables.score_of(name, "Set5", scale)[0] for name in names])


def gaps(variant, scale, against="full"):
    each = scores(variant, scale) - scores(against, scale)
    word = "" if ttest_1samp(each, 0).pvalue < 0.05 else " undecided"
    return f"{each.mean():+.2f} ({each.min():+.2f} to {each.max():+.2f}){word}"

# %%
def compared(caption, variants, against="full", notes=()):
    """The differences of some variants to another, one line each."""
    rows = [(label, *(gaps(v, s, against) for s in (2, 3, 4))) for label, v in variants.items()]
    names = [f"memnet-{against}-seed{seed}-quick" for seed in SEEDS]
    base = [tables.spread(names, "Set5", scale) for scale in (2, 3, 4)]
    first = (f"{against}: mean ± half the range", *base)
    cost = f"Ours: three seeds each; one of them: {tables.cost(names[0])}."
    header = ("network", "×2, dB", "×3, dB", "×4, dB")
    return tables.Grid(caption, header, [first, *rows], [*notes, cost])

# %% [markdown]
# ### Which memory matters more? (Table 1)
#
# *NL* cuts the links from earlier blocks; *NS* lets the gate see the last recursion only. The depth stays. In
# the paper both lose, and losing the long-term memory costs more. Guess: what do you expect in a network of
# four blocks instead of six?

# %% tags=["nbval-check-output"]
cells = TABLES["memnet/1"].cells
paper_gaps = [
    " ".join(f"{cells[s, name].psnr - cells[s, 'MemNet'].psnr:+.2f}†" for s in (2, 3, 4))
    for name in ("MemNet_NL", "MemNet_NS")
]
compared(
    "Difference to the full network on Set5",
    {"no long-term memory (NL)": "no-long", "no short-term memory (NS)": "no-short"},
    notes=[f"Paper: NL {paper_gaps[0]}, NS {paper_gaps[1]}.", *tables.notes("memnet/1")],
)

# %% [markdown]
# RESULT-TODO: whether NL < NS < full survives, at which scales, and where it is undecided. (The three networks
# do not have the same number of weights: a gate that sees less is smaller.)
#
# ### Does it need a gate at all?
#
# Replace the learned mixture by the plain mean of all memories, or by the gate of Highway networks
# (Srivastava et al., 2015): at every pixel a share of the block's last state and the rest of its input. The
# paper argues for one weight a map: fewer parameters, less to overfit. And DenseNet (Huang et al., 2017) links
# everything *within* a block and nothing across: our dense variant has twelve, here six, small layers a block.

# %% tags=["nbval-check-output"]
compared(
    "Difference to the memory gate on Set5",
    {"plain mean": "mean", "highway gate": "highway", "dense within blocks": "dense"},
)

# %% [markdown]
# RESULT-TODO: which of them loses, by how much, and the counts of weights they have.
#
# And DRCN, the paper's ancestor: one layer, eight recursions, a picture after each.

# %% tags=["nbval-check-output"]
drcn = [f"drcn-seed{seed}-quick" for seed in SEEDS]
full = [f"memnet-full-seed{seed}-quick" for seed in SEEDS]
rows = []
for label, names in {"DRCN, 8 recursions": drcn, "MemNet M4R3": full}.items():
    parameters = f"{runs.record(names[0])['parameters']:,}"
    rows.append((label, parameters, *(tables.spread(names, "Set5", s) for s in (2, 3, 4))))
header = ("network", "parameters", "×2", "×3", "×4")
note = f"Ours: {tables.cost(drcn[0])}."
tables.Grid("Set5, mean of three seeds ± half the range", header, rows, [note])

# %% [markdown]
# RESULT-TODO: who is ahead at about the same number of updates, and that sizes differ.
#
# ### Does it help to supervise every block?
#
# *Final only*: the same network, all of the loss on $y$. *Basic*: no intermediate pictures at all; the last
# block is reconstructed. *From 1*: the weights start at 1, as in the released code. The paper has 33.98† dB for
# the supervised network and 33.92† for the basic one (91 images, ×3).

# %% tags=["nbval-check-output"]
compared(
    "Difference to equal shares for all predictions on Set5",
    {"final only": "final-loss", "basic": "basic", "weights from 1": "outputs-from-1"},
    notes=tables.notes("memnet/2"),
)

# %% mystnb={"figure": {"caption": "Learned weights of the outputs: with all predictions in the loss, with the final one only, and from a start at 1. Dots are seeds.", "name": "fig-memnet-weights"}, "image": {"alt": "Weights of four outputs for three trainings. RESULT-TODO: say how they differ."}}
fig, ax = plt.subplots(figsize=(7, 3))
for i, variant in enumerate(("full", "final-loss", "outputs-from-1")):
    for seed in SEEDS:
        network = restorelib.load(f"memnet-{variant}-seed{seed}-quick")
        learned = network.output_weight.detach().numpy()
        at = np.arange(1, len(learned) + 1) + 0.2 * (i - 1)
        look = {"color": figures.COLOURS[i], "label": None if seed else variant}
        ax.plot(at, learned, "osD"[i], **look)
ax.axhline(0, color="0.5", lw=0.8, ls="-")
ax.set(xlabel="block", ylabel="learned weight", xticks=range(1, len(learned) + 1))
ax.legend();

# %% [markdown]
# RESULT-TODO: whether the last output dominates, whether early ones go negative (a difference of predictions
# sharpens), and whether those from 1 find back to a sum of one.
#
# ### Deeper? (Table 6)
#
# More blocks or more recursions: the second costs weights only in the gates.

# %% tags=["nbval-check-output"]
depths = {"M2R3": "shallow", "M4R3": "full", "M4R4": "longer", "M6R3": "deep"}
line = TABLES["memnet/6"].cells.items()
rows = []
for label, variant in depths.items():
    trained = [f"memnet-{variant}-seed{seed}-quick" for seed in SEEDS]
    options = runs.record(trained[0])["recipe"]["options"]
    layers = 2 + options["blocks"] * (2 * options["recursions"] + 1)
    rows.append((label, f"{layers}", *(tables.spread(trained, "Set5", s) for s in (2, 3, 4))))
said = ", ".join(f"{name} {tables.show(cell)}" for (_, name), cell in line)
notes = [f"In the paper, ×3: {said} dB.", *tables.notes("memnet/6", trained[0])]
tables.Grid("Depth, Set5, three seeds", ("network", "layers", "×2", "×3", "×4"), rows, notes)

# %% [markdown]
# RESULT-TODO: whether PSNR rises with depth at the same number of updates; the deeper ones took longer.
#
# ### Share the convolutions?
#
# With a pair of layers for every recursion the network has more than twice the weights. Is it better?

# %% tags=["nbval-check-output"]
sizes = [runs.record(f"memnet-{v}-seed0-quick")["parameters"] for v in ("full", "not-shared")]
compared(
    "Difference to shared convolutions on Set5",
    {"own convolutions for every recursion": "not-shared"},
    notes=[f"Parameters: {sizes[0]:,} shared, {sizes[1]:,} not."],
)

# %% [markdown]
# RESULT-TODO: what twice the weights buy.
#
# ## A trap: batch statistics that fit no recursion
#
# The obvious way to write a recursion in PyTorch is to call one module, normalisation included, $R$ times. It
# trains without complaint: in training, every call normalises with the statistics of its own batch. But the
# running statistics, which take over in evaluation, are then the average over all recursions. The state
# grows from recursion to recursion, so the average fits none of them. In the full network:

# %% mystnb={"figure": {"caption": "The running variance of each recursion's first normalisation, mean over channels, one line a block. One number for all recursions would fit none.", "name": "fig-memnet-statistics"}, "image": {"alt": "Running variance against the recursion, one line for each block. RESULT-TODO: say how they rise."}}
fig, ax = plt.subplots(figsize=(7, 3))
for m, block in enumerate(restorelib.load("memnet-full-seed0-quick").blocks, 1):
    variance = [norm.running_var.mean().item() for norm, _ in block.unit.norms]
    ax.semilogy(range(1, len(variance) + 1), variance, marker="o", label=f"block {m}")
ax.set(xlabel="recursion", ylabel="running variance", xticks=range(1, len(variance) + 1))
ax.legend();

# %% [markdown]
# So take both networks, trained alike, and measure them twice on the same patches: as in training, with the
# statistics of the batch, and as in evaluation, with the running ones. Which of the four numbers is the odd one?

# %%
def patch_psnr(name, mode):
    network = restorelib.load(name).train(mode == "batch")
    pictures = list(images.load_set("bundled_train").values())
    degraded, clean = Patches(pictures, (Bicubic(3),), size=31, batch=64, seed=7).batch(0)
    with torch.no_grad():
        return psnr(network(degraded), clean)

# %%
rows = []
for label, variant in {
    "a pair for each recursion": "full",
    "one pair for all": "shared-norms",
}.items():
    name = f"memnet-{variant}-seed0-quick"
    rows.append((label, *(f"{patch_psnr(name, mode):.2f}" for mode in ("batch", "running"))))
header = ("normalisation", "statistics of the batch", "running statistics")
tables.Grid("PSNR in dB on 64 training patches, ×3", header, rows)

# %% tags=["nbval-check-output"]
compared("Difference to separate statistics on Set5", {"one pair for all": "shared-norms"})

# %% [markdown]
# RESULT-TODO: how far evaluation falls below training with one pair for all, and that the training loss gives
# no hint of it.
#
# Statistics of the batch are no way out. They make the result for one picture depend on the pictures beside
# it, and that for a tile depend on the tile. With running statistics a picture and its tiles agree:

# %%
wide = images.to_tensor(photos["coffee"][:160, :200, 1])
tiled = restore(memnet, wide, tile=64)
print(f"evaluation: tiles and whole differ by {(restore(memnet, wide) - tiled).abs().max():.1e}")
with torch.no_grad():
    batch = restorelib.load(run).train()
    whole, corner = batch(wide)[..., :64, :64], batch(wide[..., :140, :140])[..., :64, :64]
print(f"statistics of the batch: {(whole - corner).abs().max():.1e}")

# %% [markdown]
# ## Look inside: what gates remember (Figure 5)
#
# The weight of an input map at a gate is the norm of its 64 (here fewer) outgoing weights,
# $v_i=\sqrt{\sum_j w_{ij}^2}$. The paper scales it to 0…1 and finds that the maps of the last recursion count
# most in every block, and that late blocks listen to earlier blocks more than to their own first recursions.

# %%
def gate_norms(network):
    """Rows: blocks. Columns: B0, B1, ..., then H1, ..., HR. The mean of v over the maps of each."""
    blocks, recursions = len(network.blocks), network.blocks[0].unit.recursions
    norms = np.full((blocks, blocks + recursions), np.nan)
    for m, block in enumerate(network.blocks):
        v = block.gate.weigh[2].weight.detach().square().sum((0, 2, 3)).sqrt()
        means = v.reshape(-1, network.extract[2].out_channels).mean(1).numpy()
        means = (means - means.min()) / (means.max() - means.min())
        norms[m, : m + 1], norms[m, blocks:] = means[: m + 1], means[m + 1 :]
    return norms

# %% mystnb={"figure": {"caption": "Norms of the gates' weights for three tasks: per block, from 0 (its least) to 1 (its most). White: not connected.", "name": "fig-memnet-norms"}, "image": {"alt": "Three heat maps, one for each task, with a row for each block and a column for each memory. RESULT-TODO: say which columns are dark."}}
fig, axes = plt.subplots(1, 3, figsize=(10, 2.8), sharey=True)
for ax, (task, name) in zip(axes, task_runs.items(), strict=True):
    norms = gate_norms(restorelib.load(name))
    blocks = len(norms)
    picture = ax.imshow(norms, cmap="viridis_r", vmin=0, vmax=1)
    sources = [f"B{m}" for m in range(blocks)]
    sources += [f"H{r}" for r in range(1, norms.shape[1] - blocks + 1)]
    ax.set_xticks(range(norms.shape[1]), sources, fontsize=7)
    ax.set_yticks(range(blocks), range(1, blocks + 1))
    ax.set(title=task.split(",")[0], xlabel="memory")
    ax.grid(False)
axes[0].set_ylabel("block")
fig.colorbar(picture, ax=axes);

# %% [markdown]
# RESULT-TODO: whether the last recursion is the darkest column in every block, whether rows get flatter, and
# whether tasks differ. A caution: a batch normalisation stands before each gate, and its scale multiplies these
# weights; the paper's norm leaves it out (exercise 3).
#
# ## Look inside: where the high frequencies go (Figure 4)
#
# The paper's explanation for the long-term links is that they carry fine detail around the blocks. It compares
# the power spectra of outputs with and without these links. Ours, for a middle output and the last:

# %%
def spectrum(picture):
    """Power by distance from the centre of the Fourier transform, averaged over directions."""
    values = picture[0, 0].numpy()
    power = np.abs(np.fft.fftshift(np.fft.fft2(values - values.mean()))) ** 2
    rows, columns = np.indices(values.shape)
    distance = np.hypot(rows - values.shape[0] // 2, columns - values.shape[1] // 2).astype(int)
    ring = np.bincount(distance.ravel(), power.ravel()) / np.bincount(distance.ravel())
    return ring[1 : min(values.shape) // 2]

# %% mystnb={"figure": {"caption": "Power of two predictions relative to that of the clean picture, with and without long-term links. 0 dB: as much as the truth.", "name": "fig-memnet-spectrum"}, "image": {"alt": "Curves of relative power over spatial frequency for two outputs of two networks and for bicubic. RESULT-TODO: say which curve is highest on the right."}}
fig, ax = plt.subplots()
truth = spectrum(y)
frequency = np.arange(1, len(truth) + 1) / (2 * len(truth) + 2)
ax.plot(frequency, 10 * np.log10(spectrum(x) / truth), label="bicubic")
for label, variant in {"full": "full", "no long-term": "no-long"}.items():
    with torch.no_grad():
        outputs = restorelib.load(f"memnet-{variant}-seed0-quick")(x, every=True)
    for m in (1, len(outputs) - 2):
        ax.plot(frequency, 10 * np.log10(spectrum(outputs[m]) / truth), label=f"{label}, y{m + 1}")
ax.set(xlabel="cycles per pixel", ylabel="power relative to the clean picture, dB", xlim=(0, 0.5))
ax.legend(fontsize=8);

# %% [markdown]
# RESULT-TODO: whether the full network has more power at high frequencies than NL, in the middle and at the
# end, and whether that beats the spread between seeds.
#
# ## What did not reproduce, and why
#
# - **The benchmark.** RESULT-TODO: how far below, and that the best public attempt we know of is 0.8 to 0.95 dB
#   below on Set5 as well.
# - **Text and code differ.** By the text the first unit is "a convolution"; in the code batch normalisation and
#   ReLU act on the input picture first. The text puts short-term memory first at the gate, the code last. By the
#   text the batch is 64 and all seven losses sum to one; in the code it is 32 and they sum to seven. Separate
#   normalisations are in the code alone. We follow the code where it decides what the network is.
# - **The length of training** is not in the paper. The code allows 20 million updates.
# - **Clipping.** As released, the code clips every gradient at a norm of 0.01; its README asks to change Caffe so
#   that the limit is 0.01 over the rate. Without that change the limit is the same at every rate.
# - **Noise.** As in the RED-Net chapter, Set12 stands in for the paper's 14 images, and the 200 Berkeley pictures
#   at half their size for its BSD200, whose size is not known.
# - **Numbers marked †** are quoted from memory; they agree with what later papers repeat.
#
# ## Try it
#
# With a running kernel, choose a picture, a damage and a level that the network was *not* trained for.

# %% mystnb={"figure": {"caption": "Damaged, restored, and the error of each, brightened four times.", "name": "fig-memnet-try"}, "image": {"alt": "A crop of a photograph, damaged and restored by MemNet, and the absolute errors of both."}}
def draw(picture, task, level):
    damage = {"bicubic": Bicubic, "noise": Noise, "JPEG": Jpeg}[task](level)
    name = {"bicubic": run, "noise": "memnet-noise", "JPEG": "memnet-jpeg"}[task]
    clean, degraded = pair(photos[picture][30:222, 120:312], damage)
    panels = {}
    for label, z in {task: degraded, "MemNet": restore(restorelib.load(name), degraded)}.items():
        panels[f"{label}: {psnr(z, clean):.2f} dB"] = images.to_image(z.clamp(0, 1))
        panels[f"error of {label}"] = images.to_image((4 * (z - clean).abs()).clamp(0, 1))
    figures.row(panels, height=2.2)
    plt.show()


choices = {"task": ("noise", "JPEG", "bicubic"), "level": (50, 30, 20, 10, 4, 3, 2)}
figures.explore(draw, picture=list(photos), **choices)

# %% [markdown]
# ## What to remember
#
# 1. Keep what was computed and let a 1×1 convolution choose: depth no longer means that early layers are heard
#    only through all later ones.
# 2. Recursion buys depth without weights, but each recursion needs batch statistics of its own.
# 3. When effects are smaller than the spread between seeds, one training shows nothing: repeat it, and say
#    "undecided" where it is.
#
# ## Exercises
#
# These questions are open. The chapter's [lab and homework](students.md) come with checks that tell whether an answer is
# right.
#
# 1. How many weights has the gate of block $m$ in M6R6? For which $M$ do the gates outweigh the recursions?
# 2. Cut one link at a time in a trained network: set the gate's weights for $B_0$ in the last block to zero and
#    score again. Which link costs most? Does the heat map predict it?
# 3. Multiply the norms of Figure 5 by the scale of the batch normalisation before the gate. Does the picture
#    change?
# 4. Train `memnet` with `shared_norms=True`, then run a few hundred batches in training mode at rate 0 before
#    evaluating. Does that help? Why not, or why?
# 5. Replace the running statistics by those of the picture under test. What do tiles do then?
# 6. With `output_weight` at 1, what is the first final loss of M6R6 that starts at its input? Compute it before
#    you run it.
#
# ## Further reading
#
# - J. Kim, J. K. Lee, K. M. Lee, *Deeply-recursive convolutional network for image super-resolution*, CVPR 2016.
# - R. K. Srivastava, K. Greff, J. Schmidhuber, *Highway networks*, 2015.
# - G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger, *Densely connected convolutional networks*, CVPR 2017.
# - S. Ioffe, C. Szegedy, *Batch normalization*, ICML 2015.
# - T. Chen, B. Xu, C. Zhang, C. Guestrin, *Training deep nets with sublinear memory cost*, 2016: checkpointing.
# - Y. Tai, J. Yang, X. Liu, *Image super-resolution via deep recursive residual network*, CVPR 2017: the step
#   before MemNet by the same authors.
