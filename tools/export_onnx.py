"""Write the network of the page "Restore a photo of your own" as ONNX: python tools/export_onnx.py [FILE]

The file holds the shipped run's weights in single precision and takes a small picture of any size. Its
metadata says which weights these are, so a test fails when the run was trained again and this was forgotten.
"""

import sys
from pathlib import Path

import torch
from torch import nn

from restorelib import runs

RUN, SCALE = "edsr-x2-quick", 2
FILE = Path(__file__).parents[1] / "book" / "_static" / f"{RUN}.onnx"


class Fixed(nn.Module):
    """A network that is no longer told how many times to enlarge."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        """Enlarge (1, 3, h, w) in [0, 1] to (1, 3, 2h, 2w)."""
        return self.network(small, SCALE)


def export(file: Path) -> None:
    """Write the network with one input, `small`, and one output, `restored`."""
    network = runs.load(RUN)
    program = torch.onnx.export(
        Fixed(network).eval(),
        (torch.rand(1, 3, 24, 40),),
        dynamo=True,
        verbose=False,
        input_names=["small"],
        output_names=["restored"],
        dynamic_shapes=({2: "height", 3: "width"},),
    )
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # where each node came from, as paths of this machine
    program.model.metadata_props["weights_sha256"] = network.record.weights_sha256
    program.save(file)


if __name__ == "__main__":
    export(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
