"""What a trained network does with its skips: some are cut, and pictures are restored with the same weights.

What that costs is measured apart for two kinds of pixels. The gradient of the clean picture, smoothed by a
Gaussian of one pixel, says which are which: below `FLAT` grey levels per pixel lie flat areas, above `EDGE`
edges. Errors are roots of mean squares, in grey levels.
"""

import copy
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from restorelib import output, runs
from restorelib.degrade import Degradation
from restorelib.evaluation import pair, restore
from restorelib.figures import html_image
from restorelib.images import to_image
from restorelib.metrics import psnr
from restorelib.networks.base import Restorer
from restorelib.sets import load_set
from restorelib.tables import Grid

FLAT, EDGE = 2.0, 12.0  # grey levels per pixel
WHITE = 40.0  # grey levels

Cut = tuple[int, ...]  # the layers whose skips are cut, in order


@dataclass(frozen=True)
class Cost:
    """What is left of a set with some skips cut: means over its pictures, every picture counting alike.

    Attributes:
        psnr: in dB.
        flat, edges: error in flat areas and at edges, in grey levels.
        noise: how much of the noise is left in flat areas; 0 is none, 1 all.
        detail: how much of the detail is kept at edges; detail is what a Gaussian of two pixels takes away.
    """

    psnr: float
    flat: float
    edges: float
    noise: float
    detail: float


def cuts_of(network: Restorer) -> list[Cut]:
    """Every choice of skips, from none to all: each by the layer that it leaves from."""
    starts = sorted(network.sources.values())
    return [cut for many in range(len(starts) + 1) for cut in combinations(starts, many)]


def without(network: Restorer, cut: Cut) -> Restorer:
    """The same network, with the same weights, that leaves out the skips from the layers `cut`."""
    less = copy.copy(network)
    less.sources = {end: start for end, start in network.sources.items() if start not in cut}
    return less


def kinds(clean: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels of (1, 1, H, W) in [0, 1] are flat, and which are edges; many are neither."""
    steepness = gaussian_gradient_magnitude(255 * clean[0, 0].double().numpy(), 1)
    return steepness < FLAT, steepness > EDGE


def measure(run: str, dataset: str, damage: Degradation) -> Path:
    """Score a run on a set with every choice of its skips cut; returns the file in `measured/`.

    A picture's noise is that of the benchmark: its seed is the picture's place in the set.
    """
    network, found = runs.load(run), {}
    for seed, image in enumerate(load_set(dataset).values()):
        clean, damaged = pair(image, damage, seed=seed)
        for cut in cuts_of(network):
            restored = restore(without(network, cut), damaged).double()
            found.setdefault(cut, []).append(cost_of(restored, clean, damaged))
    costs = [{"cut": cut, **vars(mean(rows))} for cut, rows in found.items()]
    content = {"run": run, "set": dataset, "flat": FLAT, "edge": EDGE, "costs": costs}
    _file(run).write_text(output.json_of(content) + "\n", encoding="utf-8")
    return _file(run)


def cost_of(restored: torch.Tensor, clean: torch.Tensor, damaged: torch.Tensor) -> Cost:
    """One picture's; all three are (1, 1, H, W) in [0, 1].

    In either kind of pixels the error is fitted by so much of the noise and so much of the detail, with least
    squares.
    """
    error, noise = ((x - clean)[0, 0].numpy() for x in (restored, damaged))
    detail = clean[0, 0].numpy() - gaussian_filter(clean[0, 0].numpy(), 2)
    squares, shares = [], []
    for these in kinds(clean):
        squares.append(255 * np.square(error[these]).mean() ** 0.5)
        parts = np.stack([noise[these], detail[these]], 1)
        shares.append(np.linalg.lstsq(parts, error[these], rcond=None)[0])
    return Cost(psnr(restored, clean), *map(float, squares), float(shares[0][0]), float(1 + shares[1][1]))


def mean(costs: Sequence[Cost]) -> Cost:
    """Of pictures; errors are averaged as squares."""
    power = {"flat": 2, "edges": 2}
    names = Cost.__dataclass_fields__
    values = {k: np.array([getattr(cost, k) for cost in costs]) ** power.get(k, 1) for k in names}
    return Cost(**{k: float(v.mean() ** (1 / power.get(k, 1))) for k, v in values.items()})


def views(
    network: Restorer, clean: torch.Tensor, damaged: torch.Tensor, window: tuple[slice, slice]
) -> dict[Cut, dict[str, np.ndarray]]:
    """What comes out of (1, 1, H, W) with every choice of skips cut, and where it is wrong: uint8 images.

    The error is smoothed by a Gaussian of 1.5 pixels; white is `WHITE` grey levels or more.
    """
    found = {}
    for cut in cuts_of(network):
        restored = restore(without(network, cut), damaged).double()
        error = gaussian_filter((restored - clean).abs()[0, 0].numpy(), 1.5)
        wrong = (255 * error / WHITE * 255).clip(0, 255).astype(np.uint8)
        found[cut] = {"restored": to_image(restored)[window], "error": wrong[window]}
    return found


def measured(run: str) -> dict[Cut, Cost]:
    """What `measure` found for a shipped run."""
    content = json.loads(_file(run).read_text(encoding="utf-8"))
    return {tuple(row.pop("cut")): Cost(**row) for row in content["costs"]}


def _file(run: str) -> Path:
    return runs.MEASURED / f"cuts-{run}.json"


# ---------------------------------------------------------------- on the page

_CSS = """<style>
.rl-cuts{--cut:#D55E00;margin:1em 0}
.rl-cuts>:is(svg,.rl-state,.rl-heard){max-width:34rem}
.rl-cuts svg{display:block;width:100%;height:auto;overflow:visible}
.rl-cuts svg text{font-size:15px;text-anchor:middle;fill:currentColor}
.rl-cuts svg rect{fill:currentColor;opacity:.45}
.rl-cuts svg path{fill:none;stroke:#0072B2;stroke-width:3}
html:is([data-theme=dark],[theme=dark]) .rl-cuts svg path{stroke:#56B4E9}
.rl-cuts svg .rl-whole{stroke:currentColor!important;stroke-width:1.3;opacity:.45}
.rl-cuts svg .rl-near{stroke:transparent!important;stroke-width:18;pointer-events:stroke;cursor:pointer}
.rl-cuts svg g.rl-gone path:not(.rl-near){stroke:var(--cut)!important;stroke-dasharray:3 9}
.rl-cuts fieldset{display:flex;flex-wrap:wrap;gap:.3em .6em;min-width:0;margin:.4em 0;padding:0;border:0}
.rl-cuts legend{float:none;width:auto;margin:0 0 .2em;padding:0;font:inherit;font-weight:600}
.rl-cuts label{display:flex;gap:.4em;align-items:center;margin:0;padding:.2em .7em;cursor:pointer;
border:1px solid currentColor;border-radius:1em}
.rl-cuts input{margin:0;accent-color:var(--cut)}
.rl-cuts .rl-heard{margin:.4em 0;font-weight:600;min-height:3.2em}
.rl-cuts .rl-state{display:none;gap:.5em}
.rl-cuts .rl-state.rl-on{display:flex}
.rl-cuts .rl-state span{flex:1;min-width:0}
.rl-cuts img{display:block;width:100%;height:auto;margin:0;image-rendering:pixelated}
.rl-cuts details{margin:.5em 0}
@media (scripting:none){.rl-cuts fieldset,.rl-cuts .rl-heard{display:none}}
@media print{.rl-cuts fieldset,.rl-cuts .rl-heard{display:none}}
</style>"""
# The boxes are the bits of a number, and a state is called by that number.
_TURN = (
    "const f=this.closest('figure'),on=n=>f.querySelectorAll(n);let k=0;"
    "on('input').forEach((e,i)=>{k|=e.checked<<i;on('g')[i].classList.toggle('rl-gone',e.checked)});"
    "on('.rl-state').forEach(e=>{const s=e.dataset.k==k;e.classList.toggle('rl-on',s);"
    "if(s)f.querySelector('.rl-heard').textContent=e.dataset.said})"
)
_CLICK = "this.closest('figure').querySelectorAll('input')[{}].click()"
_FOLD = "this.closest('figure').querySelector('details').open=false"


@dataclass(repr=False)
class Cuts:
    """A network whose skips a reader cuts, by a click on an arc or with boxes, and what comes out then.

    Without JavaScript it is the picture with all skips, and a table.

    Args:
        network: whose skips they are; it adds its input to its output.
        pictures: what is shown with some skips cut, for every choice: label -> uint8 image.
        costs: the numbers beside them, see `measured`.
        where: the set that the numbers belong to.
        alt: what the pictures show.
        caption: what to look for.
    """

    network: Restorer = field(repr=False)
    pictures: Mapping[Cut, Mapping[str, np.ndarray]]
    costs: Mapping[Cut, Cost]
    where: str
    alt: str
    caption: str

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.table!r}"

    @cached_property
    def skips(self) -> list[tuple[int, int]]:
        """From which layer to which, from the outermost."""
        return sorted((start, end) for end, start in self.network.sources.items())

    @property
    def table(self) -> Grid:
        """All that the figure can say."""
        rows = []
        for cut in self.pictures:
            cost = self.costs[cut]
            errors = f"{cost.psnr:.2f}", f"{cost.flat:.1f}", f"{cost.edges:.1f}"
            rows.append((self.name(cut), *errors, f"{cost.noise:.1%}", f"{cost.detail:.0%}"))
        title = f"{self.where}, with some skips cut; errors in grey levels"
        header = ("cut after layer", "PSNR in dB", "error, flat areas", "error, edges")
        return Grid(title, (*header, "noise left, flat areas", "detail kept, edges"), rows)

    def name(self, cut: Cut) -> str:
        """The layers that a cut is called by."""
        return " and ".join(map(str, cut)) or "none"

    def said(self, cut: Cut) -> str:
        """The numbers of one choice."""
        cost = self.costs[cut]
        what = f"Cut after layer {self.name(cut)}" if cut else "All skips"
        return (
            f"{what}. {self.where}: {cost.psnr:.2f} dB. "
            f"Flat areas: error {cost.flat:.1f}, {cost.noise:.1%} of the noise left. "
            f"Edges: error {cost.edges:.1f}, {cost.detail:.0%} of the detail kept."
        )

    def svg(self) -> str:
        """The layers as bars in a row, and an arc for every skip."""
        depth, step, base = len(self.network.layers), 22, 118
        bars = "".join(
            f"<rect x='{step * i + 5}' y='{base}' width='12' height='26' rx='2'/>"
            for i in range(1, depth + 1)
        )

        def arc(start: float, end: float) -> str:
            left, right = step * (start + 0.5) + 11, step * (end + 0.5) + 11
            high = base - 6 - (right - left) / (step * depth) * 116
            return f"M{left} {base - 6}C{left} {high:.0f} {right} {high:.0f} {right} {base - 6}"

        drawn = f"<path class='rl-whole' d='{arc(0, depth)}'/>"
        for i, (start, end) in enumerate(self.skips):
            path = arc(start, end)
            drawn += (
                f"<g onclick='{html.escape(_CLICK.format(i))}'><path d='{path}'/>"
                f"<path class='rl-near' d='{path}'/></g>"
            )
            bars += "".join(f"<text x='{step * n + 11}' y='{base + 44}'>{n}</text>" for n in (start, end))
        # Bars and arcs say nothing that the boxes and the table do not.
        return f"<svg viewBox='0 0 {step * (depth + 1) + 22} 168' aria-hidden='true'>{bars}{drawn}</svg>"

    def _repr_html_(self) -> str:
        boxes, states = "", ""
        for start, end in self.skips:
            boxes += (
                f'<label><input type="checkbox" autocomplete="off" oninput="{_TURN}">{start} → {end}</label>'
            )
        for cut, pictures in self.pictures.items():
            number = sum(1 << i for i, (start, _) in enumerate(self.skips) if start in cut)
            shown = ""
            for label, image in pictures.items():
                event = f' onload="{_FOLD}"' if not states and not shown else ""
                alt = f"{self.alt}, {label}, cut after layer: {self.name(cut)}"
                picture = html_image(image, alt, 1, event, "WEBP", quality=80, method=6)
                shown += f"<span>{html.escape(label)}{picture}</span>"
            states += (
                f'<div class="rl-state{"" if cut else " rl-on"}" data-k="{number}" '
                f'data-said="{html.escape(self.said(cut))}">{shown}</div>'
            )
        return (
            f'{_CSS}<figure class="rl-cuts">{self.svg()}<fieldset><legend>Cut the skip from layer → to '
            f'layer</legend>{boxes}</fieldset><p class="rl-heard" aria-live="polite">'
            f"{html.escape(self.said(()))}</p>{states}<details open><summary>All as a table</summary>"
            f"{self.table._repr_html_()}</details>"
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )
