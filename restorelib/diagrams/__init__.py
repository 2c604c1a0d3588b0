"""Drawings of networks, made from the networks themselves: ``draw(restorelib.build("vdsr"))``.

A network is run once over a small picture, and every layer, sum and path of that run is drawn. So a drawing
shows what is computed, with the options a network was built with. Convolutions are filled bars as high as
their result, transposed ones hollow; 1x1 convolutions that join several maps have the paper's colour, as
have all paths that go past layers. What is added comes in an arc from above. Below the whole a part of it is
enlarged; where there are several to choose from, a touch or a button opens one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from restorelib.diagrams import words
from restorelib.diagrams.canvas import LINE, Canvas, wrapped
from restorelib.diagrams.fork import Fork
from restorelib.diagrams.line import Line
from restorelib.diagrams.looks import Inset, Look, look_of, pictures
from restorelib.diagrams.page import CSS, MOVE, OPEN, POINT, PRESS
from restorelib.diagrams.parts import Part, parts_of
from restorelib.diagrams.tracing import side, trace
from restorelib.networks.base import Restorer

WIDE, TALL = 784, 340  # of the two forms of a drawing, in pixels


@dataclass
class Enlarged:
    """An inset and what is drawn of it."""

    inset: Inset
    parts: list[Part]

    def __post_init__(self):
        self.called = words.names(self.parts, self.inset.style.inputs or ("what comes in",))

    @property
    def alt(self) -> str:
        """Its structure in words."""
        return f" Enlarged, {self.inset.title}: {words.structure(self.parts, self.called)}"


@dataclass(repr=False)
class Drawing:
    """A network drawn twice, from left to right and for phones from top to bottom, with all its numbers.

    Attributes:
        look: the words and colours of its paper.
        whole: what shares and sizes refer to.
        weights: how many numbers the network learns.
        parts: what is drawn of all of it.
        insets: what is enlarged, one of them at a time.
    """

    look: Look
    whole: words.Whole
    weights: int
    parts: list[Part]
    insets: list[Enlarged]

    def __post_init__(self):
        self.called = words.names(self.parts)
        self.opened = min(self.look.opened, len(self.insets) - 1)

    def __repr__(self) -> str:
        return f"{self.look.name}, drawn: {self.alt}"

    @property
    def plain(self) -> str:
        """The structure of the whole in words."""
        return f"{self.whole.layers} layers. {words.structure(self.parts, self.called)}"

    @property
    def alt(self) -> str:
        """The structure in words, with what is enlarged first."""
        return self.plain + (self.insets[self.opened].alt if self.insets else "")

    @property
    def total(self) -> str:
        """What the whole says of itself."""
        said = f"{self.look.name}: {self.whole.layers} layers, {self.weights:,} parameters, "
        said += f"{self.whole.operations / self.whole.side**2:,.0f} multiplications per pixel of the input"
        if self.look.style.lanes_called:
            said += f", for {', '.join(self.look.style.lanes_called)} together"
        return said

    def titles(self, parts: list[Part], called: Sequence[str]) -> list[str]:
        """What each part says of itself."""
        return [words.describe(i, parts, called, self.whole) for i in range(len(parts))]

    def svg(self, upright: bool) -> str:
        """One form of the drawing."""
        canvas = Canvas(upright, TALL if upright else WIDE)
        style, titles = self.look.style, self.titles(self.parts, self.called)
        kind = Fork if style.lanes else Line
        line = kind(canvas, self.parts, titles, self.whole, style, 1, WIDE - 8, 4)
        line.draw()
        if self.insets:
            self.enlarge(canvas, line)
        way = "top to bottom" if upright else "left to right"
        inset = self.insets[self.opened].alt if self.insets else ""
        return canvas.svg(f"{self.look.name}, drawn from {way}. {self.plain}", inset)

    def enlarge(self, canvas: Canvas, line: Line) -> None:
        """What is enlarged, all at one place below the whole; one of it is seen."""
        begin = max(y for _, y in canvas.reached) + (26 if canvas.upright else 34)
        marks, reached, drawn = canvas.marks, canvas.reached, []
        for enlarged in self.insets:
            canvas.marks, canvas.reached = [], []
            self.draw_inset(canvas, line, enlarged, begin)
            drawn.append(canvas.marks)
            reached += canvas.reached
        canvas.marks, canvas.reached = marks, reached
        bottom = max(y for _, y in reached) + 12
        for number, (enlarged, marks) in enumerate(zip(self.insets, drawn, strict=True)):
            opened = " rl-open" if number == self.opened else ""
            of = " ".join(map(str, self.belonging(enlarged))) if len(self.insets) > 1 else ""
            canvas.marks += [f"<g class='inset{opened}' data-n='{number}' data-of='{of}'>", *marks]
            self.frame(canvas, self.title(canvas, enlarged), begin, bottom)
            canvas.marks.append("</g>")

    def belonging(self, enlarged: Enlarged) -> list[int]:
        """The numbers that the parts of an inset have in the whole drawing."""
        return [i + 1 for i in range(len(self.parts)) if enlarged.inset.enlarged(i, self.parts)]

    def title(self, canvas: Canvas, enlarged: Enlarged) -> list[str]:
        """The lines that stand above an inset."""
        return wrapped(enlarged.inset.title, 40 if canvas.upright else 99)

    def draw_inset(self, canvas: Canvas, line: Line, enlarged: Enlarged, begin: float) -> None:
        """One block, below the whole."""
        canvas.origin = begin + 16 + LINE * len(self.title(canvas, enlarged)) if canvas.upright else 0
        titles, first = self.titles(enlarged.parts, enlarged.called), len(self.parts) + 1
        Line(canvas, enlarged.parts, titles, self.whole, enlarged.inset.style, first, WIDE - 40, 20).draw()
        if not canvas.upright:
            down = begin + 34 - min(y for _, y in canvas.reached)
            canvas.marks.insert(0, f"<g transform='translate(0 {down:.0f})'>")
            canvas.marks.append("</g>")
            canvas.reached = [(x, y + down) for x, y in canvas.reached]
            self.zoom(canvas, line, self.belonging(enlarged), begin)

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

    def zoom(self, canvas: Canvas, line: Line, numbers: list[int], begin: float) -> None:
        """A beam from the parts that are enlarged to their frame."""
        block = [number - 1 for number in numbers if number - 1 in line.middle]
        if not block:
            return
        low = line.height(block[0]) / 2
        left = line.middle[block[0]] - line.extent(block[0]) / 2 - 3
        right = line.middle[block[-1]] + line.extent(block[-1]) / 2 + 3
        corners = f"{left:.0f},{low:.0f} {right:.0f},{low:.0f} {WIDE - 4},{begin:.0f} 4,{begin:.0f}"
        canvas.marks.insert(0, f"<polygon class='zoom' points='{corners}'/>")

    def buttons(self) -> str:
        """One for each inset, if there are several."""
        if len(self.insets) < 2:
            return ""
        labels = ""
        for number, enlarged in enumerate(self.insets):
            checked = " checked" if number == self.opened else ""
            most = len(self.parts) + len(enlarged.parts)
            labels += (
                f'<label><input type="radio" name="inset" value="{number}"{checked} data-most="{most}" '
                f'data-alt="{escape(enlarged.alt)}" oninput="{OPEN}">{escape(enlarged.inset.button)}</label>'
            )
        return (
            '<form class="rl-unroll" autocomplete="off" onsubmit="return false"><fieldset>'
            f"<legend>unrolled</legend>{labels}</fieldset></form>"
        )

    def _repr_html_(self) -> str:
        first, style = escape(self.total), f"--day:{self.look.day};--night:{self.look.night}"
        most = len(self.parts) + (len(self.insets[self.opened].parts) if self.insets else 0)
        control = (
            '<label class="rl-part">part by part '
            f'<input type="range" min="0" max="{most}" value="0" '
            f'aria-valuetext="{first}" oninput="{MOVE}"></label><p class="rl-said">{first}</p>'
        )
        tables = words.table(self.parts, self.called, self.whole)
        for enlarged in self.insets[self.opened : self.opened + 1]:  # others differ in what the whole says
            caption = f"Enlarged: {enlarged.inset.title}"
            tables += words.table(enlarged.parts, enlarged.called, self.whole, caption)
        folded = (
            "<details><summary>Every part as a table</summary>"
            f'<div class="rl-scroll" tabindex="0" role="region" aria-label="{self.look.name}, its parts">'
            f"{tables}</div></details>"
        )
        drawn = f'<div class="rl-drawn">{self.svg(False)}{self.svg(True)}</div>'
        caption = f"<figcaption>{escape(self.look.caption)}</figcaption>"
        events = f'onpointerover="{POINT}" onclick="{PRESS}{POINT}"'
        return (
            f'{CSS}<figure class="rl-network" style="{style}" {events}>'
            f"{drawn}{self.buttons()}{control}{folded}{caption}</figure>"
        )


def draw(network: Restorer) -> Drawing:
    """The drawing of a network, for a notebook to show."""
    steps, look = trace(network), look_of(network)
    parts = parts_of(steps, look.boxes)
    operations = sum(step.operations for step in steps)
    whole = words.Whole(side(network), operations, sum(part.layers for part in parts))
    insets = []
    for inset in look.insets(steps):
        found = inset.find(steps)
        if found:
            insets.append(Enlarged(inset, parts_of(steps, inset.boxes, found, inset.acts)))
    weights = sum(parameter.numel() for parameter in network.parameters())
    return Drawing(look.filled(network, pictures(network, look)), whole, weights, parts, insets)
