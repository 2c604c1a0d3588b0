"""Where parts stand along a line, what is written beside them, and what goes past them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from restorelib.diagrams import words
from restorelib.diagrams.canvas import LINE, Canvas, text_width, wrapped
from restorelib.diagrams.parts import Part

BAR = 7  # thickness of a layer
TALL = 56  # what a layer of the input's size measures across the line
RADIUS = 8  # of a sum
SIDE = 50  # of the pictures at the ends


@dataclass(frozen=True)
class Style:
    """How one line is drawn.

    Attributes:
        widths: kind of module -> how wide its box is.
        faces: kind of module -> what stands in its box; else a bar for each layer.
        sizes: write the sizes below the line, not the layers.
        pieces: say on how many pieces of the picture a box works.
        above: what the highest arc above the line says.
        below: the same of those below.
        pictures: what stands at the ends: the pictures themselves, or nothing.
        ends: what is written at the ends.
        inputs: what further results are called that come from outside.
        lanes: first part of the names of modules that each lane has its own of -> what is written there.
        lanes_called: what the lanes are called.
        rise: of the highest arc, above a line to the right.
        upright_rise: the same beside a line downwards.
    """

    widths: Mapping[str, float] = field(default_factory=dict)
    faces: Mapping[str, str] = field(default_factory=dict)
    sizes: bool = False
    pieces: bool = False
    above: str = ""
    below: str = ""
    pictures: tuple[str, str] = ()
    ends: tuple[str, str] = ("", "")
    inputs: tuple[str, ...] = ()
    lanes: Mapping[str, str] = field(default_factory=dict)
    lanes_called: tuple[str, ...] = ()
    rise: float = 92
    upright_rise: float = 66


@dataclass(frozen=True)
class Arc:
    """A path past other parts: from behind `source` to `target`, with its places as in `Canvas.arc`."""

    source: int
    target: int
    start: float
    end: float
    lift: float
    rise: float
    foot: float


class Layout:
    """Where the parts of one line stand.

    Args:
        canvas: where to draw.
        parts: what to draw, in order.
        titles: what each part says of itself.
        whole: what sizes refer to.
        style: how.
        first: the number of the first part in the whole drawing.
        length: that a horizontal line fills, in pixels.
        start: where it begins.
    """

    def __init__(
        self,
        canvas: Canvas,
        parts: Sequence[Part],
        titles: Sequence[str],
        whole: words.Whole,
        style: Style,
        first: int,
        length: float,
        start: float = 0,
    ):
        self.canvas, self.parts, self.titles, self.style = canvas, parts, titles, style
        self.whole, self.first, self.upright = whole, first, canvas.upright
        ports = [i for i, part in enumerate(parts) if part.kind == "input"]
        self.ports, self.order = ports[1:], [i for i in range(len(parts)) if i not in ports[1:]]
        self.past = self.paths()
        self.runs = list(self.grouped())
        self.place(length, start)
        self.arcs = self.find_arcs()

    def grouped(self) -> Iterator[tuple[list[int], list[str]]]:
        """Neighbours with one note below them: (their numbers, the note's lines)."""
        shown = [self.parts[i] for i in self.order]
        if not self.style.sizes:
            for group in words.alike(shown):
                yield [self.order[i] for i in group], self.note([shown[i] for i in group])
            return
        group = []
        for i in self.order:
            if group and self.parts[group[-1]].shape != self.parts[i].shape:
                yield group, self.size_note(group)
                group = []
            if self.parts[i].kind != "sum":
                group.append(i)
        yield group, self.size_note(group)

    def size_note(self, group: list[int]) -> list[str]:
        """The size of the results of neighbours."""
        if self.parts[group[0]].kind == "input":
            return []
        channels, rest = words.size(self.parts[group[0]].shape, self.whole).split(" × ", 1)
        return [f"{channels} maps", rest]

    def note(self, group: list[Part]) -> list[str]:
        """What is written below like parts."""
        part, count = group[0], len(group)
        several = f"{count} " if count > 1 else ""
        if part.kind == "box":
            noun = words.NOUNS.get(part.noun, part.noun)
            if part.noun in self.style.faces:
                return []
            if part.noun in self.style.widths:
                return [noun, *self.pieces(part)] if self.style.pieces else []
            return [
                f"{several}{noun}{'s' * (count > 1)}",
                f"{part.shape[0]}→{part.shape[0]}, {part.layers} layers each",
            ]
        if part.kind not in words.LAYERS:
            return []
        into, out = part.channels
        kernel = f"{part.kernel}×{part.kernel}"
        if part.kind == "join" and self.style.widths:
            return [str(into)]
        if count == 1:
            lines = [kernel, f"{into}→{out}"]
        else:
            noun = "transposed" if part.kind == "deconv" else "layers"
            relu = ", ReLU" if "ReLU" in part.after else ""
            lines = [f"{several}{noun} {kernel}", f"{into}→{out}{relu}"]
        return (
            lines
            + ["shuffle"] * ("shuffle" in part.after)
            + ["stride " + str(part.stride)] * (part.stride > 1)
        )

    def pieces(self, part: Part) -> list[str]:
        """On how much of the picture a box works."""
        times = f"{part.runs} pieces" if part.runs > 1 else "the whole"
        larger = max(part.into, part.shape, key=lambda shape: shape[1:])
        return [times, words.size(larger, self.whole).split(" × ", 1)[1]]

    def extent(self, i: int) -> float:
        """How long a part is along the line."""
        part = self.parts[i]
        if part.kind == "input":
            return SIDE if self.style.pictures else 0
        if part.kind == "sum":
            return 2 * RADIUS
        if part.kind == "act":
            return 24 if self.upright else text_width(part.name) + 14
        return self.style.widths.get(part.noun, 17) if part.kind == "box" else BAR

    def height(self, i: int) -> float:
        """How long it is across."""
        part = self.parts[i]
        if part.kind == "input":
            return SIDE if self.style.pictures else 0
        if part.kind == "sum":
            return 2 * RADIUS
        if part.kind == "act":
            return text_width(part.name) + 14 if self.upright else 24
        most = max(part.shape[1], part.into[1]) if part.kind == "box" else part.shape[1]
        return self.unit(i) * (most / self.whole.side) ** 0.5

    def unit(self, i: int) -> float:
        """What a layer of the input's size would measure across at the place of a part."""
        return TALL

    def place(self, length: float, start: float) -> None:
        """Set `middle`, the place of every part on the line, and `end`, where the line ends."""
        for gap, behind in ((6, 14),) if self.upright else ((6, 14), (5, 12), (4, 9), (3, 7), (2, 5), (1, 4)):
            room, more = self.room(gap, behind)
            spare = length - sum(room.values()) - sum(more.values())
            if spare >= 0:
                break
        spare = 0 if self.upright else max(0, spare) / len(self.order)
        s, self.middle = start, {}
        for i in self.order:
            s += 0 if i == self.order[0] else spare
            self.middle[i] = s + room[i] / 2
            s += room[i] + more[i]
        s += spare
        after = self.ending(1)
        if not self.style.pictures:
            self.middle[self.order[0]] = start + room[self.order[0]] - 8
        self.end = s - after
        self.last = self.end + (after / 2 if self.style.pictures else 0)

    def room(self, gap: float, behind: float) -> tuple[dict[int, float], dict[int, float]]:
        """Pixels for each part, and behind it, where a path may leave the line and the end of it is."""
        room, more = {i: self.extent(i) + gap for i in self.order}, dict.fromkeys(self.order, 0.0)
        for a, b in self.past:
            more[a] = behind
            if self.upright and self.style.above and (a, b) == self.longest(-1):
                room[b] = max(room[b], LINE * len(wrapped(self.style.above, 22)) + 8)
        for group, lines in self.runs:
            need = LINE * len(lines) + 6 if self.upright else max(map(text_width, lines), default=0) + 10
            have = sum(room[i] for i in group) + sum(more[i] for i in group[:-1])
            for i in group:
                room[i] += max(0, need - have) / len(group)
        room[self.order[0]] = self.ending(0) + (10 if self.style.pictures else 0)
        more[self.order[-1]] += 20 + self.ending(1)
        return room, more

    def end_name(self, which: int) -> str:
        """What is written at an end; {} stands for how many maps there are."""
        part = self.parts[self.order[-which]]
        return self.style.ends[which].format(part.shape[0])

    def end_shape(self, which: int) -> str:
        """The size of what is at an end."""
        return words.size(self.parts[self.order[-which]].shape, self.whole)

    def ending(self, which: int) -> float:
        """How much room an end of the line takes: 0 is the first, 1 the last."""
        name = self.end_name(which)
        if not self.style.pictures:
            return 12 if self.upright else max(map(text_width, name.split("\n"))) + 14
        wide = text_width(name), text_width(self.end_shape(which))
        return SIDE if self.upright else max(SIDE, *wide)

    def paths(self) -> list[tuple[int, int]]:
        """(source, target) of every path that is not the line itself."""
        found, before = [], dict(zip(self.order[1:], self.order[:-1], strict=True))
        for i in self.order:
            direct = False
            for source, shape in self.parts[i].inputs:
                if source in self.ports:
                    continue
                if source == before.get(i) and shape == self.parts[source].shape and not direct:
                    direct = True
                else:
                    found.append((source, i))
        return found

    def side(self, source: int, target: int) -> int:
        """-1 for a path above the line, 1 for one below: sums and what takes the input have theirs above."""
        part = self.parts[target]
        again = part.kind == "conv" and part.runs > 1
        beside = self.order.index(target) - self.order.index(source) == 1
        given = self.parts[source].kind == "input" and part.kind == "box"
        added = part.kind == "sum" or given or again
        return -1 if added and not beside else 1

    def longest(self, side: int) -> tuple[int, int]:
        """The longest path on a side."""
        return max(
            (p for p in self.past if self.side(*p) == side), key=lambda p: p[1] - p[0], default=(-1, -1)
        )

    def find_arcs(self) -> list["Arc"]:
        """All paths, with their places."""
        ends = [(self.middle[a] + self.extent(a) / 2 + 6, self.middle[b]) for a, b in self.past]
        longest = max((end - start for start, end in ends), default=1)
        most = min(self.style.upright_rise if self.upright else self.style.rise, 24 + longest * 0.4)
        arcs, seen = [], {}
        for (a, b), (start, end) in zip(self.past, ends, strict=True):
            side, again = self.side(a, b), seen.get((a, b), -1) + 1
            seen[a, b] = again
            between = self.order[self.order.index(a) + 1 : self.order.index(b) + 1]
            lift = max(self.height(i) for i in between) / 2 + 3
            rise = 20 + (most - 20) * (end - start) / longest + 12 * again
            foot = self.height(b) / 2
            arcs.append(Arc(a, b, start, end, side * lift, side * (lift + rise), side * foot))
        return arcs
