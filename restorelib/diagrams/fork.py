"""A line that parts into lanes and comes together again: MDSR, whose scales share what lies between."""

from collections.abc import Iterator, Mapping
from itertools import pairwise, zip_longest

from restorelib.diagrams.canvas import wrapped
from restorelib.diagrams.layout import RADIUS, TALL, Arc
from restorelib.diagrams.line import Line

APART = 66  # from one lane to the next, in pixels
NARROW = 30  # what a layer of the input's size measures across its lane
TURN = 26  # more room where lanes begin or end


class Fork(Line):
    """A `Line` with three lanes. Parts named "STEM.NUMBER..." stand in lanes if `style.lanes` has the stem.

    A sum stands in the lane of what is added there.
    """

    def lane(self, i: int) -> int | None:
        """The lane of a part, from 0; None if all lanes share it."""
        stem, *rest = self.parts[i].name.split(".")
        if stem in self.style.lanes:
            return int(rest[0])
        sources = self.parts[i].inputs if self.parts[i].kind == "sum" else ()
        return next((lane for lane in (self.lane(source) for source, _ in sources) if lane is not None), None)

    def across(self, i: int) -> float:
        """How far from the middle a part stands."""
        lane = self.lane(i)
        return 0 if lane is None else (lane - 1) * APART

    def unit(self, i: int) -> float:
        """What a layer of the input's size would measure across: less in a lane."""
        return TALL if self.lane(i) is None else NARROW

    def columns(self) -> Iterator[list[int]]:
        """Parts that stand side by side, or one that all lanes share."""
        lanes: dict[int, list[int]] = {}
        for i in self.order:
            lane = self.lane(i)
            if lane is not None:
                lanes.setdefault(lane, []).append(i)
                continue
            yield from side_by_side(lanes)
            lanes.clear()
            yield [i]
        yield from side_by_side(lanes)

    def place(self, length: float, start: float) -> None:
        """Columns at equal distances, with more room where lanes begin and end."""
        first, *columns = list(self.columns())
        shared = [self.lane(column[0]) is None for column in (first, *columns)]
        turns = [TURN * (a != b) for a, b in pairwise(shared)]
        extents = [max(map(self.extent, column)) for column in columns]
        begin = self.ending(0) + 14
        used = sum(extents) + sum(turns) + begin + self.ending(1) + 20
        gap = 8 if self.upright else (length - used) / (len(columns) + 1)
        s, self.middle = start + begin, {first[0]: start + self.ending(0) / 2}
        for column, extent, turn in zip(columns, extents, turns, strict=True):
            s += gap + turn
            self.middle |= dict.fromkeys(column, s + extent / 2)
            s += extent
        self.end = s + gap + 20
        self.last = self.end + self.ending(1) / 2

    def end_shape(self, which: int) -> str:
        """The size of the input, and how many times larger the outputs are."""
        return ", ".join(self.style.lanes_called) if which else super().end_shape(which)

    def find_arcs(self) -> list[Arc]:
        """What is added in each lane: straight on in the outer ones, past the shared parts in the middle."""
        found = []
        for b in self.order:
            for a, _ in self.parts[b].inputs:
                if self.parts[b].kind == "sum" and self.lane(a) == self.lane(b):
                    start, end = self.middle[a] + self.extent(a) / 2 + 5, self.middle[b]
                    t = self.across(a)
                    past = (-TALL / 2 - 4, -TALL / 2 - 8, -RADIUS) if t == 0 else (0, 0, 0)
                    found.append(Arc(a, b, start, end, *past))
        return found

    def draw_arc(self, arc: Arc) -> None:
        """An arc in its lane."""
        self.canvas.across = self.across(arc.source)
        super().draw_arc(arc)
        self.canvas.across = 0

    def draw_path(self) -> None:
        """From each part to those it feeds, but for what is added."""
        added = {(arc.source, arc.target) for arc in self.arcs}
        for b in self.order:
            for a in {a for a, _ in self.parts[b].inputs} - {a for a, c in added if c == b}:
                start, end = self.middle[a] + self.extent(a) / 2, self.middle[b] - self.extent(b) / 2
                if self.parts[a].kind != "input":
                    start += 2 * (self.across(a) == self.across(b))
                bend = (start + end) / 2
                ways = [(start, self.across(a)), (bend, self.across(a)), (bend, self.across(b))]
                self.canvas.path([*ways, (end, self.across(b))], "path", curved=True)
        self.draw_tip()

    def draw_part(self, i: int) -> None:
        """A part in its lane."""
        self.canvas.across = self.across(i)
        super().draw_part(i)
        self.canvas.across = 0

    def draw_notes(self) -> None:
        """What lanes are called, and what they and the shared stretches hold."""
        firsts = {self.lane(i): i for i in reversed(self.order) if self.lane(i) is not None}
        for lane, i in firsts.items():
            t = self.across(i) - NARROW / 2 - 12
            self.canvas.words(self.middle[i], t, [self.style.lanes_called[lane]], "own", middle=True)
        beside = APART + NARROW + 10 if self.upright else APART + NARROW * 0.75 + 8
        for stem, said in self.style.lanes.items():
            own = [self.middle[i] for i in self.order if self.parts[i].name.startswith(f"{stem}.")]
            self.canvas.words((min(own) + max(own)) / 2, beside, said.split("\n"))
        for group, lines in self.runs:
            if self.lane(group[0]) is None and lines:
                s = (self.middle[group[0]] + self.middle[group[-1]]) / 2
                t = beside if self.upright else max(self.height(i) for i in group) / 2 + 6
                self.canvas.words(s, t, wrapped(lines[len(group) == 1], 14 if self.upright else 40))


def side_by_side(lanes: Mapping[int, list[int]]) -> Iterator[list[int]]:
    """The first parts of all lanes, then the second ones, and so on."""
    for column in zip_longest(*lanes.values()):
        yield [i for i in column if i is not None]
