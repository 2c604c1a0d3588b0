"""Drawings of networks, made from the networks themselves: ``draw(restorelib.build("vdsr"))``.

A network is run once over a small picture, and every layer, sum and path of that run is drawn. So a drawing
shows what is computed, with the options a network was built with. Convolutions are filled bars as high as
their result, transposed ones hollow; 1x1 convolutions that join several maps have the paper's colour, as
have all paths that go past layers. What is added comes in an arc from above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from restorelib.diagrams import words
from restorelib.diagrams.canvas import LINE, Canvas, wrapped
from restorelib.diagrams.fork import Fork
from restorelib.diagrams.line import Line
from restorelib.diagrams.looks import Look, look_of, pictures
from restorelib.diagrams.page import CSS, MOVE, POINT
from restorelib.diagrams.parts import Part, parts_of
from restorelib.diagrams.tracing import side, trace
from restorelib.networks.base import Restorer

WIDE, TALL = 784, 340  # of the two forms of a drawing, in pixels


@dataclass(repr=False)
class Drawing:
    """A network drawn twice, from left to right and for phones from top to bottom, with all its numbers.

    Attributes:
        look: the words and colours of its paper.
        whole: what shares and sizes refer to.
        weights: how many numbers the network learns.
        parts: what is drawn of all of it.
        inner: what is drawn of the block that is enlarged.
    """

    look: Look
    whole: words.Whole
    weights: int
    parts: list[Part]
    inner: list[Part]

    def __post_init__(self):
        self.called = words.names(self.parts)
        self.called_inside = words.names(self.inner, self.look.inner_style.inputs or ("what comes in",))

    def __repr__(self) -> str:
        return f"{self.look.name}, drawn: {self.alt}"

    @property
    def alt(self) -> str:
        """The structure in words."""
        said = f"{self.whole.layers} layers. {words.structure(self.parts, self.called)}"
        if self.inner:
            said += f" Enlarged, {self.look.inner}: {words.structure(self.inner, self.called_inside)}"
        return said

    @property
    def lines(self) -> list[str]:
        """What each part says of itself, the whole first."""
        total = f"{self.look.name}: {self.whole.layers} layers, {self.weights:,} parameters, "
        total += f"{self.whole.operations / self.whole.side**2:,.0f} multiplications per pixel of the input"
        if self.look.style.lanes_called:
            total += f", for {', '.join(self.look.style.lanes_called)} together"
        titles = [words.describe(i, self.parts, self.called, self.whole) for i in range(len(self.parts))]
        inside = range(len(self.inner))
        return [
            total,
            *titles,
            *(words.describe(i, self.inner, self.called_inside, self.whole) for i in inside),
        ]

    def svg(self, upright: bool) -> str:
        """One form of the drawing."""
        canvas = Canvas(upright, TALL if upright else WIDE)
        style, titles = self.look.style, self.lines[1:]
        kind = Fork if style.lanes else Line
        line = kind(canvas, self.parts, titles, self.whole, style, 1, WIDE - 8, 4)
        line.draw()
        if self.inner:
            self.enlarge(canvas, line, titles[len(self.parts) :])
        return canvas.svg(
            f"{self.look.name}, drawn from {'top to bottom' if upright else 'left to right'}. {self.alt}"
        )

    def enlarge(self, canvas: Canvas, line: Line, titles: Sequence[str]) -> None:
        """One block, below the whole."""
        title = wrapped(self.look.inner, 40 if canvas.upright else 99)
        begin = max(y for _, y in canvas.reached) + (26 if canvas.upright else 34)
        mark, reached, canvas.reached = len(canvas.marks), canvas.reached, []
        canvas.origin = begin + 16 + LINE * len(title) if canvas.upright else 0
        style, first = self.look.inner_style, len(self.parts) + 1
        Line(canvas, self.inner, titles, self.whole, style, first, WIDE - 40, 20).draw()
        if not canvas.upright:
            down = begin + 34 - min(y for _, y in canvas.reached)
            canvas.marks.insert(mark, f"<g transform='translate(0 {down:.0f})'>")
            canvas.marks.append("</g>")
            canvas.reached = [(x, y + down) for x, y in canvas.reached]
            self.zoom(canvas, line, begin)
        bottom = max(y for _, y in canvas.reached) + 12
        canvas.reached += reached
        self.frame(canvas, title, begin, bottom)

    def frame(self, canvas: Canvas, title: Sequence[str], begin: float, bottom: float) -> None:
        """A frame as wide as the drawing, with its title."""
        xs = [x for x, _ in canvas.reached]
        left = (min(xs) + max(xs)) / 2 - TALL / 2 + 2 if canvas.upright else 4
        right = left + canvas.width - (4 if canvas.upright else 8)
        canvas.reached += [(left, begin), (right, bottom)]
        box = f"x='{left:.0f}' y='{begin:.0f}' width='{right - left:.0f}' height='{bottom - begin:.0f}'"
        canvas.marks.append(f"<rect class='frame' {box} rx='8'/>")
        for i, text in enumerate(title):
            canvas.letter(left + 12, begin + 20 + LINE * i, text, "face", "beside")

    def zoom(self, canvas: Canvas, line: Line, begin: float) -> None:
        """A beam from the block that is enlarged to its frame."""
        block = [i for i in line.order if self.look.enlarged(i, self.parts)]
        if not block:
            return
        low = line.height(block[0]) / 2
        left = line.middle[block[0]] - line.extent(block[0]) / 2 - 3
        right = line.middle[block[-1]] + line.extent(block[-1]) / 2 + 3
        corners = f"{left:.0f},{low:.0f} {right:.0f},{low:.0f} {WIDE - 4},{begin:.0f} 4,{begin:.0f}"
        canvas.marks.insert(0, f"<polygon class='zoom' points='{corners}'/>")

    def _repr_html_(self) -> str:
        lines = self.lines
        first, style = escape(lines[0]), f"--day:{self.look.day};--night:{self.look.night}"
        control = (
            '<label class="rl-part">part by part '
            f'<input type="range" min="0" max="{len(lines) - 1}" value="0" '
            f'aria-valuetext="{first}" oninput="{MOVE}"></label><p class="rl-said">{first}</p>'
        )
        tables = words.table(self.parts, self.called, self.whole)
        if self.inner:
            tables += words.table(self.inner, self.called_inside, self.whole, f"Enlarged: {self.look.inner}")
        folded = (
            "<details><summary>Every part as a table</summary>"
            f'<div class="rl-scroll" tabindex="0" role="region" aria-label="{self.look.name}, its parts">'
            f"{tables}</div></details>"
        )
        drawn = f'<div class="rl-drawn">{self.svg(False)}{self.svg(True)}</div>'
        caption = f"<figcaption>{escape(self.look.caption)}</figcaption>"
        return (
            f'{CSS}<figure class="rl-network" style="{style}" onpointerover="{POINT}" onclick="{POINT}">'
            f"{drawn}{control}{folded}{caption}</figure>"
        )


def draw(network: Restorer) -> Drawing:
    """The drawing of a network, for a notebook to show."""
    steps, look = trace(network), look_of(network)
    parts = parts_of(steps, look.boxes)
    operations = sum(step.operations for step in steps)
    whole = words.Whole(side(network), operations, sum(part.layers for part in parts))
    inside = look.find(steps)
    inner = parts_of(steps, look.inner_boxes, inside, look.inner_acts) if inside else []
    weights = sum(parameter.numel() for parameter in network.parameters())
    return Drawing(look.filled(network, pictures(network, look)), whole, weights, parts, inner)
