"""What the front page shows: a damaged picture wiped clean, how near ours comes to the papers, five cards.

Plain HTML with its pictures inside, as in `restorelib.figures`: it works offline, and without JavaScript.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from restorelib import runs
from restorelib.figures import PAPERS, Figure, html_figure, html_image

LOSSLESS = {"kind": "WEBP", "lossless": True, "quality": 100}


def colour(paper: str) -> str:
    """The colour of a paper as CSS: the page's, or where a page has none (in Colab) the light one."""
    return f"--rl-paper:var(--rl-{paper},{PAPERS[paper]})"


@dataclass(frozen=True)
class Strip:
    """One strip of `Strips`.

    Args:
        paper: key of `figures.PAPERS`, which gives its colour.
        network: its name.
        damage: what was done to the picture, in a few words.
        damaged: uint8 image, (H, W, 3).
        restored: what the network made of it, of the same size.
    """

    paper: str
    network: str
    damage: str
    damaged: np.ndarray
    restored: np.ndarray


_STRIPS = """<style>
@property --rl-wiped{syntax:"<percentage>";inherits:true;initial-value:50%}
.rl-strips{margin:1em 0;max-width:49rem;--rl-wiped:50%;animation:rl-wipe 4s ease-in-out}
@keyframes rl-wipe{from{--rl-wiped:2%}60%{--rl-wiped:90%}to{--rl-wiped:50%}}
@media (prefers-reduced-motion:reduce){.rl-strips{animation:none}}
.rl-strips.rl-held{animation:none}
.rl-strips>div{display:grid;grid-template-columns:repeat(5,1fr);gap:3px}
.rl-strip{min-width:0;font-size:.8rem;line-height:1.3;overflow-wrap:anywhere}
.rl-strip span,.rl-strip b{display:block}
.rl-strip b{margin-top:.5em;padding-top:.35em;border-top:3px solid var(--rl-paper)}
.rl-wipe{position:relative;cursor:ns-resize;user-select:none}
.rl-wipe img{display:block;width:100%;height:clamp(15rem,30vw,26rem);object-fit:cover;margin:0}
.rl-wipe img+img{position:absolute;inset:0;clip-path:inset(0 0 calc(100% - var(--rl-wiped)) 0)}
.rl-wipe::after{content:"";position:absolute;inset-inline:0;top:var(--rl-wiped);height:2px;background:#fff;
box-shadow:0 0 0 1px #0008}
.rl-strips label{display:flex;gap:.8em;align-items:center;margin:.8em 0 .2em}
.rl-strips input{flex:1;min-width:0;accent-color:#0072B2}
@media print{.rl-strips label{display:none}}
</style><noscript><style>.rl-strips label{display:none}</style></noscript>"""
# The border of all strips is one. A mouse draws it over the picture; fingers and keys have the slider.
_WIPE = (
    "const f=this.closest('figure');f.classList.add('rl-held');"
    "f.style.setProperty('--rl-wiped',this.value+'%')"
)
_FOLLOW = (
    "if(event.pointerType=='mouse'){const f=this.closest('figure'),i=f.querySelector('input'),"
    "b=this.getBoundingClientRect();i.value=100*(event.clientY-b.top)/b.height;i.oninput()}"
)


@dataclass(repr=False)
class Strips(Figure):
    """One picture in strips, each damaged in its own way; a border that moves shows what networks restored.

    Args:
        strips: five, of equal size, from left to right.
        alt: what a reader who can't see the picture should know.
        caption: what is seen.
    """

    strips: Sequence[Strip]
    alt: str
    caption: str

    def _repr_html_(self) -> str:
        body = "".join(map(self._strip, self.strips))
        control = (
            "<label>how much is repaired "
            f'<input type="range" min="0" max="100" value="50" autocomplete="off" oninput="{_WIPE}"></label>'
        )
        return html_figure("rl-strips", f"<div>{body}</div>{control}", self.caption, css=_STRIPS)

    def _strip(self, strip: Strip) -> str:
        said = f"{self.alt}: {strip.damage}"
        both = html_image(strip.damaged, said, **LOSSLESS)
        both += html_image(strip.restored, f"{said}, and repaired by {strip.network}", **LOSSLESS)
        name, damage = html.escape(strip.network), html.escape(strip.damage)
        return (
            f'<div class="rl-strip" style="{colour(strip.paper)}">'
            f'<div class="rl-wipe" onpointermove="{_FOLLOW}">{both}</div>'
            f"<b>{name}</b><span>{damage}</span></div>"
        )


@dataclass(frozen=True)
class Distance:
    """One row of `Distances`: PSNR in dB of the damaged pictures, of the paper and of ours.

    Args:
        paper: key of `figures.PAPERS`.
        label: network, set and level.
        damaged: what the pictures have before they are restored.
        printed: what the paper prints.
        ours: what our run has.
        run: its name.
    """

    paper: str
    label: str
    damaged: float
    printed: float
    ours: float
    run: str

    @property
    def share(self) -> float:
        """How much of the paper's gain over the damaged pictures ours has; 1 is all of it."""
        return (self.ours - self.damaged) / (self.printed - self.damaged)


_DISTANCES = """<style>
.rl-far{margin:1em 0;max-width:49rem}
.rl-far ul{list-style:none;margin:0;padding:0;font-size:.85rem;font-variant-numeric:tabular-nums}
.rl-far li{margin:0;padding:.2em 0;color:var(--rl-paper)}
.rl-far a{display:grid;grid-template-columns:11em 1fr 9.5em;gap:.3em 1em;align-items:center;color:inherit;
text-decoration:none}
.rl-far a:is(:hover,:focus-visible){text-decoration:underline}
.rl-track{position:relative;height:1em;margin-inline:.5em}
.rl-track::before{content:"";position:absolute;inset:calc(50% - 1px) 0 auto 0;height:2px;
background:currentColor;opacity:.25}
.rl-track::after,.rl-track i{content:"";position:absolute;top:50%;width:.8em;height:.8em;border-radius:50%;
translate:-50% -50%;border:2px solid currentColor}
.rl-track::after{left:100%}
.rl-track i{left:calc(100%*var(--rl-share));background:currentColor}
@container (max-width:30rem){.rl-far a{grid-template-columns:1fr auto}.rl-track{grid-row:2;grid-column:1/3}}
</style>"""


@dataclass(repr=False)
class Distances(Figure):
    """How much of each paper's gain is ours: the paper a ring, ours a disc; a row leads to its record.

    Args:
        rows: in order.
        caption: what is seen.
    """

    rows: Sequence[Distance]
    caption: str

    def __repr__(self) -> str:
        lines = (f"{row.label}: {row.share:.0%}, {row.ours - row.printed:+.2f} dB" for row in self.rows)
        return "\n".join([self.caption, *lines])

    def _repr_html_(self) -> str:
        body = f"<ul>{''.join(map(self._row, self.rows))}</ul>"
        return html_figure("rl-far", body, self.caption, "container-type:inline-size", _DISTANCES)

    def _row(self, row: Distance) -> str:
        about = runs.record(row.run)
        title = f"{row.run}: {row.ours:.2f} dB, the paper {row.printed:.2f} dB; {hours(about.minutes)}"
        return (
            f'<li style="{colour(row.paper)};--rl-share:{row.share:.3f}">'
            f'<a href="{runs.address(row.run)}" title="{html.escape(title)}">'
            f'<span>{html.escape(row.label)}</span><span class="rl-track"><i></i></span>'
            f"<span>{row.share:.0%}, {row.ours - row.printed:+.2f} dB</span></a></li>"
        )


def hours(minutes: float) -> str:
    """A duration as a reader says it: "24 min", "1.9 h"."""
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


@dataclass(frozen=True)
class Card:
    """A paper on the front page.

    Args:
        paper: key of `figures.PAPERS`, and the name of the chapter's page.
        title: the network.
        year: when the paper appeared.
        idea: in a sentence.
        before: a part of a damaged picture, uint8.
        after: the same part restored.
        numbers: heading -> number.
    """

    paper: str
    title: str
    year: int
    idea: str
    before: np.ndarray
    after: np.ndarray
    numbers: Mapping[str, str]


_CARDS = """<style>
.rl-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;margin:1em 0;
max-width:49rem}
.rl-card{overflow:hidden;border:1px solid #8885;border-top:3px solid var(--rl-paper);border-radius:6px}
.rl-card a{display:block;height:100%;color:inherit;text-decoration:none}
.rl-card a:is(:hover,:focus-visible) h3{text-decoration:underline}
.rl-card div{display:flex}
.rl-card img{flex:1;min-width:0;width:50%;height:auto;margin:0;display:block;image-rendering:pixelated}
.rl-card :is(h3,p,dl){margin:.6rem .9rem}
.rl-card h3{font-size:1.05rem}
.rl-card h3 small{font-weight:400}
.rl-card dl{display:flex;justify-content:space-between;gap:.4em;white-space:nowrap;
font:.85rem var(--pst-font-family-base,sans-serif);font-variant-numeric:tabular-nums}
.rl-card dt{font-size:.7rem;font-weight:400}
.rl-card dd{margin:0;font-weight:650}
</style>"""


@dataclass(repr=False)
class Cards:
    """The papers, each with a picture before and after, its idea and numbers; a card leads to its chapter."""

    cards: Sequence[Card]

    def __repr__(self) -> str:
        lines = (f"{c.title} ({c.year}): {c.idea} {_told(c.numbers)}" for c in self.cards)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f'{_CARDS}<div class="rl-cards">{"".join(map(self._card, self.cards))}</div>'

    def _card(self, card: Card) -> str:
        both = html_image(card.before, f"{card.title}: before", 2, **LOSSLESS)
        both += html_image(card.after, f"{card.title}: after", 2, **LOSSLESS)
        numbers = "".join(
            f"<div style='display:block'><dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd></div>"
            for k, v in card.numbers.items()
        )
        return (
            f'<article class="rl-card" style="{colour(card.paper)}">'
            f'<a href="{card.paper}.html"><div>{both}</div>'
            f"<h3>{html.escape(card.title)} <small>{card.year}</small></h3><p>{html.escape(card.idea)}</p>"
            f"<dl>{numbers}</dl></a></article>"
        )


def _told(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{heading} {number}" for heading, number in numbers.items())
