"""What is particular to the drawing of each paper's network: its boxes, its words, its colour."""

import base64
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from restorelib import images, sets
from restorelib.degrade import Bicubic, Degradation, Motion, Noise
from restorelib.diagrams.layout import Style
from restorelib.diagrams.parts import Part
from restorelib.diagrams.tracing import Step
from restorelib.evaluation import pair
from restorelib.networks.base import Restorer
from restorelib.networks.dmphn import DMPHN
from restorelib.networks.edsr import EDSR, SRResNet
from restorelib.networks.mdsr import MDSR
from restorelib.networks.memnet import MemNet
from restorelib.networks.mtrnn import MTRNN
from restorelib.networks.rednet import REDNet
from restorelib.networks.srcnn import SRCNN
from restorelib.networks.vdsr import VDSR


@dataclass(frozen=True)
class Inset:
    """What is enlarged below the whole.

    Attributes:
        title: what it is.
        find: the numbers of its steps, of all in a trace; if there are none, it is left out.
        enlarged: whether a part of the whole, by its number, belongs to it.
        style: of its line.
        acts: whether activations are parts of their own.
        boxes: kinds of modules that are drawn as one part.
        button: what opens it, if a network has several.
    """

    title: str
    find: Callable[[Sequence[Step]], set[int]]
    enlarged: Callable[[int, Sequence[Part]], bool]
    style: Style
    acts: bool = True
    boxes: Collection[str] = ()
    button: str = ""


@dataclass(frozen=True)
class Look:
    """How one paper's network is drawn.

    Attributes:
        name: of the network.
        caption: what to look for.
        day: the paper's colour on a light ground.
        night: the same on a dark one.
        damage: of the picture at the left end.
        style: of the whole line.
        boxes: kinds of modules that are drawn as one part.
        insets: what is enlarged, one at a time, of the steps of a trace.
        opened: the number of the inset that is shown first.
    """

    name: str = "The network"
    caption: str = "Every layer of the network."
    day: str = "#0069a8"
    night: str = "#5bb4ec"
    damage: Degradation = field(default_factory=lambda: Bicubic(3))
    style: Style = field(default_factory=lambda: Style(ends=("input", "output")))
    boxes: Collection[str] = ()
    insets: Callable[[Sequence[Step]], Sequence[Inset]] = lambda steps: ()
    opened: int = 0

    def filled(self, network: Restorer, ends: tuple[str, str]) -> "Look":
        """The look with the pictures at the ends."""
        return replace(self, style=replace(self.style, pictures=ends))


def run_of(name: str, number: int = 0) -> Callable[[Sequence[Step]], set[int]]:
    """The steps of the `number`-th run of a module, from 0."""
    return lambda steps: {
        i
        for i, step in enumerate(steps)
        if any((call.name, call.number) == (name, number) for call in step.calls)
    }


def second_layer(steps: Sequence[Step]) -> set[int]:
    """The second convolution, and what follows it; nothing if there is one only."""
    second = [i for i, step in enumerate(steps) if step.kind == "conv"][1:2]
    return {i for first in second for i in (first, first + 1)}


def innermost_pair(steps: Sequence[Step]) -> set[int]:
    """The layers before and behind the middle with their ReLUs and their sum; nothing if there is none."""
    kinds = [step.kind for step in steps]
    pair = ["conv", "act", "deconv", "act", "sum"]
    found = next((i for i in range(len(kinds)) if kinds[i : i + 5] == pair), None)
    return set() if found is None else set(range(found, found + 5))


def by_the_middle(i: int, parts: Sequence[Part]) -> bool:
    """Whether a part is the first transposed convolution or stands beside it."""
    kinds = [part.kind for part in parts]
    return "deconv" in kinds and abs(i - kinds.index("deconv")) < 2


BLUE = {"day": "#0069a8", "night": "#5bb4ec"}
ORANGE = {"day": "#b94700", "night": "#ff8f4d"}
GREEN = {"day": "#007a5a", "night": "#3ecf9e"}
PURPLE = {"day": "#9a3f7c", "night": "#e492c4"}
OCHRE = {"day": "#8a6200", "night": "#e3b341"}


def one(title: str, name: str, style: Style, **options) -> Callable[[Sequence[Step]], Sequence[Inset]]:
    """The first run of a module, enlarged."""
    inset = Inset(title, run_of(name), lambda i, parts: parts[i].name == name, style, **options)
    return lambda steps: [inset]


def memory_blocks(steps: Sequence[Step]) -> Sequence[Inset]:
    """Every memory block of MemNet, its recursion unrolled."""
    named = {call.name for step in steps for call in step.calls if call.kind == "MemoryBlock"}
    return [memory_block(number) for number in range(1, len(named) + 1)]


def memory_block(number: int) -> Inset:
    """The memory block with a number, from 1."""
    name, own = f"blocks.{number - 1}", f"block {number}"
    before = f"block {number - 1}" if number > 1 else "first layer"
    earlier = ["first layer", *(f"block {k}" for k in range(1, number - 1))] if number > 1 else []
    return Inset(
        f"memory {own}, its recursion unrolled, then its gate",
        run_of(name),
        lambda i, parts: parts[i].name.startswith(f"{name}."),
        Style(
            ends=(before, own),
            inputs=(before, *earlier),
            below=f"what the gate takes: {before}, and each recursion",
            sizes=True,
            rise=70,
        ),
        acts=False,
        button=own,
    )


RESIDUAL = Style(above="what comes in is added", ends=("{} maps", "{} maps"))

LOOKS: dict[type, Look] = {
    VDSR: Look(
        name="VDSR",
        caption="VDSR, drawn from the network itself, with one of its layers enlarged. What comes by the "
        "arc is added: the layers need to find only what the enlarged picture lacks.",
        style=Style(above="the picture itself, added at the end", ends=("enlarged", "restored")),
        insets=lambda steps: [
            Inset(
                "one of the layers between",
                second_layer,
                lambda i, parts: i == 2,
                Style(ends=("{} maps", "{} maps")),
            )
        ],
        **BLUE,
    ),
    SRCNN: Look(
        name="SRCNN",
        caption="SRCNN: three layers, and nothing goes past them.",
        style=Style(ends=("enlarged", "restored")),
        **BLUE,
    ),
    REDNet: Look(
        name="RED-Net",
        caption="RED-Net, drawn from the network itself. Filled bars are convolutions, hollow ones "
        "transposed convolutions. An arc hands the result of a layer past all layers between, to be added.",
        damage=Noise(50),
        style=Style(above="handed past the layers between, and added", ends=("noisy", "restored"), rise=130),
        insets=lambda steps: [
            Inset(
                "the innermost pair of layers, and what is handed past it",
                innermost_pair,
                by_the_middle,
                Style(ends=("{} maps", "{} maps"), above="handed on as it is"),
            )
        ],
        **ORANGE,
    ),
    SRResNet: Look(
        name="SRResNet",
        caption="SRResNet, drawn from the network itself, and one of its residual blocks.",
        damage=Bicubic(2, enlarge=False),
        boxes=("ResidualBlock",),
        style=Style(above="what the first layer made, added behind all blocks", ends=("small", "enlarged")),
        insets=one("one residual block", "body.1", RESIDUAL),
        **GREEN,
    ),
    EDSR: Look(
        name="EDSR",
        caption="EDSR, drawn from the network itself, and one of its residual blocks. The blocks work on the "
        "small picture; only the last layers see it enlarged.",
        damage=Bicubic(2, enlarge=False),
        boxes=("ResidualBlock",),
        style=Style(above="what the first layer made, added behind all blocks", ends=("small", "enlarged")),
        insets=one("one residual block", "body.1", RESIDUAL),
        **GREEN,
    ),
    MDSR: Look(
        name="MDSR",
        caption="MDSR, drawn from the network itself, and one of the residual blocks that all scales share. "
        "Each scale has an entrance and an exit of its own.",
        damage=Bicubic(2, enlarge=False),
        boxes=("ResidualBlock",),
        style=Style(
            ends=("small", "enlarged"),
            lanes={"pre_process": "2 residual\nblocks, 5×5", "upsample": "3×3,\nshuffle"},
            lanes_called=("×2", "×3", "×4"),
        ),
        insets=one("one of the residual blocks of the body", "body.1", RESIDUAL),
        **GREEN,
    ),
    MemNet: Look(
        name="MemNet",
        caption="MemNet, drawn from the network itself. Each box applies the same layers again and again; "
        "the gate behind it, a 1×1 convolution, weighs as many maps as the number above it says. Touch a "
        "box, and its recursion is unrolled below. The last layer makes a picture of every block's result, "
        "and Σ weighs these pictures.",
        boxes=("RecursiveUnit",),
        style=Style(
            widths={"RecursiveUnit": 50},
            above="the picture itself",
            below="long-term memory: a gate sees the results of all earlier blocks",
            ends=("damaged", "restored"),
        ),
        insets=memory_blocks,
        opened=1,
        **PURPLE,
    ),
    MTRNN: Look(
        name="MT-RNN",
        caption="MT-RNN, drawn from the network itself and unrolled: G is the same network every time. It "
        "takes the blurred picture, the last result, and two sets of maps from the pass before; these enter "
        "at 1×1 convolutions.",
        damage=Motion(13),
        boxes=("iterate",),
        style=Style(
            widths={"iterate": 44},
            faces={"iterate": "G"},
            above="the blurred picture, given to every pass",
            below="maps of the pass before",
            ends=("blurred", "restored"),
        ),
        insets=lambda steps: [
            Inset(
                "one pass, G",
                run_of("iterate", 1),
                lambda i, parts: parts[i].kind == "box" and i == 2,
                Style(
                    ends=("blurred,\nlast result", "result"),
                    inputs=("blurred", "last result", "maps 1", "maps 2"),
                    sizes=True,
                    rise=80,
                    upright_rise=88,
                ),
                acts=False,
                boxes=("LeakyBlock",),
            )
        ],
        **OCHRE,
    ),
    DMPHN: Look(
        name="DMPHN",
        caption="DMPHN, drawn from the network itself, from the finest level to the whole picture. Each "
        "level hands its picture and its maps to the next coarser one, where they are added.",
        damage=Motion(13),
        boxes=("Encoder", "Decoder"),
        style=Style(
            widths={"Encoder": 60, "Decoder": 60},
            pieces=True,
            ends=("blurred", "restored"),
        ),
        insets=one(
            "the encoder of the whole picture",
            "encoder_lv1",
            Style(ends=("picture", "maps"), sizes=True),
            acts=False,
        ),
        **OCHRE,
    ),
}


def look_of(network: Restorer) -> Look:
    """The look of a network's class, or of a class it is derived from."""
    return next((LOOKS[kind] for kind in type(network).__mro__ if kind in LOOKS), Look())


def pictures(network: Restorer, look: Look) -> tuple[str, str]:
    """A small damaged picture and what it should become, as addresses that hold them."""
    whole = Image.fromarray(sets.load_set("bundled")["coffee"][20:380, 110:470])
    cup = np.asarray(whole.resize((72, 72), Image.Resampling.BOX))
    clean, damaged = pair(cup, look.damage, network.channels, 4)
    return _address(images.to_image(damaged)), _address(images.to_image(clean))


def _address(image: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", quality=60, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
