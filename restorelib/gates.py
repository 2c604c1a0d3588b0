"""What the gates of a trained MemNet take: a link is cut, and a set is scored with the same weights.

A link hands one memory to one gate: B0, B1, ... of earlier blocks, or the recursions H1, H2, ... of the
gate's own block. A cut one hands on, in place of each of its maps, that map's mean over the picture: how
bright the map is stays, where it says what is gone.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from restorelib import output, runs
from restorelib.degrade import Degradation
from restorelib.evaluation import evaluate
from restorelib.networks.memnet import MemNet
from restorelib.sets import load_set

Link = tuple[int, str]  # the gate's block, from 1, and the memory that it takes


def memories_of(network: MemNet) -> list[str]:
    """All that a gate can take, in the order of `grid`'s columns: B0 ... B(M-1), H1 ... HR."""
    blocks, recursions = len(network.blocks), network.blocks[0].unit.recursions
    return [f"B{m}" for m in range(blocks)] + [f"H{r}" for r in range(1, recursions + 1)]


def links_of(network: MemNet) -> list[Link]:
    """All links, gate by gate, in the order in which a gate takes its maps."""
    return [
        (number, memory) for number in range(1, len(network.blocks) + 1) for memory in taken(network, number)
    ]


def taken(network: MemNet, number: int) -> list[str]:
    """The memories that the gate of a block, from 1, takes, in its order."""
    block, recursions = network.blocks[number - 1], network.blocks[0].unit.recursions
    long = [f"B{m}" for m in range(number)] if block.long_term else []
    return long + [f"H{r}" for r in range(1 if block.short_term else recursions, recursions + 1)]


def without(network: MemNet, link: Link) -> MemNet:
    """A copy of a network with memory gates in which one link is cut."""
    number, memory = link
    less, width = copy.deepcopy(network), network.extract[2].out_channels
    first = taken(network, number).index(memory) * width

    def cut(_, inputs: tuple[torch.Tensor]) -> torch.Tensor:
        maps = inputs[0].clone()
        these = maps[:, first : first + width]
        these[:] = these.mean((2, 3), keepdim=True)
        return maps

    less.blocks[number - 1].gate.weigh[2].register_forward_pre_hook(cut)
    return less


def weights(network: MemNet) -> dict[Link, float]:
    """How much a gate makes of a memory by its weights: the mean over the memory's maps.

    Of a map it is the norm of the weights that lead from it, as in the paper's figure 5, times the scale that
    the normalisation before them gives it, which the paper leaves out.
    """
    found, width = {}, network.extract[2].out_channels
    for number, block in enumerate(network.blocks, 1):
        norm, _, layer = block.gate.weigh
        each = layer.weight.detach().square().sum((0, 2, 3)).sqrt() * norm.weight.detach().abs()
        means = each.reshape(-1, width).mean(1).tolist()
        found |= {(number, memory): mean for memory, mean in zip(taken(network, number), means, strict=True)}
    return found


def gradients(network: MemNet, loss: Callable[[MemNet], torch.Tensor]) -> dict[Link, float]:
    """The norm of what `loss(network)` sends back through each link to the memory that it comes from."""
    found, hooks, width = {}, [], network.extract[2].out_channels
    for number, block in enumerate(network.blocks, 1):

        def note(_, to_inputs: tuple[torch.Tensor], __, number: int = number) -> None:
            parts = zip(taken(network, number), to_inputs[0].split(width, 1), strict=True)
            found.update({(number, memory): part.norm().item() for memory, part in parts})

        hooks.append(block.gate.weigh.register_full_backward_hook(note))
    loss(network).backward()
    for hook in hooks:
        hook.remove()
    return found


def measure(run: str, dataset: str, damage: Degradation) -> Path:
    """Score a run on a set with every link cut, one at a time; returns the file in `measured/`."""
    network, pictures = runs.load(run), load_set(dataset)
    whole = evaluate(network, pictures, damage)["psnr"]
    rows = []
    for number, memory in links_of(network):
        cut = evaluate(without(network, (number, memory)), pictures, damage)["psnr"]
        rows.append({"block": number, "memory": memory, "psnr": cut})
    about = {"run": run, "set": dataset, damage.key: damage.parameter}
    content = {**about, "psnr": whole, "cut": rows}
    _file(run).write_text(output.json_of(content) + "\n", encoding="utf-8")
    return _file(run)


def measured(run: str) -> dict:
    """What `measure` stored for a shipped run: the set, PSNR with all links, and with each one cut."""
    return json.loads(_file(run).read_text(encoding="utf-8"))


def lost(run: str) -> dict[Link, float]:
    """What each cut costs a shipped run, in dB."""
    content = measured(run)
    return {(row["block"], row["memory"]): content["psnr"] - row["psnr"] for row in content["cut"]}


def grid(network: MemNet, values: dict[Link, float]) -> np.ndarray:
    """Values as (blocks, memories) for a heat map; not a number where there is no link."""
    memories = memories_of(network)
    rows = np.full((len(network.blocks), len(memories)), np.nan)
    for (number, memory), value in values.items():
        rows[number - 1, memories.index(memory)] = value
    return rows


def _file(run: str) -> Path:
    return runs.MEASURED / f"gates-{run}.json"
