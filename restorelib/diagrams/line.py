"""Parts drawn along a line, with arcs for what goes past others."""

from html import escape

from restorelib.diagrams import words
from restorelib.diagrams.canvas import LINE, text_width, wrapped
from restorelib.diagrams.layout import RADIUS, SIDE, TALL, Arc, Layout


class Line(Layout):
    """A line and all that stands on it and beside it."""

    def draw(self) -> None:
        """Draw everything, what lies below first."""
        self.draw_path()
        for arc in self.arcs:
            self.draw_arc(arc)
        self.draw_ports()
        for i in self.order:
            self.canvas.marks.append(f"<g class='part' data-p='{self.first + i}'>")
            if not self.upright:
                self.canvas.marks.append(f"<title>{escape(self.titles[i], quote=False)}</title>")
            self.draw_part(i)
            self.canvas.marks.append("</g>")
        self.draw_ends()
        self.draw_notes()
        self.draw_arc_words()

    def draw_path(self) -> None:
        """The line itself, from each part to the next where one feeds the other."""
        for a, b in zip(self.order[:-1], self.order[1:], strict=True):
            if any(source == a for source, _ in self.parts[b].inputs):
                self.canvas.path([(self.middle[a], 0), (self.middle[b], 0)], "path")
        self.draw_tip()

    def draw_tip(self) -> None:
        """The end of the line."""
        last, tip = self.middle[self.order[-1]], self.end - 2
        self.canvas.path([(last, 0), (tip, 0)], "path")
        self.canvas.path([(tip - 6, -4), (tip, 0), (tip - 6, 4)], "path")

    def draw_arc(self, arc: Arc) -> None:
        """A path past other parts, lit with the part where it ends."""
        kind = "skip" if self.parts[arc.target].kind == "sum" else "link"
        about = f" data-p='{self.first + arc.target}' data-from='{self.first + arc.source}'"
        self.canvas.arc(arc.start, arc.end, arc.lift, arc.rise, arc.foot, kind, about)

    def draw_part(self, i: int) -> None:
        """One part, as its kind is drawn."""
        part, s = self.parts[i], self.middle[i]
        along, across = self.extent(i), self.height(i)
        if part.kind == "input":
            if self.style.pictures:
                self.canvas.picture(s, 0, SIDE, self.style.pictures[0])
        elif part.kind == "sum":
            self.canvas.circle(s, 0, RADIUS, "sum")
            if len(part.inputs) == 1:
                self.canvas.words(s, 0, ["Σ"], "sign", middle=True)
            else:
                self.canvas.path([(s - 4, 0), (s + 4, 0)], "plus")
                self.canvas.path([(s, -4), (s, 4)], "plus")
        elif part.kind == "act":
            self.canvas.rectangle(s, 0, along, across, "act", 12)
            self.canvas.words(s, 0, [part.name], middle=True)
        elif part.kind == "box":
            self.draw_box(i, s, along)
        else:
            self.canvas.rectangle(s, 0, along, across, part.kind)

    def draw_box(self, i: int, s: float, along: float) -> None:
        """A block of layers, wide at the end where its maps are large."""
        part = self.parts[i]
        into, across = (
            self.unit(i) * (shape[1] / self.whole.side) ** 0.5 for shape in (part.into, part.shape)
        )
        if into == across:
            self.canvas.rectangle(s, 0, along, across, "box", 4)
        else:
            left, right, a, b = s - along / 2, s + along / 2, into / 2, across / 2
            self.canvas.shape([(left, -a), (right, -b), (right, b), (left, a)], "box")
            across = min(into, across)
        face = self.style.faces.get(part.noun)
        if face:
            self.canvas.words(s, 0, [face], "face", middle=True)
            return
        pitch = min(5.0, (along - 6) / part.layers)
        for n in range(part.layers):
            place = s + (n - (part.layers - 1) / 2) * pitch
            self.canvas.rectangle(place, 0, pitch * 0.55, across * 0.55, "conv", 1)
        if part.different < part.layers:
            back, foot = s - (part.layers - 1) / 2 * pitch, -across * 0.36
            ahead = s + (part.layers - 1) / 2 * pitch
            bend = [(ahead, foot), (ahead, foot - 8), (back, foot - 8), (back, foot)]
            self.canvas.path(bend, "loop", curved=True)
            self.canvas.path([(back - 3, foot - 4), (back, foot), (back + 3, foot - 4)], "loop")

    def draw_ports(self) -> None:
        """Results from outside that enter somewhere along the line."""
        for i in self.order[2:]:
            sources = {source for source, _ in self.parts[i].inputs}
            names = zip(self.ports, self.style.inputs[1:], strict=False)
            lines = words.several([name for port, name in names if port in sources])
            if not lines:
                continue
            far = -TALL / 2 - (4 if self.upright else 18 * len(lines))
            about = f" data-p='{self.first + i}'"
            places = [(self.middle[i], far), (self.middle[i], -self.height(i) / 2)]
            self.canvas.path(places, "link", about=about)
            self.canvas.words(self.middle[i], far - 3, lines, "own")

    def draw_ends(self) -> None:
        """What is at both ends of the line, and what it is called."""
        first = self.order[0]
        if self.style.pictures:
            self.canvas.picture(self.last, 0, SIDE, self.style.pictures[1])
            for which, s in enumerate((self.middle[first], self.last)):
                self.canvas.words(s, SIDE / 2 + 9, [self.end_name(which), self.end_shape(which)])
            return
        for which, (s, side) in enumerate(((self.middle[first], -1), (self.end, 1))):
            lines = self.end_name(which).split("\n")
            away = 0 if self.upright else side * (6 + max(map(text_width, lines)) / 2)
            self.canvas.words(s + away, 10 if self.upright else 0, lines, middle=not self.upright)

    def draw_notes(self) -> None:
        """What is written beside parts, where no arc passes; sizes stand in one row."""
        self.noted: list[tuple[float, float]] = []  # middle and half of the length of each note
        free = {n: self.free(*run) for n, run in enumerate(self.runs) if run[1]}
        for n, t in free.items():
            group, lines = self.runs[n]
            s, half = self.span(group, lines)
            self.noted.append((s, half))
            self.canvas.words(s, max(free.values()) if self.style.sizes else t, lines)

    def span(self, group: list[int], lines: list[str]) -> tuple[float, float]:
        """The middle and half the length of a note."""
        s = (self.middle[group[0]] + self.middle[group[-1]]) / 2
        if self.upright:
            return s, LINE * len(lines) / 2
        # Behind a gate paths leave the line: its note stands a little before it.
        return s - 9 * (self.parts[group[0]].kind == "join"), max(map(text_width, lines)) / 2

    def free(self, group: list[int], lines: list[str]) -> float:
        """How far from the line a note can stand."""
        near = max(self.height(i) for i in self.order) / 2 + 8
        s, half = self.span(group, lines)
        deep = max(map(text_width, lines)) if self.upright else LINE * len(lines) + 6
        tries = [near + extra for extra in range(0, 140, 6)]
        if not (self.upright or self.style.sizes):
            tries.insert(self.parts[group[0]].kind != "join", -near)
        return next((t for t in tries if not self.crossed(s, half, t, deep)), near)

    def crossed(self, s: float, half: float, t: float, deep: float) -> bool:
        """Whether an arc passes through the words beside a place."""
        low, high = sorted((t, t + (deep if t > 0 else -deep)))
        for arc in self.arcs:
            for k in range(41):
                u = k / 40
                along = arc.start + (arc.end - arc.start) * u * u * (3 - 2 * u)
                across = arc.lift + 4 * (arc.rise - arc.lift) * u * (1 - u)
                if abs(along - s) < half + 3 and low - 3 < across < high + 3:
                    return True
        return False

    def draw_arc_words(self) -> None:
        """What the highest arcs say."""
        tallest = max(self.height(i) for i in self.order) / 2
        for text, side in ((self.style.above, -1), (self.style.below, 1)):
            arcs = [arc for arc in self.arcs if arc.rise * side > 0]
            if not text or not arcs:
                continue
            arc = max(arcs, key=lambda arc: abs(arc.rise))
            if not self.upright:
                self.canvas.words((arc.start + arc.end) / 2, arc.rise + 5 * side, [text], "own")
            elif side < 0:
                summed = self.parts[arc.target].kind == "sum"
                s, t = (arc.end, RADIUS) if summed else (self.middle[self.order[1]], tallest)
                self.canvas.words(s, t + 8, wrapped(text, 22), "own")
            else:
                lines = wrapped(text, 18)
                s, half = (arc.start + arc.end) / 2, LINE * len(lines) / 2
                while any(abs(s - other) < half + more for other, more in self.noted):
                    s += 8
                self.canvas.words(s, arc.rise + 8, lines, "own")
