"""How much of a picture one output pixel can use: a square over a photograph, also over the reader's own.

Like the other figures a reader can play with (`restorelib.figures`) it is plain HTML with its picture inside.
A photograph that a reader chooses stays in the browser.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from restorelib import figures

_CSS = """<style>
.rl-sight{position:relative;width:var(--rl-width);max-width:100%}
.rl-reach :is(img,canvas){display:block;width:100%;height:auto;image-rendering:pixelated}
.rl-reach svg{position:absolute;inset:0;width:100%;height:100%}
.rl-reach rect{fill:none;stroke:#fff;stroke-width:3;vector-effect:non-scaling-stroke}
.rl-reach rect+rect{stroke:#0072b2;stroke-width:1.5}
.rl-reach label{display:flex;flex-wrap:wrap;align-items:center;gap:.2em .6em;margin:.4em 0}
.rl-reach label{width:var(--rl-width);max-width:100%}
.rl-reach input{flex:1 1 12em;min-width:0;accent-color:#0072b2}
@media (scripting:none){.rl-reach label{display:none}}
@media print{.rl-reach label{display:none}}
</style>"""
_MOVE = (
    "const f=this.closest('figure'),o=f.querySelectorAll('output span')[this.value],s=+o.dataset.side;"
    "f.querySelectorAll('output span').forEach(e=>e.hidden=e!=o);"
    "f.querySelectorAll('rect').forEach(r=>{r.setAttribute('width',s);r.setAttribute('height',s);"
    "r.setAttribute('x',r.dataset.x-s/2);r.setAttribute('y',r.dataset.y-s/2)});"
    "this.setAttribute('aria-valuetext',o.textContent)"
)
# The middle of the photo, pixel by pixel, takes the place of the book's picture.
_CHOOSE = (
    "const f=this.closest('figure'),old=f.querySelector('img,canvas'),n=+old.dataset.side,"
    "c=Object.assign(document.createElement('canvas'),{width:n,height:n});c.dataset.side=n;"
    "c.setAttribute('role','img');c.setAttribute('aria-label','the middle of your photo');"
    "this.files[0]&&createImageBitmap(this.files[0]).then(b=>{"
    "c.getContext('2d').drawImage(b,(n-b.width)/2|0,(n-b.height)/2|0);old.replaceWith(c);"
    "f.querySelectorAll('rect').forEach(r=>{r.dataset.x=r.dataset.y=n/2+.5});"
    "f.querySelector('input').oninput()},()=>{this.value='';alert('this file cannot be read as a picture')})"
)


@dataclass(repr=False)
class Reach(figures.Figure):
    """A photograph under a square as large as what one output pixel sees, chosen with a slider.

    Args:
        image: square uint8 image.
        centre: row and column of the output pixel.
        sides: label -> side of the square in pixels, in the slider's order; the last one is shown first.
        control: what the slider moves through, e.g. "layers".
        alt: what a reader who can't see the picture should know.
        caption: what to look for.
        zoom: display pixels per image pixel.
    """

    image: np.ndarray
    centre: tuple[int, int]
    sides: Mapping[str, int]
    control: str
    alt: str
    caption: str
    zoom: int = 2

    def _repr_html_(self) -> str:
        n, (y, x) = len(self.image), (place + 0.5 for place in self.centre)  # where the pixel's middle lies
        *_, side = self.sides.values()
        corner = f'data-x="{x}" data-y="{y}" x="{x - side / 2}" y="{y - side / 2}"'
        square = f'<rect {corner} width="{side}" height="{side}"/>'
        picture = figures.html_image(self.image, self.alt, self.zoom, f' data-side="{n}"')
        drawing = f'<svg viewBox="0 0 {n} {n}" aria-hidden="true">{2 * square}</svg>'
        last, words = len(self.sides) - 1, [f"{name}: {s} × {s} pixels" for name, s in self.sides.items()]
        said = "".join(
            f'<span data-side="{s}"{"" if i == last else " hidden"}>{html.escape(words[i])}</span>'
            for i, s in enumerate(self.sides.values())
        )
        controls = (
            f'<label>{html.escape(self.control)} <input type="range" min="0" max="{last}" value="{last}" '
            f'aria-valuetext="{html.escape(words[last])}" oninput="{_MOVE}"></label><output>{said}</output>'
            f'<label>on a photo of yours <input type="file" accept="image/*" onchange="{_CHOOSE}"></label>'
        )
        body = f'<div class="rl-sight">{picture}{drawing}</div>{controls}'
        return _CSS + figures.html_figure("rl-reach", body, self.caption, f"--rl-width:{n * self.zoom}px")
