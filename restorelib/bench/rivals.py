"""What `restorelib.bench` compares a training with: a step with nothing around it, and a DataLoader.

The book trains with neither; the public toolboxes feed their networks with such a DataLoader.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from restorelib.machine import FORMATS, best_precision
from restorelib.networks import build
from restorelib.objectives import loss_of
from restorelib.patches import Patches
from restorelib.recipe import Recipe


def bare_step(recipe: Recipe, pair: tuple[torch.Tensor, torch.Tensor]) -> Callable[[], None]:
    """A training step with nothing but network, loss and optimiser, on one batch."""
    degraded, clean = pair[0].contiguous(memory_format=torch.channels_last), pair[1]
    network = build(recipe.network, **recipe.options)
    network = network.to(degraded.device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)
    kind = FORMATS[best_precision()]

    def step() -> None:
        with torch.autocast(degraded.device.type, kind, enabled=kind != torch.float32):
            loss = loss_of(recipe, network, degraded, clean)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


class Decoding(Dataset):
    """Random crops as the public toolboxes make them: decode a file, crop, flip, for every patch."""

    def __init__(self, files: list[Path], side: int, channels: int):
        self.files, self.side = files, side
        self.mode = "L" if channels == 1 else "RGB"

    def __len__(self) -> int:
        return 10**9

    def __getitem__(self, index: int) -> torch.Tensor:
        random = np.random.default_rng(index)
        with Image.open(self.files[random.integers(len(self.files))]) as file:
            picture = np.array(file.convert(self.mode))
        top = random.integers(picture.shape[0] - self.side + 1)
        left = random.integers(picture.shape[1] - self.side + 1)
        crop = picture[top : top + self.side, left : left + self.side]
        if random.random() < 0.5:
            crop = crop[:, ::-1]
        crop = np.rot90(crop, random.integers(4)).reshape(self.side, self.side, -1)
        return torch.from_numpy(crop.copy()).permute(2, 0, 1).float() / 255


def decoding_loader(pictures: list[np.ndarray], folder: Path, patches: Patches, batch: int) -> DataLoader:
    """A DataLoader over the pictures that `patches` are cut from, with a worker for each processor.

    It gives batches of clean crops, (N, C, side, side) in [0, 1], as wide as `patches` cuts them with their
    margins. The pictures are stored as PNG files in `folder`, which is made; too small ones are left out.
    """
    folder.mkdir()
    side = patches.cuts[0].full
    files = []
    for i, picture in enumerate(pictures):
        if min(picture.shape[:2]) >= side:
            files.append(folder / f"{i}.png")
            Image.fromarray(picture).save(files[-1])
    dataset = Decoding(files, side, patches.channels)
    return DataLoader(dataset, batch, num_workers=processors(), pin_memory=torch.cuda.is_available())


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
