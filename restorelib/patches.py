"""Endless random training batches, made on the device that trains.

All pictures are decoded once into one flat uint8 buffer on the device. A patch of any picture, in any of the
eight orientations, is the set of addresses  base + u * step_u + v * step_v, so a whole batch is one gather.
Degraded patches are made from clean ones on the device, with a margin that is cut off afterwards; where a
degradation works on whole pictures, they lie degraded in a buffer of their own, at the same addresses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from restorelib.degrade import Degradation
from restorelib.errors import RestoreError
from restorelib.images import luma, to_image, to_tensor
from restorelib.sets import LEVELS


@dataclass(frozen=True)
class Incremental:
    """Targets a little sharper from one iteration to the next (MT-RNN paper).

    A batch enters at a temporal level drawn at random. Each iteration aims `step` levels lower, down to
    `last`; then it iterates on, 1 to 3 times, with that target again. Among the numbers of these that keep
    the total between `least` and `most` all are equally likely; how the authors draw is not known. All
    iterations of a batch make one update; their losses are averaged.

    Args:
        entries: levels to enter at.
        step: levels between the targets of one iteration and the next (table 3); 12 aims at `last` at once.
        last: lowest level there is to learn from; 1 is sharp, more are imperfect ground truth (table 6).
        least, most: iterations of a batch.
    """

    entries: tuple[int, ...] = (13, 11, 9, 7)
    step: int = 2
    last: int = 1
    least: int = 5
    most: int = 7

    def plan(self, seed: int, step: int) -> tuple[int, list[int]]:
        """The level that batch number `step` enters at, and the target's level of every iteration."""
        random = np.random.default_rng((seed, step))  # the same in every process, which wait for each other
        entry = int(random.choice(self.entries))
        ways = [*range(entry - self.step, self.last, -self.step), self.last]
        low = max(self.least, min(len(ways) + 1, self.most))
        total = int(random.integers(low, max(low, min(len(ways) + 3, self.most)) + 1))
        return entry, (ways + self.most * [self.last])[:total]


class Patches:
    """Pairs (degraded, clean) of random patches.

    ``batch(step)`` depends on nothing but the seed, the rank and the step: a resumed training draws what the
    unbroken one would have drawn, and every process of a parallel training draws something else.

    Args:
        pictures: clean uint8 images.
        degradations: one or more; a batch mixes them in equal shares, or has one of them at random if their
            results differ in size.
        size: side of a degraded patch in pixels; the clean one is `shrink` times as large.
        batch: patches in a batch.
        channels: 1 for luma, 3 for RGB.
        seed, rank: what the random draws depend on.
        device: where the buffer lives and batches are made.
        incremental: gives a batch one target for each iteration of a network; the first degradation makes all
            temporal levels.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        degradations: Sequence[Degradation],
        size: int,
        batch: int,
        channels: int = 1,
        seed: int = 0,
        rank: int = 0,
        device: torch.device | str = "cpu",
        incremental: Incremental | None = None,
    ):
        self.batch_size, self.channels, self.incremental = batch, channels, incremental
        self.seed, self.rank = seed, rank
        self.generator = torch.Generator(device)
        alike: dict[int, list[Degradation]] = {}
        for degradation in degradations:
            alike.setdefault(degradation.shrink, []).append(degradation)
        self.cuts = [_Cut(group, size * shrink) for shrink, group in alike.items()]

        full = max(cut.full for cut in self.cuts)
        planes = [_planes(picture, channels) for picture in pictures]
        if len({p.shape[2] for p in planes}) > 1:
            raise RestoreError("pictures that come with their blur can't be mixed with others in a training")
        planes = [p for p in planes if min(p.shape[:2]) >= full]
        if not planes:
            raise RestoreError(f"no training picture has {full}x{full} pixels, which a patch needs")
        sizes = torch.tensor([p.shape[:2] for p in planes])
        starts = torch.tensor([0] + [p.shape[0] * p.shape[1] for p in planes]).cumsum(0)
        self.pixels = _flat(planes).to(device)
        self.degraded = {
            d: _flat([_degraded(p[..., :channels], d) for p in planes]).to(device)
            for d in degradations
            if d.once
        }
        self.width = sizes[:, 1].to(device)
        self.start = starts[:-1].to(device)
        # A picture is drawn in proportion to the number of patches it holds.
        self.places = {cut.full: (sizes - cut.full + 1).prod(1).cumsum(0).to(device) for cut in self.cuts}

    def addresses(self, step: int, full: int) -> torch.Tensor:
        """Where the patches of batch `step` lie in the buffer, with their margins: (batch, full, full)."""
        mixed = np.random.SeedSequence((self.seed, self.rank, step)).generate_state(1, np.uint64)
        self.generator.manual_seed(int(mixed[0]))
        n, places, device = self.batch_size, self.places[full], self.pixels.device
        place, symmetry = torch.rand(2, n, generator=self.generator, device=device, dtype=torch.float64)
        place = (place * places[-1]).long()
        image = torch.searchsorted(places, place, right=True)
        place = place - torch.where(image > 0, places[image - 1], 0)
        width = self.width[image]
        columns = width - full + 1
        top, left = place // columns, place % columns

        symmetry = (symmetry * 8).long()
        swap, flip_u, flip_v = symmetry % 2 == 1, symmetry // 2 % 2 == 1, symmetry // 4 == 1
        step_u, step_v = torch.where(swap, 1, width), torch.where(swap, width, 1)
        base = self.start[image] + top * width + left
        base = base + (full - 1) * (torch.where(flip_u, step_u, 0) + torch.where(flip_v, step_v, 0))
        step_u, step_v = torch.where(flip_u, -step_u, step_u), torch.where(flip_v, -step_v, step_v)

        run = torch.arange(full, device=device)
        return base[:, None, None] + run[:, None] * step_u[:, None, None] + run * step_v[:, None, None]

    def clean(self, addresses: torch.Tensor) -> torch.Tensor:
        """The clean patches at `addresses`, with their margins: (batch, channels, full, full) in [0, 1].

        Channels of recorded blur follow, where pictures come with it.
        """
        return _gather(self.pixels, addresses)

    def batch(self, step: int, clean: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The pair (degraded, clean) number `step`, (batch, channels, side, side) each, in [0, 1].

        With `incremental`, the second is (iterations, batch, channels, side, side).

        Args:
            step: what the random draws depend on.
            clean: patches with their margins, as the method `clean` gives them, from another source.
        """
        if self.incremental:
            entry, targets = self.incremental.plan(self.seed, step)
            levels = self.levels(step, clean)
            return levels[LEVELS.index(entry)], levels[[LEVELS.index(level) for level in targets]]
        cut = self.cuts[0]
        if len(self.cuts) > 1:  # the same in every process, whose gradients are averaged
            cut = self.cuts[np.random.default_rng((self.seed, step)).integers(len(self.cuts))]
        addresses = self.addresses(step, cut.full)
        clean = self.clean(addresses) if clean is None else clean
        shares = [slice(i, None, len(cut.degradations)) for i in range(len(cut.degradations))]
        degraded = [
            _gather(self.degraded[d], addresses[share]) if d.once else d(clean[share], self.generator)
            for d, share in zip(cut.degradations, shares, strict=True)
        ]
        clean = torch.cat([clean[share] for share in shares])[:, : self.channels]
        return cut.inner(torch.cat(degraded), cut.shrink), cut.inner(clean)

    def levels(self, step: int, clean: torch.Tensor | None = None) -> torch.Tensor:
        """Every temporal level of batch number `step`, (levels, batch, channels, side, side), sharp first.

        `clean` is as in `batch`.
        """
        cut = self.cuts[0]
        addresses = self.addresses(step, cut.full)
        clean = self.clean(addresses) if clean is None else clean
        return cut.inner(cut.degradations[0].levels(clean, self.generator))


class _Cut:
    """How patches are cut for degradations whose results have the same size."""

    def __init__(self, degradations: list[Degradation], size: int):
        self.degradations, self.size = degradations, size
        self.shrink = degradations[0].shrink
        # Patches carry the margin of the widest degradation, rounded up to a size all of them can shrink.
        self.margin = max(d.margin for d in degradations)
        multiple = int(np.lcm.reduce([d.multiple for d in degradations]))
        self.full = -(-(size + 2 * self.margin) // multiple) * multiple

    def inner(self, x: torch.Tensor, shrink: int = 1) -> torch.Tensor:
        """Clean or (`shrink` times smaller) degraded patches without their margins."""
        inner = slice(self.margin // shrink, (self.margin + self.size) // shrink)
        return x[..., inner, inner].contiguous()


def _planes(picture: np.ndarray, channels: int) -> torch.Tensor:
    """A uint8 image as (H, W, channels), as luma or RGB; planes of recorded blur stay behind."""
    if channels == 1 and picture.ndim == 3:
        picture = to_image(luma(to_tensor(picture, torch.float64)))
    pixels = torch.from_numpy(np.array(picture))
    pixels = pixels.reshape(*picture.shape[:2], -1)
    return pixels.expand(-1, -1, max(channels, pixels.shape[2]))


def _degraded(plane: torch.Tensor, degradation: Degradation) -> torch.Tensor:
    """A whole uint8 picture (H, W, channels), degraded."""
    picture = degradation(plane.permute(2, 0, 1)[None] / 255)
    return (picture[0] * 255).round().byte().permute(1, 2, 0)


def _flat(planes: Sequence[torch.Tensor]) -> torch.Tensor:
    """Pictures (H, W, channels), one after the other: (channels, pixels of all)."""
    # One plane a channel: gathering single bytes is several times as fast as gathering triples.
    return torch.cat([plane.flatten(0, 1) for plane in planes]).T.contiguous()


def _gather(pixels: torch.Tensor, addresses: torch.Tensor) -> torch.Tensor:
    """Patches (batch, channels, side, side) in [0, 1] from the bytes at `addresses`."""
    drawn = [plane.index_select(0, addresses.flatten()).view_as(addresses) for plane in pixels]
    return torch.stack(drawn, 1).float().div_(255)
