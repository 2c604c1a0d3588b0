"""From steps to what is drawn: layers and what follows them, boxes, sums, and whose results enter where."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from restorelib.diagrams.tracing import Call, Step

Edge = tuple[int, tuple[int, ...]]  # the number of a part, and the (channels, height, width) it hands on


@dataclass
class Part:
    """Something that is drawn, or written in the list of parts.

    Attributes:
        kind: "input", "conv", "deconv", "join" (a 1x1 convolution of several maps), "sum", "act" or "box".
        name: of its module; of an "act", what it is called.
        shape: (channels, height, width) of its result.
        into: the same of what it works on, if it is a layer or a box.
        inputs: whose results enter.
        noun: of a "box", what kind of module it is.
        layers: how many (transposed) convolutions it is or runs.
        different: how many of them have weights of their own.
        kernel: side of a layer's kernel.
        channels: of a layer, in and out.
        stride: of a layer.
        before: what stands between its inputs and it, such as "ReLU".
        after: what stands directly behind it.
        weights: how many numbers it learns.
        operations: multiplications for one picture, of all its runs.
        runs: how often the same module is used side by side, for instance on pieces of a picture.
        same: the number of an earlier part with the same weights.
    """

    kind: str
    name: str
    shape: tuple[int, ...]
    into: tuple[int, ...] = ()
    inputs: list[Edge] = field(default_factory=list)
    noun: str = ""
    layers: int = 0
    different: int = 0
    kernel: int = 0
    channels: tuple[int, int] = (0, 0)
    stride: int = 1
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    weights: int = 0
    operations: int = 0
    runs: int = 1
    same: int | None = None


def parts_of(
    steps: Sequence[Step],
    boxes: Collection[str] = (),
    within: Collection[int] | None = None,
    acts: bool = False,
) -> list[Part]:
    """The parts that steps make up, in the order of computation.

    Args:
        steps: a whole trace.
        boxes: kinds of modules that become one part each.
        within: numbers of the steps to look at, or all; results of others become parts "input".
        acts: whether activations and the like are parts of their own.
    """
    return in_order(_Assembly(steps, boxes, within, acts).parts)


def in_order(parts: list[Part]) -> list[Part]:
    """The parts with each behind all that it takes from, and else as they were."""
    order: list[int] = []
    while len(order) < len(parts):
        ready = (
            i for i, part in enumerate(parts) if i not in order and {n for n, _ in part.inputs} <= {*order}
        )
        order.append(next(ready))
    now = {before: place for place, before in enumerate(order)}
    for part in parts:
        part.inputs = [(now[source], shape) for source, shape in part.inputs]
        part.same = now.get(part.same)
    return [parts[i] for i in order]


class _Assembly:
    def __init__(self, steps, boxes, within, acts):
        self.steps, self.boxes, self.acts = steps, boxes, acts
        self.within = range(len(steps)) if within is None else set(within)
        self.parts: list[Part] = []
        self.behind: list[set[int]] = []  # part -> all parts that it depends on
        self.edges: dict[int, list[Edge]] = {}  # step -> the parts whose results it hands on
        self.waiting: dict[int, list[int]] = {}  # step -> those that changed its results on the way
        self.box_of: dict[tuple, int] = {}  # run of a boxed module -> part
        self.held: dict[int, set[str]] = {}  # box -> its layers
        self.paid: set[int] = set()  # the steps between parts whose weights are counted
        self.root = self.roots()
        self.uses = Counter(self.root[i] for n in self.within for i in steps[n].inputs)
        for number in sorted(self.within):
            self.take(number, steps[number])

    def roots(self) -> list[int]:
        """For every step the one whose very result it is."""
        roots = []
        for number, step in enumerate(self.steps):
            same = step.kind == "pass" and len(step.inputs) == 1 and step.shape == self.shape(step)
            roots.append(roots[step.inputs[0]] if same else number)
        return roots

    def shape(self, step: Step) -> tuple[int, ...]:
        return self.steps[step.inputs[0]].shape

    def take(self, number: int, step: Step) -> None:
        """Find or make the part of a step."""
        before = list(dict.fromkeys(act for i in step.inputs for act in self.waiting.get(i, ())))
        edges = list(dict.fromkeys(edge for i in step.inputs for edge in self.from_step(i)))
        box = next((call for call in step.calls if call.kind in self.boxes), None)
        several = len(edges) > 1 or (step.label in ("sum", "mean") and self.parts[edges[0][0]].runs > 1)
        if box:
            place = self.put_into_box(box, step, edges)
        elif step.kind in ("conv", "deconv", "input"):
            place = self.layer(step, edges)
        elif step.kind == "sum" and several:
            after = [step.label] if step.label.startswith("×") else []
            place = self.add(Part("sum", "", step.shape, after=after), edges)
        elif step.kind == "act" and self.acts:
            place = self.add(Part("act", step.label, step.shape), edges)
        else:
            self.hand_on(number, step, edges, before)
            return
        self.edges[number] = [(place, step.shape)]
        self.pay(place, before, self.parts[place].before)

    def pay(self, place: int, acts: list[int], labels: list[str]) -> None:
        """Say of a part what stands before or behind it; what that learns is learned there."""
        labels += [label for label in self.labels(acts) if label not in labels]
        self.parts[place].weights += sum(self.steps[act].weights for act in acts if act not in self.paid)
        self.paid |= set(acts)

    def labels(self, acts: list[int]) -> list[str]:
        return list(dict.fromkeys(self.steps[act].label for act in acts))

    def from_step(self, number: int) -> list[Edge]:
        """What hands on the result of a step; a step outside becomes an input."""
        if number not in self.edges:
            outside = self.root[number]
            if outside not in self.edges:
                shape = self.steps[number].shape
                self.edges[outside] = [(self.add(Part("input", "", shape), []), shape)]
            self.edges[number] = self.edges[outside]
        return self.edges[number]

    def hand_on(self, number: int, step: Step, edges: list[Edge], before: list[int]) -> None:
        """A step that is no part: what it does is said of the part before it, or waits for the next one."""
        self.edges[number], self.waiting[number] = edges, before
        if step.kind != "act":
            return
        (place, _), *others = edges
        part, uses = self.parts[place], self.uses[self.root[step.inputs[0]]]
        if others or before or uses > 1 or part.kind in ("input", "box"):
            self.waiting[number] = [*before, number]
        else:
            part.shape = step.shape
            self.pay(place, [number], part.after)
        if not others:
            self.edges[number] = [(place, step.shape)]

    def layer(self, step: Step, edges: list[Edge]) -> int:
        """The part of a layer; one that runs side by side with itself is one part."""
        name = step.calls[-1].name if step.calls else ""
        twins = [i for i, part in enumerate(self.parts) if part.name == name and part.layers]
        for twin in twins:
            if not any(self.depends(source, twin) for source, _ in edges):
                return self.again(twin, step, edges)
        out, into, kernel = (*step.weight, 0, 0, 0)[:3]
        channels = (out, into) if step.kind == "deconv" else (into, out)
        about = {"layers": int(step.kind != "input"), "kernel": kernel, "channels": channels, "different": 1}
        part = Part(step.kind, name, step.shape, stride=step.stride, **about)
        part.into = self.shape(step) if step.inputs else ()
        part.weights, part.operations = step.weights, step.operations
        part.same = twins[0] if twins else None
        return self.add(part, edges)

    def again(self, part: int, step: Step, edges: list[Edge]) -> int:
        self.parts[part].operations += step.operations
        self.parts[part].runs += 1
        for source, _ in edges:
            if self.parts[source].after == self.parts[part].before:
                self.parts[source].after = []  # as in the first run, it is what stands before this part
        self.join(part, edges)
        return part

    def put_into_box(self, box: Call, step: Step, edges: list[Edge]) -> int:
        """The box of a module's run, which now holds this step too."""
        if (box.name, box.number) not in self.box_of:
            sources = [edge[0] for i in self.from_outside(box) for edge in self.from_step(i)]
            twins = [i for i, part in enumerate(self.parts) if part.name == box.name]
            free = [i for i in twins if not any(self.depends(source, i) for source in sources)]
            if not free:
                part = Part(
                    "box",
                    box.name,
                    step.shape,
                    noun=box.kind,
                    runs=0,
                    into=self.shape(step),
                    same=(*twins, None)[0],
                )
                free = [self.add(part, [])]
            self.box_of[box.name, box.number] = free[0]
            self.parts[free[0]].runs += 1
        place = self.box_of[box.name, box.number]
        part = self.parts[place]
        part.operations += step.operations
        part.shape = step.shape
        part.weights += step.weights
        if step.kind in ("conv", "deconv") and part.runs == 1:
            part.layers += 1
            self.held.setdefault(place, set()).add(step.calls[-1].name)
            part.different = len(self.held[place])
        self.join(place, [edge for edge in edges if edge[0] != place])
        return place

    def from_outside(self, box: Call) -> set[int]:
        """The earlier steps whose results a run of a module takes."""
        own = [number for number in self.within if box in self.steps[number].calls]
        return {i for number in own for i in self.steps[number].inputs if i < min(own)}

    def add(self, part: Part, edges: list[Edge]) -> int:
        """Add a part; a sum of the same parts as an earlier one is that one."""
        if part.kind == "sum":
            for i, other in enumerate(self.parts):
                if other.kind == "sum" and {n for n, _ in other.inputs} == {n for n, _ in edges}:
                    other.runs += 1
                    return i
        self.parts.append(part)
        self.behind.append(set())
        self.join(len(self.parts) - 1, edges)
        return len(self.parts) - 1

    def join(self, part: int, edges: list[Edge]) -> None:
        """Let results enter a part."""
        inputs = self.parts[part].inputs
        inputs += [edge for edge in edges if edge not in inputs]
        for source, _ in edges:
            self.behind[part] |= {source} | self.behind[source]
        layer = self.parts[part]
        if layer.kind == "conv" and layer.kernel == 1 and len({source for source, _ in inputs}) > 1:
            layer.kind = "join"

    def depends(self, part: int, on: int) -> bool:
        return part == on or on in self.behind[part]
