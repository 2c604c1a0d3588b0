"""Sets of pictures by name: where they come from, their checksums, and what is at hand.

A set is a dictionary from name to image. Benchmark files are looked for in ``RESTORELIB_DATA``, then in the
cache (``RESTORELIB_CACHE``, or the operating system's folder for caches), and are then downloaded; every file
is checked against its sha256. Where nobody has noted that yet, the first download does, beside the file, and
says so. Sets of gigabytes are fetched by their names alone, see `downloads`.
"""

import csv
import hashlib
import os
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import quote

import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from restorelib.downloads import brought, places
from restorelib.errors import RestoreError
from restorelib.folders import read_folder, visible
from restorelib.images import read

# scikit-image ships these in its wheel, so they are there without a network.
BUNDLED = {
    "bundled": ("astronaut", "chelsea", "coffee", "rocket"),
    "bundled_train": ("motorcycle_left", "motorcycle_right", "camera", "coins", "brick", "grass", "gravel"),
}
# Sets of gigabytes, which nothing but `restorelib data` fetches; a set's name begins with its archive's.
LARGE = (
    *("DIV2K_train_HR", "DIV2K_valid_HR"),
    *("GOPRO_Large/train", "GOPRO_Large/test", "GOPRO_Large_all/train", "GOPRO_Large_all/test"),
)
# Temporal level n is the mean of the middle n of so many consecutive frames; 1 is sharp (MT-RNN paper).
LEVELS = (1, 3, 5, 7, 9, 11, 13)
# What a camera does to light before it stores it, as the makers of GoPro assume (Nah et al., CVPR 2017).
GAMMA = 2.2
# Sets whose pictures come with their blur, and the levels they are scored at; 0: what the camera recorded.
RECORDED = {
    "GoPro_samples": (0,),
    "GOPRO_Large/train": (0,),
    "GOPRO_Large/test": (0,),
    "DAVIS_clips": (7, 9, 11, 13),
    "GOPRO_Large_all/train": (7, 9, 11, 13),
    "GOPRO_Large_all/test": (7, 9, 11, 13),
}
# Grey sets made from colour ones: from which, and the factor that changes their sides. MATLAB's rgb2gray.
DERIVED = {
    "BSDS500_train-grey": ("BSDS500_train", 1.0),
    "BSD100-grey": ("BSD100", 1.0),
    "Kodak24-grey": ("Kodak24", 1.0),
    # The papers that score denoisers on 200 smaller pictures do not say by how much they are smaller.
    "BSD200": ("BSDS500_test", 1.0),
    "BSD200-half": ("BSDS500_test", 0.5),
}
# The beginning of a set, for methods that are slow: a picture has the place, and so the noise, it has there.
FIRST = {"BSD200-half-first20": ("BSD200-half", 20)}


@cache
def registry() -> dict[str, dict[str, dict[str, str]]]:
    """The files that can be fetched: set -> file -> {sha256, url}; the sha256 is "" where nobody knows it."""
    sets: dict[str, dict[str, dict[str, str]]] = {}
    with open(Path(__file__).parent / "checksums" / "files.tsv", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            url = f"https://raw.githubusercontent.com/{row['repo']}/{row['commit']}/{quote(row['path'])}"
            sets.setdefault(row["set"], {})[row["file"]] = {"sha256": row["sha256"], "url": url}
    return sets


def set_names() -> list[str]:
    """Names that `load_set` knows, the bundled ones first."""
    fetched = (name for name in registry() if name != "checkpoints")
    return [*BUNDLED, *fetched, "DAVIS_clips", *DERIVED, *FIRST]


def set_size(name: str) -> int:
    """How many pictures a set has whose name `set_names` lists; nothing is fetched."""
    if name in FIRST:
        return FIRST[name][1]
    files = BUNDLED[name] if name in BUNDLED else registry()[_source(name)]
    if name == "GoPro_samples":
        return len(files) // 2  # sharp and blurred
    if name == "DAVIS_clips":
        frames = Counter(file.split("_")[0] for file in files)
        return sum(many // LEVELS[-1] for many in frames.values())
    return len(files)


def load_set(name: str) -> dict[str, np.ndarray]:
    """Load a set by name ("bundled", "Set5", ...) or any folder of images: name -> uint8 image.

    Raises `RestoreError` when the name is unknown, the folder holds no image, or files cannot be had.
    """
    if name in BUNDLED:
        return {picture: _bundled(picture) for picture in BUNDLED[name]}
    if name in FIRST:
        source, many = FIRST[name]
        return dict(list(load_set(source).items())[:many])
    if name in DERIVED:
        source, factor = DERIVED[name]
        return {picture: _grey(image, factor) for picture, image in load_set(source).items()}
    if name in RECORDED:
        return _recorded(name)
    if name in registry() and name != "checkpoints":
        return {Path(file).stem: read(path) for file, path in locate_all(name).items()}
    folder = brought(name) if name in LARGE else Path(name)
    if not str(name).strip() or not os.path.isdir(folder):  # Path("") is the current folder
        known = ", ".join([*set_names(), *LARGE])
        raise RestoreError(f"{name or 'an empty name'}: neither a folder nor a known set; sets are {known}")
    return read_folder(folder)


def require(names: tuple[str, ...]) -> None:
    """Fetch the sets `names` if they are not here; raises `RestoreError` for one that can't be had.

    A set of gigabytes is not fetched on the way to something else: where it is missing, the error says how.
    """
    for name in names:
        if _source(name) in registry():
            locate_all(_source(name))
        if name in LARGE:
            brought(name)


def obtainable(names: tuple[str, ...], otherwise: str) -> tuple[str, ...]:
    """The sets `names` if every one can be had, else `otherwise` and one line that says why."""
    try:
        require(names)
    except RestoreError as error:
        print(f"{error}. Going on with the set '{otherwise}'.")
        return (otherwise,)
    return names


def at_hand() -> list[str]:
    """Names of the sets that lie whole in RESTORELIB_DATA or the cache; no file is read."""
    wanted = {**registry(), **{name: [""] for name in LARGE}}  # of the latter, the folder
    return [
        name
        for name, files in wanted.items()
        if name != "checkpoints"
        and any(all((place / name / file).exists() for file in files) for place in places())
    ]


def _source(name: str) -> str:
    """The set that holds the files of the set `name`."""
    if name == "DAVIS_clips":
        return "DAVIS_frames"
    name = FIRST.get(name, (name,))[0]
    return DERIVED[name][0] if name in DERIVED else name


def _grey(image: np.ndarray, factor: float) -> np.ndarray:
    picture = Image.fromarray(image).convert("L").convert("F")  # floats: no rounding between rows and columns
    size = [round(factor * side) for side in picture.size]
    resized = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
    return resized.round().clip(0, 255).astype(np.uint8)


def _bundled(name: str) -> np.ndarray:
    import skimage.data

    path = Path(skimage.data.__file__).parent / f"{name}.png"
    return read(path if path.exists() else path.with_suffix(".jpg"))


# ---------------------------------------------------------------- pictures that come with their blur


def temporal_levels(frames: torch.Tensor, linear: bool = True) -> torch.Tensor:
    """What a camera records that opens its shutter for the middle 1, 3, ... 13 of 13 sharp frames.

    Args:
        frames: (13, ...) in [0, 1], as a file holds them.
        linear: add light, as a sensor does; else add the stored values, which darkens what is bright for a
            short time.

    Returns:
        (7, ...) in [0, 1], rounded to 8 bits; the first is the middle frame.
    """
    light = frames**GAMMA if linear else frames
    middle = len(frames) // 2
    means = torch.stack([light[middle - n // 2 : middle + n // 2 + 1].mean(0) for n in LEVELS])
    return ((means ** (1 / GAMMA) if linear else means) * 255).round() / 255


def clips(frames: list[Path], shrink: int = 1, linear: bool = True) -> dict[str, np.ndarray]:
    """The temporal levels of a video, for every 13 frames that follow each other: (H, W, 21), sharp first.

    Args:
        frames: files called by their number.
        shrink: make frames so many times smaller first, which makes them sharper and their motion shorter.
        linear: as in `temporal_levels`.

    Raises `RestoreError` if a frame is missing or broken, has another size, or there are fewer than 13.
    """
    frames = sorted(frames)
    try:
        numbers = [int(path.stem.split("_")[-1]) for path in frames]
    except ValueError:
        strange = next(path for path in frames if not path.stem.split("_")[-1].isdecimal())
        raise RestoreError(f"{strange}: is not called by the number of a frame") from None
    for path, number, following in zip(frames, numbers, numbers[1:], strict=False):
        if following != number + 1:
            raise RestoreError(f"{path.parent}: there is no frame {number + 1} behind {path.name}")
    if len(frames) < LEVELS[-1]:
        raise RestoreError(f"{frames[0].parent}: has {len(frames)} frames of a video; 13 are needed")
    found = {}
    for first in range(0, len(frames) - LEVELS[-1] + 1, LEVELS[-1]):
        window = frames[first : first + LEVELS[-1]]
        pixels = [np.asarray(Image.fromarray(read(path)).reduce(shrink)) for path in window]
        for path, picture in zip(window, pixels, strict=True):
            if picture.ndim != 3 or picture.shape != pixels[0].shape:
                raise RestoreError(f"{path}: is not RGB, or not of the size of {window[0].name}")
        levels = temporal_levels(torch.from_numpy(np.stack(pixels)) / 255, linear)
        planes = (levels * 255).round().to(torch.uint8).permute(1, 2, 0, 3).flatten(2)
        found[f"{window[0].parent.name}-{window[LEVELS[-1] // 2].stem}"] = planes.numpy()
    return found


def _recorded(name: str) -> dict[str, np.ndarray]:
    """A set of `RECORDED`. GoPro's are laid out as they come: train/GOPR0372_07_00/000047.png."""
    if name == "GoPro_samples":
        files = locate_all(name)
        pairs = {file: file.replace("sharp", "blur") for file in files if "sharp" in file}
        return {sharp.split("_")[0]: _pair(files[sharp], files[blurred]) for sharp, blurred in pairs.items()}
    if name.startswith("GOPRO_Large/"):
        return _pairs(name)
    if name == "DAVIS_clips":
        videos: dict[str, list[Path]] = {}
        for file, path in locate_all(_source(name)).items():
            videos.setdefault(file.split("_")[0], []).append(path)
        made = [clips(paths, shrink=2) for paths in videos.values()]
        return {key.removeprefix("DAVIS_frames-"): clip for clip_of in made for key, clip in clip_of.items()}
    folders = [path for path in visible(brought(name)) if path.is_dir()]
    if not folders:
        raise RestoreError(f"{name}: holds no folder of frames, such as GOPR0372_07_00/000047.png")
    found = {}
    for folder in folders:
        frames = visible(folder, "*.png")
        if not frames:
            raise RestoreError(f"{folder}: holds no frame of a video, such as 000047.png")
        found |= clips(frames)
    return found


def _pairs(name: str) -> dict[str, np.ndarray]:
    """GOPRO_Large: of its two kinds of blur that of `blur`, which papers score; `blur_gamma` is not read."""
    sharp = visible(brought(name), "*/sharp/*.png")
    if not sharp:
        raise RestoreError(f"{name}: holds no sharp picture, such as GOPR0384_11_00/sharp/000001.png")
    return {
        f"{path.parts[-3]}-{path.stem}": _pair(path, path.parents[1] / "blur" / path.name) for path in sharp
    }


def _pair(sharp: Path, blurred: Path) -> np.ndarray:
    """(H, W, 6): a picture and how it was recorded."""
    pictures = [read(sharp), read(blurred)]
    if pictures[0].ndim != 3 or pictures[0].shape != pictures[1].shape:
        raise RestoreError(f"{blurred}: is not RGB, or not of the size of {sharp}")
    return np.concatenate(pictures, 2)


# ---------------------------------------------------------------- finding and fetching


def locate_all(name: str) -> dict[str, Path]:
    """Paths of all files of a registered set; raises `RestoreError` if what is missing can't be fetched."""
    return _locate(name, list(registry()[name]))


def locate(name: str, file: str) -> Path:
    """Path of one registered file, fetched if need be, as in `locate_all`."""
    return _locate(name, [file])[file]


def _locate(name: str, files: list[str]) -> dict[str, Path]:
    found = {file: _carried(name, file, registry()[name][file]["sha256"]) for file in files}
    if missing := [file for file, path in found.items() if path is None]:
        store = _store()
        for file in tqdm(missing, desc=f"fetching {name}", unit="file", leave=False):
            found[file] = _fetch(store, f"{name}/{file}")
        if any(store.registry[f"{name}/{file}"] is None for file in missing):
            print(f"{name}: nobody has noted its sha256 yet; from now on its files are checked against these")
    return found


def _carried(name: str, file: str, sha256: str) -> Path | None:
    if data := os.environ.get("RESTORELIB_DATA"):
        # Weights may lie beside the pictures rather than among them.
        for folder in (Path(data) / name, Path(data).parent / name):
            if (path := folder / file).is_file():
                if sha256 and file_digest(path) != sha256:
                    raise RestoreError(f"{path}: is not the file the benchmark uses (sha256 differs)")
                return path
    return None


def _store():
    """The cache as a `pooch.Pooch`, which calls files SET/FILE; nothing is read yet."""
    try:
        import pooch  # here, because machines that only train carry their data and need no downloader
    except ImportError:
        raise RestoreError("to fetch pictures, pip install pooch; or set RESTORELIB_DATA") from None
    pooch.get_logger().setLevel("WARNING")
    entries = {f"{name}/{file}": entry for name, files in registry().items() for file, entry in files.items()}
    return pooch.create(
        path=pooch.os_cache("restorelib"),
        base_url="",
        env="RESTORELIB_CACHE",
        registry={key: entry["sha256"] or None for key, entry in entries.items()},
        urls={key: entry["url"] for key, entry in entries.items()},
        retry_if_failed=2,
    )


def _fetch(store, key: str) -> Path:
    """A file of the store, downloaded if need be; the first download notes a sha256 that nobody knows."""
    note = store.abspath / f"{key}.sha256"
    try:
        note.parent.mkdir(parents=True, exist_ok=True)  # pooch fails if two processes do this at once
        if store.registry[key] is None and note.is_file():
            store.registry[key] = note.read_text(encoding="utf-8") or None
        path = Path(store.fetch(key))
        if store.registry[key] is None:
            note.write_text(file_digest(path), encoding="utf-8")
        return path
    except OSError as error:  # whatever requests raises is one
        reason = type(error).__name__
        raise RestoreError(
            f"{key} could not be downloaded ({reason}); check the network or set RESTORELIB_DATA"
        ) from None
    except ValueError:
        raise RestoreError(f"{key}: what was downloaded is broken (sha256); try again") from None


def file_digest(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
