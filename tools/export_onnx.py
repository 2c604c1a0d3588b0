"""Write the networks of the page "Restore a photo of your own": python tools/export_onnx.py [RUN ...]

Without a run it writes all of `RUNS`, else these alone. Each becomes a file of ONNX in book/_static/try/, and
the list of them that the page reads, `networks.js`, is written anew. To offer another run, name it in `RUNS`.

A file takes pictures whose sides `multiple` divides. Its metadata says which weights it has, so a test fails
when a run was trained again and this was forgotten.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.export import Dim

from restorelib import runs
from restorelib.degrade import Bicubic, Degradation, Jpeg, Motion, Noise

# Run -> what the page calls it. Where two of one name mend the same damage, the page takes the first.
RUNS = {
    "srcnn-reduced": "SRCNN",
    "vdsr-quick": "VDSR",
    "vdsr-depth10-seed0-quick": "VDSR",
    "edsr-x2-quick": "EDSR",
    "edsr-x3-reduced": "EDSR",
    "edsr-x4-reduced": "EDSR",
    "red10-x2-quick": "RED10",
    "red10-noise10-quick": "RED10",
    "red10-noise30-quick": "RED10",
    "red10-noise50-quick": "RED10",
    "red10-noise70-quick": "RED10",
    "red20-noise10-quick": "RED20",
    "red20-noise30-quick": "RED20",
    "red20-noise50-quick": "RED20",
    "red20-noise70-quick": "RED20",
    "memnet-quick": "MemNet",
    "memnet-noise-quick": "MemNet",
    "memnet-jpeg-quick": "MemNet",
    "mtrnn-one-step-longer-seed0-quick": "One step",
    "mtrnn-quick": "MT-RNN",
}
FOLDER = Path(__file__).parents[1] / "book" / "_static" / "try"
KINDS = {Bicubic: "shrunk", Noise: "noise", Jpeg: "jpeg", Motion: "shake"}  # as the page calls them
LEAST = 64  # weights of a tensor for which half precision is worth a node of its own


class Answering(nn.Module):
    """A network as the page asks it: no scale to be told, and what led to the result stands behind it."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, damaged: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Restore (1, C, H, W) in [0, 1]; any pictures on the way come as (pictures, C, H, W)."""
        if not self.network.takes_enlarged:
            return self.network(damaged, *self.network.scales)
        if not (self.network.iterates or self.network.supervised):
            return self.network(damaged)
        *steps, restored = self.network(damaged, every=True)
        return (restored, torch.cat(steps)) if steps else restored


def step_names(network: nn.Module) -> list[str]:
    """What the page calls the pictures on the way."""
    if network.iterates:
        return [f"after step {i + 1}" for i in range(network.iterations - 1)]
    return [f"from block {i + 1}" for i in range(len(network.blocks))] if network.supervised else []


def skips(network: nn.Module) -> list[tuple[int, int]]:
    """From which layer to which the skips lead that a reader may cut, in the order of their additions."""
    sources = getattr(network, "sources", {})
    return [(sources[end], end) for end in sorted(sources)]


def export(network: nn.Module, file: Path) -> None:
    """Write a network with the outputs `restored` and, if it has any, `steps`.

    Its input is `damaged`; with skips there is another, `skips`, a factor for each: 1 keeps it, 0 cuts it.
    """
    m = network.multiple
    sides = [m * Dim(name) if m > 1 else Dim.DYNAMIC for name in ("rows", "columns")]
    program = torch.onnx.export(
        Answering(network).eval(),
        (torch.rand(1, network.channels, 24 * m, 40 * m),),
        dynamo=True,
        verbose=False,
        input_names=["damaged"],
        output_names=["restored", "steps"][: 2 if step_names(network) else 1],
        dynamic_shapes=(dict(zip((2, 3), sides, strict=True)),),
    )
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]  # where each node came from, as paths of this machine
    del model.graph.value_info[:]
    let_cut(model, skips(network))
    store_halves(model)
    model.metadata_props.add(key="weights_sha256", value=network.record.weights_sha256)
    onnx.save(model, file)


def let_cut(model: onnx.ModelProto, found: list[tuple[int, int]]) -> None:
    """Put the factor `skips[i]` before the i-th addition, whose second input comes by a skip."""
    if not found:
        return
    additions = [node for node in model.graph.node if node.op_type == "Add"][: len(found)]
    for i, addition in enumerate(additions):
        index, factor, kept = (f"{name}_{i}" for name in ("index", "factor", "kept"))
        model.graph.initializer.append(numpy_helper.from_array(np.array(i), index))
        gather = onnx.helper.make_node("Gather", ["skips", index], [factor])
        multiply = onnx.helper.make_node("Mul", [addition.input[1], factor], [kept])
        addition.input[1] = kept
        place = list(model.graph.node).index(addition)
        for node in (multiply, gather):
            model.graph.node.insert(place, node)
    factors = onnx.helper.make_tensor_value_info("skips", onnx.TensorProto.FLOAT, [len(found)])
    model.graph.input.append(factors)


def store_halves(model: onnx.ModelProto) -> None:
    """Store in half precision what that holds exactly; it is turned to single before anything is computed."""
    for tensor in model.graph.initializer:
        values, name = numpy_helper.to_array(tensor), tensor.name
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.dtype == np.float32 and values.size >= LEAST and (halves == values).all():
            tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}.half"))
            cast = onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
            model.graph.node.insert(0, cast)


def mends(task: tuple[Degradation, ...]) -> list[dict]:
    """The damages of a task as the page names them."""
    return [{"kind": KINDS[type(damage)], "level": damage.parameter} for damage in task]


def listed(folder: Path) -> list[dict]:
    """What the page knows of each network."""
    entries, taken = [], set()
    for run, name in RUNS.items():
        network, file = runs.load(run), folder / f"{run}.onnx"
        paper = network.record.network
        offered = [damage for damage in mends(network.record.task) if (name, *damage.values()) not in taken]
        taken.update((name, *damage.values()) for damage in offered)
        entries.append(
            {
                "run": run,
                "name": name,
                "paper": paper if (runs.BOOK / f"{paper}.ipynb").exists() else "",
                "mends": offered,
                "channels": network.channels,
                "enlarges": not network.takes_enlarged,
                "reach": network.reach,
                "multiple": network.multiple,
                "steps": step_names(network),
                "skips": skips(network),
                # From the second step on onnxruntime-web 1.30 is wrong on a graphics card.
                "processor": network.iterates and network.iterations > 1,
                "parameters": network.record.parameters,
                "file": file.name,
                "bytes": file.stat().st_size,
                "record": runs.address(run),
            }
        )
    return entries


def write_list(folder: Path) -> None:
    """Write `networks.js`."""
    entries = json.dumps(listed(folder), indent=2)
    text = f"// Written by tools/export_onnx.py.\n\nexport const NETWORKS = {entries};\n"
    (folder / "networks.js").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for run in sys.argv[1:] or RUNS:
        export(runs.load(run), FOLDER / f"{run}.onnx")
        print(run, flush=True)
    write_list(FOLDER)
