"""Pictures for the page: one plot style, rows of pictures, and comparisons a reader can play with.

The interactive ones are plain HTML with their pictures inside: they work in a static page, offline, by
keyboard, and show all their pictures when JavaScript is off.
"""

import base64
import html
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from PIL import Image

from restorelib import runs

# Okabe and Ito's colours, distinct to colour-blind readers; the line styles make them distinct in print too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
# A colour a paper, on the page's light ground; book/_static/tokens.css has them for CSS, and the dark ones.
PAPERS = {
    "vdsr": "#0069a8",
    "rednet": "#b94700",
    "edsr": "#007a5a",
    "memnet": "#9a3f7c",
    "mtrnn": "#8a6200",
}
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.figsize": (7, 3.5),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "image.cmap": "gray",
    "image.interpolation": "nearest",
}


def use_style() -> None:
    """Make matplotlib draw as the whole book does."""
    plt.rcParams.update(STYLE)


def crop(image: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """The square window of an image that begins at (top, left)."""
    return image[top : top + side, left : left + side]


def row(pictures: Mapping[str, np.ndarray], height: float = 2.6, **imshow) -> plt.Figure:
    """Pictures side by side under their labels; grey ones span 0..255 unless `imshow` says otherwise."""
    widths = [image.shape[1] / image.shape[0] for image in pictures.values()]
    options = {"vmin": 0, "vmax": 255} | imshow
    figure, axes = plt.subplots(
        1, len(pictures), figsize=(height * sum(widths), height + 0.3), width_ratios=widths, squeeze=False
    )
    for axis, (label, image) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(image, **options)
        axis.set_title(label, fontsize=9)
        axis.axis("off")
    return figure


def pixels(figure: plt.Figure) -> np.ndarray:
    """A drawn figure as a uint8 image, for instance as a frame of `Slider`; the figure is closed."""
    figure.canvas.draw()
    drawn = np.array(figure.canvas.buffer_rgba())[..., :3]
    plt.close(figure)
    return drawn


def curves(axis: plt.Axes, groups: Mapping[str, Sequence[str]], field: str = "validation", **look) -> None:
    """Curves of a record over updates, one a run; the runs of a group look alike and share its label.

    Args:
        axis: where to draw.
        groups: label -> runs, for instance the seeds of one recipe.
        field: "validation" for PSNR in dB, "loss" for the training loss.
        look: further settings of every line.
    """
    for label, (colour, line) in zip(groups, cycle(zip(COLOURS, LINES, strict=True)), strict=False):
        for i, run in enumerate(groups[label]):
            values = getattr(runs.record(run), field)
            updates, heights = [v[0] for v in values], [v[-1] for v in values]
            axis.plot(updates, heights, **{"c": colour, "ls": line, "label": "" if i else label, **look})
    axis.set(xlabel="updates", ylabel={"validation": "PSNR in dB", "loss": "training loss"}[field])
    axis.legend(fontsize=8)


def seeds(
    axis: plt.Axes,
    effects: Mapping[str, Sequence[float]],
    shades: Mapping[str, str],
    printed: Mapping[str, float] | None = None,
) -> None:
    """Effects as rows from below: a disc for each seed, a bar from the least to the most, a line at zero.

    Args:
        axis: where to draw.
        effects: label -> the effect in dB, one for each seed (as `tables.gaps` gives them).
        shades: label -> colour.
        printed: label -> the effect in dB that the paper prints, drawn as a ring; None: no rings.
    """
    for height, (label, values) in enumerate(effects.items()):
        axis.plot([min(values), max(values)], [height] * 2, color=shades[label], ls="-", lw=3, alpha=0.3)
        axis.plot(values, [height] * len(values), "o", color=shades[label], ms=4)
        if printed and label in printed:
            axis.plot(printed[label], height, "o", color=shades[label], mfc="none", ms=9)
    axis.axvline(0, color="0.5", ls="--")
    axis.set_yticks(range(len(effects)), effects)
    axis.set(xlabel="gain in dB", ylim=(-0.5, len(effects) - 0.5))


def chains(columns: Mapping[str, Sequence[str]], width: float = 1.8) -> plt.Figure:
    """Networks as columns of boxes, first layer on top; a shortcut leads from the start to each "+"."""
    tallest = max(map(len, columns.values()))
    figure, axis = plt.subplots(figsize=(width * len(columns), 0.42 * (tallest + 2)))
    for x, (name, parts) in enumerate(columns.items()):
        axis.text(x, 1, name, ha="center", weight="bold", fontsize=9)
        axis.plot([x, x], [0.7, -len(parts) + 0.2], "-", color="0.5", zorder=0)
        for i, part in enumerate(parts):
            box = {"boxstyle": "circle" if part == "+" else "round", "fc": "white", "ec": COLOURS[0]}
            axis.text(x, -i, part, ha="center", va="center", fontsize=8, bbox=box)
            if part == "+":
                bend = [(x, 0.6), (x + 0.42, 0.6), (x + 0.42, -i), (x + 0.1, -i)]
                axis.plot(*zip(*bend, strict=True), "-", color=COLOURS[1])
    axis.set(xlim=(-0.6, len(columns) - 0.4), ylim=(-tallest, 1.5))
    axis.axis("off")
    return figure


def explore(draw: Callable, **choices: Sequence) -> None:
    """Let a reader with a live kernel choose the arguments of `draw`; draw the first ones where none is live.

    Pages are built with RESTORELIB_STATIC=1, because a widget without a kernel does nothing.
    """
    if os.environ.get("RESTORELIB_STATIC"):
        draw(**{name: values[0] for name, values in choices.items()})
        return
    import ipywidgets

    ipywidgets.interact(draw, **{name: list(values) for name, values in choices.items()})


# ---------------------------------------------------------------- interactive, without a kernel

# Without JavaScript, and on paper, all pictures stand in a row: the first one's onload makes a figure live.
_CSS = """<style>
.rl-slider,.rl-compare{margin:1em 0;max-width:100%}
.rl-slider img,.rl-compare img{image-rendering:pixelated;max-width:100%;height:auto;display:block;margin:0}
.rl-frames,.rl-pair{display:flex;flex-wrap:wrap;gap:.5em}
.rl-pair{flex-wrap:nowrap}
.rl-pair,.rl-compare label{width:calc(2*var(--rl-width) + .5em);max-width:100%}
.rl-pair img{flex:1;min-width:0}
.rl-label{display:block;font-weight:600;margin:.2em 0}
.rl-slider label,.rl-compare input,.rl-border{display:none}
.rl-slider label,.rl-compare label{flex-wrap:wrap;gap:.1em .8em;margin:.4em 0}
.rl-compare label{display:flex;justify-content:space-around}
.rl-slider input,.rl-compare input{flex:1 0 100%;width:100%;min-width:0;margin:.2em 0;accent-color:#0072B2}
@media screen{
.rl-live .rl-frame{display:none}
.rl-live .rl-frame.rl-on,.rl-live input,.rl-live .rl-border{display:block}
.rl-live label{display:flex;justify-content:space-between}
.rl-live label,.rl-live .rl-pair{width:var(--rl-width);max-width:100%}
.rl-live .rl-pair{display:block;position:relative;cursor:ew-resize;touch-action:pan-y;user-select:none}
.rl-live .rl-top{position:absolute;inset:0;clip-path:inset(0 calc(100% - var(--rl-at)) 0 0)}
.rl-border{position:absolute;inset-block:0;left:var(--rl-at);width:2px;margin-left:-1px;background:#fff}
.rl-border,.rl-border::after{box-shadow:0 0 0 1px #000a;pointer-events:none}
.rl-border::after{content:"\\2039\\2009\\203a";position:absolute;top:50%;left:50%;width:2rem;height:2rem;
transform:translate(-50%,-50%);border-radius:50%;background:#fff;color:#000;
font:700 1.3rem/1.75rem sans-serif;text-align:center}
.rl-pair:hover .rl-border::after,.rl-compare:focus-within .rl-border::after{background:#0072B2;color:#fff}
}
</style>"""
_START = "this.closest('figure').classList.add('rl-live')"
_MOVE = (
    "const f=this.closest('.rl-slider');"
    "f.querySelectorAll('.rl-frame').forEach((e,i)=>e.classList.toggle('rl-on',i==this.value));"
    "this.setAttribute('aria-valuetext',f.querySelector('.rl-on .rl-label').textContent)"
)
_SPLIT = "this.closest('figure').style.setProperty('--rl-at',this.value+'%')"
# The border follows a pressed pointer; a finger that moves up or down scrolls the page. Keys go on from it.
_GRASP = "event.button||this.setPointerCapture(event.pointerId)"
_DRAG = (
    "if(this.hasPointerCapture(event.pointerId)){"
    "const f=this.closest('figure'),i=f.querySelector('input'),b=this.getBoundingClientRect(),"
    "x=Math.min(100,Math.max(0,100*(event.clientX-b.left)/b.width));"
    "f.style.setProperty('--rl-at',x+'%');i.value=x;i.focus({preventScroll:true})}"
)
OPENS_AT = 35  # percent: most of the right picture is seen, which is the result or the truth


class Figure:
    """What a reader can play with; as text it is its caption."""

    caption: str

    def __repr__(self) -> str:
        return self.caption


@dataclass(repr=False)
class Slider(Figure):
    """One picture at a time, chosen with a slider.

    Args:
        frames: label -> uint8 image, in order.
        control: what the slider moves through, e.g. "scale".
        alt: what a reader who can't see the pictures should know; the label is added to it.
        caption: what to look for.
        zoom: display pixels per image pixel.
    """

    frames: Mapping[str, np.ndarray]
    control: str
    alt: str
    caption: str
    zoom: int = 2

    def _repr_html_(self) -> str:
        width = max(image.shape[1] for image in self.frames.values()) * self.zoom
        parts = []
        for i, (label, image) in enumerate(self.frames.items()):
            first, event = (" rl-on", f' onload="{_START}"') if i == 0 else ("", "")
            picture = html_image(image, f"{self.alt}: {label}", self.zoom, event)
            title = f'<span class="rl-label">{html.escape(label)}</span>'
            parts.append(f'<div class="rl-frame{first}">{title}{picture}</div>')
        control = (
            f'<label>{html.escape(self.control)} <input type="range" min="0" '
            f'max="{len(self.frames) - 1}" step="1" value="0" autocomplete="off" '
            f'aria-valuetext="{html.escape(next(iter(self.frames)))}" oninput="{_MOVE}"></label>'
        )
        frames = f'<div class="rl-frames">{"".join(parts)}</div>'
        return html_figure("rl-slider", frames + control, self.caption, f"--rl-width:{width}px")


@dataclass(repr=False)
class Compare(Figure):
    """Two pictures of equal size, one over the other, with a border between them that the reader moves.

    Args:
        before: label and uint8 image shown on the left of the border.
        after: label and uint8 image shown on its right.
        alt: what a reader who can't see the pictures should know.
        caption: what to look for.
        zoom: display pixels per image pixel.
    """

    before: tuple[str, np.ndarray]
    after: tuple[str, np.ndarray]
    alt: str
    caption: str
    zoom: int = 2

    def _repr_html_(self) -> str:
        (left, top), (right, bottom) = self.before, self.after
        pictures = (
            html_image(top, f"{self.alt}: {left}", self.zoom, f' class="rl-top" onload="{_START}"')
            + html_image(bottom, f"{self.alt}: {right}", self.zoom, ' class="rl-bottom"')
            + '<span class="rl-border"></span>'
        )
        pair = (
            f'<div class="rl-pair" onpointerdown="{_GRASP}" onpointermove="{_DRAG}" onpointerup="{_DRAG}" '
            f'ondragstart="return false">{pictures}</div>'
        )
        name = html.escape(f"{left} on the left of the border, {right} on the right")
        control = (
            f"<label><span>{html.escape(left)}</span><span>{html.escape(right)}</span>"
            f'<input type="range" min="0" max="100" value="{OPENS_AT}" autocomplete="off" '
            f'aria-label="{name}" oninput="{_SPLIT}"></label>'
        )
        style = f"--rl-width:{top.shape[1] * self.zoom}px;--rl-at:{OPENS_AT}%"
        return html_figure("rl-compare", pair + control, self.caption, style)


def html_figure(kind: str, body: str, caption: str, style: str = "", css: str = _CSS) -> str:
    """An element of class `kind` with the caption below its body; `css` is what it needs, as an element."""
    below = f"<figcaption>{html.escape(caption)}</figcaption>"
    return f'{css}<figure class="{kind}" style="{style}">{body}{below}</figure>'


def html_image(
    image: np.ndarray, alt: str, zoom: int = 1, attributes: str = "", kind: str = "PNG", **saving
) -> str:
    """A uint8 image as an element that holds it, shown at `zoom` times its size.

    Args:
        image: (H, W) or (H, W, 3).
        alt: what a reader who can't see it should know.
        zoom: display pixels per image pixel.
        attributes: further ones, with a space before each.
        kind: Pillow's name of the format.
        saving: how it is saved in that format; nothing: PNG as small as it gets.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **saving or {"optimize": True})
    data = base64.b64encode(buffer.getvalue()).decode()
    height, width = np.array(image.shape[:2]) * zoom
    size = f'width="{width}" height="{height}"'
    source = f"data:image/{kind.lower()};base64,{data}"
    return f'<img{attributes} {size} alt="{html.escape(alt)}" src="{source}">'
