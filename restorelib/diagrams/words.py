"""What a drawing says in words: of every part, of all of it, and in its folded list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from itertools import groupby

from restorelib.diagrams.parts import Part

NOUNS = {
    "ResidualBlock": "residual block",
    "RecursiveUnit": "recursions of memory block",
    "DenseUnit": "dense unit",
    "LeakyBlock": "residual block",
    "Encoder": "encoder",
    "Decoder": "decoder",
    "iterate": "pass",
}
LAYERS = {"conv": "convolution", "deconv": "transposed convolution", "join": "convolution"}


@dataclass(frozen=True)
class Whole:
    """What shares are shares of: the traced picture's side, and all multiplications and layers."""

    side: int
    operations: int
    layers: int


def size(shape: tuple[int, ...], whole: Whole) -> str:
    """Channels, height and width, the latter as parts of the input's: "64 × H/2 × W/2"."""
    channels, *sides = shape
    return " × ".join(
        [str(channels), *(_times(letter, x, whole) for letter, x in zip("HW", sides, strict=True))]
    )


def _times(letter: str, pixels: int, whole: Whole) -> str:
    share = Fraction(pixels, whole.side)
    times = "" if share.numerator == 1 else str(share.numerator)
    return f"{times}{letter}" + (f"/{share.denominator}" if share.denominator > 1 else "")


def names(parts: Sequence[Part], inputs: Sequence[str] = ("input",)) -> list[str]:
    """What parts are called: layers by their place in the network, others by their number."""
    found, counts, depth = [], {}, 0
    for part in parts:
        noun = {"box": NOUNS.get(part.noun, part.noun), "input": "input"}.get(part.kind, part.kind)
        counts[noun] = number = counts.get(noun, 0) + 1
        if part.kind == "input":
            found.append(inputs[min(number, len(inputs)) - 1])
        elif part.kind == "act":
            found.append(part.name)
        elif part.kind in LAYERS:
            found.append(f"layer {depth + 1}")
        else:
            found.append(f"{noun} {number}")
        depth += part.layers
    return found


def several(called: Sequence[str]) -> list[str]:
    """Names that stand together, a line for each; those that differ in a number share one: "blocks 1–3"."""
    lines = []
    for stem, group in groupby(called, lambda name: name.rstrip("0123456789")):
        first, *_, last = [*group] * 2
        lines.append(first if first == last else f"{stem.strip()}s {first[len(stem) :]}–{last[len(stem) :]}")
    return lines


def kind(part: Part) -> str:
    """What a part computes, in words."""
    after = f", then {', '.join(part.after)}" if part.after else ""
    before = f" after {', '.join(part.before)}" if part.before else ""
    if part.kind in LAYERS:
        stride = f", stride {part.stride}" if part.stride > 1 else ""
        into, out = part.channels
        return f"{part.kernel}×{part.kernel} {LAYERS[part.kind]} {into} → {out}{stride}{before}{after}"
    if part.kind == "box":
        repeated = f", {part.different} with weights of their own" if part.different < part.layers else ""
        return f"{part.layers} layers" + ("" if part.same is not None else repeated)
    return {"sum": "sum", "input": "input"}.get(part.kind, part.name) + before + after


def takes(part: Part, called: Sequence[str]) -> str:
    """Whose results enter a part."""
    sources = list(dict.fromkeys(called[i] for i, _ in part.inputs))
    return " and ".join([", ".join(sources[:-1]), sources[-1]] if len(sources) > 1 else sources)


def describe(place: int, parts: Sequence[Part], called: Sequence[str], whole: Whole) -> str:
    """All that is known of a part, in a line."""
    part = parts[place]
    said = [f"{called[place]}: {kind(part)}"]
    if part.kind == "sum":
        several = len(part.inputs) > 1
        of = f" adds {takes(part, called)}" if several else f" of all {parts[part.inputs[0][0]].runs}"
        said = [called[place] + of + (f", with {', '.join(part.after)}" if part.after else "")]
    elif len({i for i, _ in part.inputs}) > 1:
        said.append(f"takes {takes(part, called)}")
    if part.runs > 1:
        said.append(f"used {part.runs} times")
    said.append(f"result {size(part.shape, whole)}")
    if part.same is not None:
        said.append(f"the weights of {called[part.same]}")
    elif part.weights:
        said.append(f"{part.weights:,} parameters")
    if part.operations:
        said.append(f"{share(part.operations, whole)} of the operations")
    line = "; ".join(said)
    return line[0].upper() + line[1:]


def share(operations: int, whole: Whole) -> str:
    """What share of all multiplications these are."""
    percent = 100 * operations / whole.operations
    return f"{percent:.1f} %" if percent >= 0.05 else "below 0.1 %"


def alike(parts: Sequence[Part]) -> Iterator[list[int]]:
    """Numbers of neighbours that can be spoken of together, less the sums among them."""
    numbers = [i for i, part in enumerate(parts) if part.kind != "sum"]
    for _, group in groupby(numbers, lambda i: (signature(parts[i]), parts[i].kind == "input" and i)):
        yield list(group)


def signature(part: Part) -> tuple:
    """What neighbours have in common that are spoken of together."""
    about = part.kind, part.noun, part.layers, part.kernel, part.channels, part.stride, part.shape
    return (*about, part.same is None and part.weights, *part.after)


def structure(parts: Sequence[Part], called: Sequence[str]) -> str:
    """A network's layers in order and what joins them otherwise, as sentences."""
    said = []
    for group in alike(parts):
        first, last = called[group[0]], called[group[-1]].split()[-1]
        if parts[group[0]].kind != "input":
            one = f"{first}: {kind(parts[group[0]])}"
            several = f"{first} to {last}, {len(group)} in all, each: {kind(parts[group[0]])}"
            said.append(one if len(group) == 1 else several)
    for part in parts:
        if part.kind == "sum" and len(part.inputs) > 1:
            said.append(f"added: {takes(part, called)}")
        elif part.kind in ("join", "box") and len({i for i, _ in part.inputs}) > 1:
            said.append(f"{called[parts.index(part)]} takes {takes(part, called)}")
    return ". ".join(line[0].upper() + line[1:] for line in said) + "."


def table(parts: Sequence[Part], called: Sequence[str], whole: Whole, caption: str = "") -> str:
    """The folded list: a row for every part, or for neighbours that are alike."""
    rows = []
    groups = [*alike(parts), *([i] for i, part in enumerate(parts) if part.kind == "sum")]
    for group in sorted(groups):
        first, part = called[group[0]], parts[group[0]]
        name = first if len(group) == 1 else f"{first} to {called[group[-1]].split()[-1]}"
        what = f"adds {takes(part, called)}" if part.kind == "sum" else kind(part)
        if part.kind != "sum" and len(group) == 1 and len({i for i, _ in part.inputs}) > 1:
            what += f"; takes {takes(part, called)}"
        weights = sum(parts[i].weights for i in group)
        spent = sum(parts[i].operations for i in group)
        percent = share(spent, whole) if spent else ""
        cells = (name, what, size(part.shape, whole), f"{weights:,}" if weights else "", percent)
        rows.append("<tr>" + "".join(f"<td>{escape(cell, quote=False)}</td>" for cell in cells) + "</tr>")
    heads = ("part", "what it is", "result", "parameters", "operations")
    head = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    caption = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<table class='rl-table'>{caption}{body}</table>"
