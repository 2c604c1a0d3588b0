"""What drawings are drawn with: marks along a line that runs from left to right or from top to bottom.

A place is (s, t): s pixels along the line, t across it. Above or left of the line t is negative.
"""

from collections.abc import Iterable
from html import escape

TEXT = 12.5  # size of letters, in pixels
LINE = 16  # from one line of text to the next


class Canvas:
    """An SVG that grows with what is drawn.

    Args:
        upright: whether the line runs from top to bottom, with words to its right, as on a phone.
        width: of the whole drawing, in pixels.
    """

    def __init__(self, upright: bool, width: float):
        self.upright, self.width = upright, width
        self.marks: list[str] = []
        self.origin = 0.0  # of s, so that one line can follow another
        self.across = 0.0  # of t
        self.reached: list[tuple[float, float]] = []

    def at(self, s: float, t: float) -> tuple[float, float]:
        """Where a place lies in the drawing, (x, y)."""
        s, t = s + (self.origin if self.upright else 0), t + self.across
        place = (round(t, 1), round(s, 1)) if self.upright else (round(s, 1), round(t, 1))
        self.reached.append(place)
        return place

    def shape(self, places: Iterable[tuple[float, float]], kind: str) -> None:
        """A filled shape with corners at places."""
        corners = " ".join(f"{x:g},{y:g}" for x, y in (self.at(*place) for place in places))
        self.marks.append(f"<polygon class='{kind}' points='{corners}'/>")

    def rectangle(
        self, s: float, t: float, along: float, across: float, kind: str, corner: float = 1.5
    ) -> None:
        """A rectangle around a place."""
        (left, top), (right, bottom) = (
            self.at(s - along / 2, t - across / 2),
            self.at(s + along / 2, t + across / 2),
        )
        size = f"width='{right - left:g}' height='{bottom - top:g}'"
        self.marks.append(f"<rect class='{kind}' x='{left:g}' y='{top:g}' {size} rx='{corner:g}'/>")

    def circle(self, s: float, t: float, radius: float, kind: str) -> None:
        """A circle around a place."""
        x, y = self.at(s, t)
        self.marks.append(f"<circle class='{kind}' cx='{x:g}' cy='{y:g}' r='{radius:g}'/>")

    def path(
        self, places: Iterable[tuple[float, float]], kind: str, curved: bool = False, about: str = ""
    ) -> None:
        """A line through places; a curved one has two ends and, between them, what it bends towards."""
        x = [f"{x:g} {y:g}" for x, y in (self.at(*place) for place in places)]
        way = f"M{x[0]}C{x[1]} {x[2]} {x[3]}" if curved else "M" + "L".join(x)
        self.marks.append(f"<path class='{kind}'{about} d='{way}'/>")

    def arc(
        self, start: float, end: float, lift: float, rise: float, foot: float, kind: str, about: str
    ) -> None:
        """A path that leaves the line, goes past what stands on it, and comes down `foot` beside it.

        It is straight up to `lift`, and from there an arc as high as `rise`; all are negative above the line.
        """
        bend = lift + (rise - lift) * 4 / 3
        points = [(start, 0), (start, lift), (start, bend), (end, bend), (end, lift), (end, foot)]
        self.reached, kept = [], self.reached
        x = [f"{x:g} {y:g}" for x, y in (self.at(*point) for point in points)]
        self.reached = kept
        self.at((start + end) / 2, rise)
        self.marks.append(f"<path class='{kind}'{about} d='M{x[0]}L{x[1]}C{x[2]} {x[3]} {x[4]}L{x[5]}'/>")

    def words(self, s: float, t: float, lines: Iterable[str], kind: str = "", middle: bool = False) -> None:
        """Lines of text: below or above a place of a line to the right, right of one of a line downwards.

        With `middle` the text is centred on the place itself.
        """
        lines = list(lines)
        x, y = self.at(s, t)
        beside = "" if middle or not self.upright else "beside" if t >= 0 else "before"
        first = TEXT * 0.36 - LINE * (len(lines) - 1) / 2
        if not (middle or beside):
            first = LINE * 0.75 if t >= 0 else -LINE * (len(lines) - 1) - 4
        for i, line in enumerate(lines):
            self.letter(x, y + first + i * LINE, line, kind, beside)

    def letter(self, x: float, y: float, line: str, kind: str, beside: str) -> None:
        """One line of text that has its middle at x, begins "beside" it or ends "before" it."""
        wide = text_width(line)
        left = x - {"": wide / 2, "beside": 0, "before": wide}[beside]
        self.reached += [(left, y - TEXT), (left + wide, y + 5)]
        classes = " ".join(filter(None, (kind, beside)))
        about = f" class='{classes}'" if classes else ""
        self.marks.append(f"<text{about} x='{x:g}' y='{round(y, 1):g}'>{escape(line, quote=False)}</text>")

    def picture(self, s: float, t: float, size: float, data: str, kind: str = "") -> None:
        """A square picture around a place."""
        x, y = self.at(s, t)
        self.reached += [(x - size / 2, y - size / 2), (x + size / 2, y + size / 2)]
        box = f"x='{x - size / 2:g}' y='{y - size / 2:g}' width='{size:g}' height='{size:g}'"
        self.marks.append(f"<image class='{kind}' {box} href='{data}'/>")

    def svg(self, label: str, inset: str = "") -> str:
        """The drawing, for those who can't see it called `label` and what its inset says."""
        pad = 4
        xs, ys = zip(*self.reached, strict=True)
        top, left = min(ys) - pad, 0
        height = max(ys) + pad - top
        if self.upright:
            left = (min(xs) + max(xs)) / 2 - self.width / 2
        kind = "network tall" if self.upright else "network wide"
        box = f"viewBox='{left:.0f} {top:.0f} {self.width:.0f} {height:.0f}'"
        body = "".join(self.marks)
        said = f"aria-label='{escape(label + inset)}' data-said='{escape(label)}'"
        return f"<svg class='{kind}' role='img' {said} {box}>{body}</svg>"


def text_width(line: str) -> float:
    """About how many pixels wide a line of text is."""
    return len(line) * TEXT * 0.54


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most so many letters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
