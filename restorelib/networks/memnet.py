"""MemNet (Tai et al., "MemNet: A Persistent Memory Network for Image Restoration", ICCV 2017)."""

import torch
from torch import nn

from restorelib.blocks import (
    DenseUnit,
    HighwayGate,
    MeanGate,
    activated,
    computed,
    conv,
    recomputed,
    start_at_zero,
)
from restorelib.errors import RestoreError
from restorelib.networks.base import Restorer


class RecursiveUnit(nn.Module):
    """A residual block applied again and again; all its outputs H^1 ... H^R are kept (section 3.2).

    Args:
        width: channels.
        recursions: R.
        shared: the same two convolutions in all recursions, else two for each.
        shared_norms: the same two batch normalisations too. The authors' release has two for each recursion.
    """

    def __init__(self, width: int, recursions: int, shared: bool, shared_norms: bool):
        super().__init__()
        convs, norms = (1 if same else recursions for same in (shared, shared_norms))
        self.convs = nn.ModuleList(nn.ModuleList(conv(width, width) for _ in range(2)) for _ in range(convs))
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2)) for _ in range(norms)
        )
        self.recursions = recursions
        self.widths = recursions * [width]

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The short-term memory of (N, width, H, W): R tensors of its shape."""
        kept = []
        # In mixed precision the sum of all recursions is kept in full, and what layers read of it is not.
        path, x = x.to(torch.promote_types(x.dtype, torch.float32)), computed(x)
        for r in range(self.recursions):
            first, second = self.convs[r % len(self.convs)]
            norm, next_norm = self.norms[r % len(self.norms)]
            path = path + second(torch.relu_(next_norm(first(torch.relu_(norm(x))))))
            x = computed(path)
            kept.append(x)
        return kept


class MemoryGate(nn.Module):
    """A 1x1 convolution that weighs the maps of both memories (section 3.2)."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.weigh = activated(inputs, width, 1)

    def forward(self, long: tuple[torch.Tensor, ...], short: list[torch.Tensor]) -> torch.Tensor:
        """The block's output; the long-term maps stand first, as in the authors' release."""
        return self.weigh(torch.cat([*long, *short], 1))


class MemoryBlock(nn.Module):
    """A unit that remembers its steps, and a gate that weighs them against earlier blocks (section 3.2)."""

    def __init__(self, unit: nn.Module, gate: nn.Module, long_term: bool, short_term: bool):
        super().__init__()
        self.unit, self.gate = unit, gate
        self.long_term, self.short_term = long_term, short_term

    def forward(self, *memory: torch.Tensor) -> torch.Tensor:
        """B_m from B_0 ... B_(m-1), all (N, width, H, W)."""
        short = self.unit(memory[-1])
        return self.gate(memory if self.long_term else (), short if self.short_term else short[-1:])


class MemNet(Restorer):
    """Memory blocks whose gates see every earlier block and every recursion (section 3, figures 1 to 3).

    Maps a damaged picture (N, 1, H, W) in [0, 1] to the restored one of the same shape; for super-resolution
    the picture comes enlarged. M blocks of R recursions are 2 + M (2 R + 1) layers deep. Weights start as the
    authors' do, with a variance of two over the number of inputs to a sum.

    Args:
        blocks: M.
        recursions: R.
        width: channels between layers.
        supervised: reconstruct a picture after every block and put out their sum, with learned weights
            (section 3.3); else reconstruct the last block alone.
        output_weight: where each of these weights starts: None for 1/M; 1 in the authors' release.
        long_term: gates see the earlier blocks; without, this is the paper's MemNet_NL (section 5.2).
        short_term: gates see all recursions; without, only the last one, the paper's MemNet_NS.
        gate: "memory", a weight for every map; "highway", one for every pixel and channel; or "mean", none.
        unit: "recursive", or "dense" for blocks as in DenseNet, which with ``long_term=False`` this then is.
        shared: recursions share their convolutions.
        shared_norms: recursions share their batch normalisation as well. Not in the paper.
        zero_last: start the reconstruction at zero, so that training starts at the input. Not in the paper.
        checkpoint: keep only what enters each block and compute the rest again for the gradients: a training
            takes less memory and more time, and comes to the same weights.
    """

    channels = 1

    def __init__(
        self,
        blocks: int = 6,
        recursions: int = 6,
        width: int = 64,
        supervised: bool = True,
        output_weight: float | None = None,
        long_term: bool = True,
        short_term: bool = True,
        gate: str = "memory",
        unit: str = "recursive",
        shared: bool = True,
        shared_norms: bool = False,
        zero_last: bool = False,
        checkpoint: bool = False,
    ):
        super().__init__()
        for name, option, choices in (("gate", gate, GATES), ("unit", unit, UNITS)):
            if option not in choices:
                raise RestoreError(f"MemNet has no {name} '{option}'; choose {' or '.join(choices)}")
        if gate == "highway" and not (long_term and short_term):
            raise RestoreError("a highway gate has no memories to leave out; keep long_term and short_term")
        if unit == "dense" and gate != "memory":
            raise RestoreError("the maps of a dense unit differ in width; take the gate 'memory'")
        self.extract = activated(1, width)
        self.blocks = nn.ModuleList()
        for m in range(1, blocks + 1):
            if unit == "dense":
                body = DenseUnit(width, 2 * recursions, width // 8)  # about as many weights
            else:
                body = RecursiveUnit(width, recursions, shared, shared_norms)
            short = sum(body.widths if short_term else body.widths[-1:])
            if gate == "memory":
                weigh = MemoryGate(short + m * width * long_term, width)
            else:
                weigh = HighwayGate(width) if gate == "highway" else MeanGate()
            self.blocks.append(MemoryBlock(body, weigh, long_term, short_term))
        outputs = blocks if supervised else 1
        # One reconstruction for all blocks, with a normalisation for each, as in the authors' release.
        self.output_norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(outputs))
        self.reconstruct = conv(width, 1)
        if supervised:
            start = 1 / blocks if output_weight is None else output_weight
            self.output_weight = nn.Parameter(torch.full((blocks,), start))
        self.supervised, self.checkpoint = supervised, checkpoint
        self.reach = 2 + 2 * blocks * recursions
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if zero_last:
            start_at_zero(self.reconstruct)

    def forward(self, damaged: torch.Tensor, every: bool = False) -> torch.Tensor:
        """Restore (N, 1, H, W); with `every`, all predictions y_1 ... y_M and y as (M + 1, N, 1, H, W)."""
        memory = [self.extract(damaged)]
        for block in self.blocks:
            memory.append((recomputed(block, block) if self.checkpoint else block)(*memory))
        outputs = zip(self.output_norms, memory[-len(self.output_norms) :], strict=True)
        predictions = torch.stack(
            [damaged + self.reconstruct(torch.relu(norm(output))) for norm, output in outputs]
        )
        if not self.supervised:
            return predictions[0]
        final = (self.output_weight.view(-1, 1, 1, 1, 1) * predictions).sum(0)
        return torch.cat([predictions, final[None]]) if every else final


GATES = ("memory", "highway", "mean")
UNITS = ("recursive", "dense")

NETWORKS = {"memnet": MemNet}
