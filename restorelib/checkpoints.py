"""Files that are always whole: safetensors and others, written so that nothing can spoil them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from restorelib.errors import RestoreError


def write_safely(path: Path, content: bytes) -> None:
    """Write a file under another name first and rename it, so that a kill or a full disk can't spoil it."""
    draft = path.with_suffix(".draft")
    try:
        with open(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RestoreError(f"{path}: cannot be written ({error.strerror or error})") from None


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str] | None = None) -> None:
    """Write a safetensors file; `path` always holds a whole file, the old one or the new one."""
    # A clone per tensor: safetensors wants plain memory, not channels_last.
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    write_safely(path, save(plain, about))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a safetensors file, and what was written about them.

    Raises `RestoreError` for a file that is cut short or is something else.
    """
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def read_about(path: Path) -> dict[str, str]:
    """What was written about the tensors of a file, without reading them; raises as `read_tensors`."""
    with _opened(path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise RestoreError(
            f"{path}: is damaged or no safetensors file ({error}); replace or remove it"
        ) from None


def joined(parts: Mapping[str, Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The tensors of several owners for one file, each name behind its owner's: "network.layers.0.bias"."""
    return {f"{owner}.{name}": tensor for owner, part in parts.items() for name, tensor in part.items()}


def parted(
    tensors: Mapping[str, torch.Tensor], owners: Sequence[str], path: Path
) -> list[dict[str, torch.Tensor]]:
    """What `joined` joined, for each owner; raises `RestoreError` for a tensor of a file that is of none."""
    parts: dict[str, dict[str, torch.Tensor]] = {owner: {} for owner in owners}
    for name, tensor in tensors.items():
        owner, _, key = name.partition(".")
        if owner not in parts:
            raise RestoreError(f"{path}: has the entry {name}, which this version does not know; remove it")
        parts[owner][key] = tensor
    return list(parts.values())


def misfit(tensors: Mapping[str, torch.Tensor], network: nn.Module) -> str | None:
    """What keeps tensors from being a network's weights, in words that continue "it"; None if nothing."""
    expected = network.state_dict()
    wrong = [
        *(f"lacks {name}" for name in expected if name not in tensors),
        *(f"has a {name}" for name in tensors if name not in expected),
        *(
            f"has a {name} of {tuple(x.shape)} in place of {tuple(expected[name].shape)}"
            for name, x in tensors.items()
            if name in expected and x.shape != expected[name].shape
        ),
    ]
    if not wrong:
        return None
    return wrong[0] + (f", and {len(wrong) - 1} more differences" if len(wrong) > 1 else "")
