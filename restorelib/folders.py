"""Folders of pictures: every picture under a name of its own, or one line."""

from collections import Counter
from pathlib import Path

import numpy as np

from restorelib.errors import RestoreError
from restorelib.images import read

SUFFIXES = (".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


def visible(folder: Path, pattern: str = "*") -> list[Path]:
    """What lies in a folder, sorted, but for hidden files, such as the ._a.png that macOS leaves.

    Raises `RestoreError` if the folder can't be read.
    """
    try:
        next(folder.iterdir(), None)  # glob would find nothing in it and say nothing
        found = sorted(folder.glob(pattern))
    except OSError as error:
        raise RestoreError(f"{folder}: cannot be read ({error.strerror or error})") from None
    return [
        path for path in found if not any(part.startswith(".") for part in path.parts[len(folder.parts) :])
    ]


def read_folder(folder: Path) -> dict[str, np.ndarray]:
    """All pictures of a folder: name -> uint8 image.

    A picture is called by its file's name without the ending, or with it where that is another's name too.
    Raises `RestoreError` if there is none, or if one can't be read; sub-folders are not looked into.
    """
    files = [path for path in visible(folder) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise RestoreError(f"{folder}: holds no image ({', '.join(SUFFIXES)})")
    if folders := [path for path in files if path.is_dir()]:
        raise RestoreError(f"{folders[0]}: is a folder with the name of a picture; move or rename it")
    return {name: read(path) for name, path in zip(_names(files), files, strict=True)}


def _names(files: list[Path]) -> list[str]:
    """Names of the files, no two alike."""
    stems = Counter(path.stem for path in files)
    names = [path.stem if stems[path.stem] == 1 else path.name for path in files]
    # A stem may be a whole name: of a.png, a.bmp and a.png.png, two would be called a.png.
    return names if len(set(names)) == len(names) else [path.name for path in files]
