"""Sets of gigabytes, fetched by one command: `restorelib data NAME`.

They come as zip files that their makers hand out. Before anything is fetched the disk is asked for room; a
download that broke off goes on where it stopped; the archive is checked, unpacked beside the place where it
belongs, and put there in one step, so that what is there is whole. `sets` reads it.
"""

import hashlib
import os
import re
import shutil
import stat
import time
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from tqdm.auto import tqdm

from restorelib.errors import RestoreError

# The makers' own addresses. GoPro's also lie at http://data.cv.snu.ac.kr:8008/webdav/dataset/GOPRO.
DIV2K = "https://data.vision.ee.ethz.ch/cvl/DIV2K"
GOPRO = "https://huggingface.co/datasets/snah/GOPRO_Large/resolve/main"
GOPRO_PAGE = "https://seungjunnah.github.io/Datasets/gopro"
# The videos that GoPro's makers keep for testing; the other 22 are for training.
GOPRO_TEST = (
    *("GOPR0384_11_00", "GOPR0384_11_05", "GOPR0385_11_01", "GOPR0396_11_00", "GOPR0410_11_00"),
    *("GOPR0854_11_00", "GOPR0862_11_00", "GOPR0868_11_00", "GOPR0869_11_00", "GOPR0871_11_00"),
    "GOPR0881_11_01",
)
ATTEMPTS = 5  # without a new byte
TIMEOUT = (10, 60)  # seconds, to connect and between two pieces of an answer
BLOCK = 1 << 16  # bytes that a break costs at most
# What zipfile raises for an archive that is no good, or wants a password or a compression unknown to it.
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
NO_DOWNLOADER = "to fetch pictures, pip install pooch"


@dataclass(frozen=True)
class Archive:
    """A zip file that becomes a folder of the same name.

    Args:
        url: its address.
        page: where its makers tell of it.
        size: its bytes. What is in it takes as many again, since pictures do not get smaller in a zip file.
        sha256: in hex; "" where nobody has noted it, which the first download then does.
        holds: patterns below its folder, each of which some picture has to fit.
        test: videos that belong into its folder `test`, should it hold all of them side by side.
    """

    url: str
    page: str
    size: float
    sha256: str
    holds: tuple[str, ...]
    test: tuple[str, ...] = ()


ARCHIVES = {
    "DIV2K_train_HR": Archive(
        f"{DIV2K}/DIV2K_train_HR.zip",
        DIV2K,
        3_530_603_713,
        "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
        ("*.png",),
    ),
    "DIV2K_valid_HR": Archive(
        f"{DIV2K}/DIV2K_valid_HR.zip",
        DIV2K,
        448_993_893,
        "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
        ("*.png",),
    ),
    "GOPRO_Large": Archive(
        f"{GOPRO}/GOPRO_Large.zip",
        GOPRO_PAGE,
        9.54e9,
        "24532c036712515cf33803704421311c91f6a080e76049d7e5e7fd22389f128e",
        ("train/*/sharp/*.png", "test/*/sharp/*.png"),
    ),
    "GOPRO_Large_all": Archive(
        f"{GOPRO}/GOPRO_Large_all.zip",
        GOPRO_PAGE,
        35e9,  # about: nobody has noted it
        "",
        ("train/*/*.png", "test/*/*.png"),
        GOPRO_TEST,
    ),
}


# ---------------------------------------------------------------- where sets lie


def places() -> list[Path]:
    """The folders that sets may lie in: RESTORELIB_DATA, then the cache. New ones go into the first."""
    told = [os.environ.get(variable) for variable in ("RESTORELIB_DATA", "RESTORELIB_CACHE")]
    if not told[1]:
        with suppress(ImportError):  # machines that only train carry their data and need no downloader
            import pooch

            told[1] = pooch.os_cache("restorelib")
    return [Path(place).expanduser() for place in told if place]


def find(name: str) -> Path | None:
    """The folder of a set or archive, None if it is in none of the `places`; nothing is fetched."""
    return next((place / name for place in places() if (place / name).is_dir()), None)


def gigabytes(name: str) -> str:
    """How much there is to fetch of an archive, such as "3.5 GB"."""
    return f"{ARCHIVES[name].size / 1e9:.2g} GB"


def brought(name: str) -> Path:
    """The folder of a set that is an archive or a folder of one.

    Raises `RestoreError` where it is not here: gigabytes are not fetched on the way to something else.
    """
    if folder := find(name):
        return folder
    archive = name.split("/")[0]
    raise RestoreError(f"{name}: is not here; restorelib data {archive} fetches it ({gigabytes(archive)})")


def fetch(name: str) -> Path:
    """The folder of the archive `name`, which is downloaded and unpacked unless it is here.

    What an interrupted call leaves beside it (NAME.zip.part, NAME.zip.whole) the next call makes use of.

    Raises `RestoreError` if the disk has too little room or cannot be written, the server cannot be reached
    or breaks off again and again, the archive is broken or would write elsewhere, or the folder lacks a part.
    """
    archive, folder = ARCHIVES[name], find(name)
    if folder is None:
        if not places():
            raise RestoreError(NO_DOWNLOADER)
        folder = places()[0] / name
        try:
            _bring(name, archive, folder)
        except OSError as error:
            raise RestoreError(f"{folder}: cannot be written ({error.strerror or error})") from None
    for pattern in archive.holds:
        if not any(folder.glob(pattern)):
            raise RestoreError(
                f"{folder}: holds no {pattern}; move it away, then restorelib data {name} fetches all of it"
            )
    return folder


def _bring(name: str, archive: Archive, folder: Path) -> None:
    """Download, check and unpack an archive as `folder`."""
    part, whole, note = (folder.with_name(f"{name}.zip.{end}") for end in ("part", "whole", "sha256"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not whole.exists():
        _need(2 * archive.size - _size(part), name, folder.parent)
        print(f"{name}: {gigabytes(name)} from {archive.url} into {folder.parent}")
        _download(name, archive, part)
        part.replace(whole)
    wanted = archive.sha256 or (note.read_text(encoding="utf-8") if note.is_file() else "")
    found = _digest(name, whole)
    if wanted and found != wanted:
        whole.unlink()
        changed = "" if archive.sha256 else f"; if its makers have changed it, remove {note} first"
        raise RestoreError(
            f"{name}: what was downloaded is broken (sha256 differs); the same command fetches it anew, "
            f"or see {archive.page}{changed}"
        )
    _unpack(name, archive, whole, folder)
    whole.unlink()
    if not wanted:  # only now, since unpacking finds damages too
        note.write_text(found, encoding="utf-8")
        print(f"{name}: nobody has noted its sha256 yet; from now on it has to be {found}")


def _need(size: float, name: str, place: Path) -> None:
    """Ask the disk of `place` for `size` bytes."""
    if (free := shutil.disk_usage(place).free) < size:
        raise RestoreError(
            f"{name}: needs {size / 1e9:.1f} GB in {place}, where {free / 1e9:.1f} are free; make room, or "
            "set RESTORELIB_DATA to a folder on a larger disk"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


# ---------------------------------------------------------------- downloading


def _download(name: str, archive: Archive, part: Path) -> None:
    """Make the file `part` whole, trying again as long as it grows."""
    try:
        import requests  # comes with pooch
    except ImportError:
        raise RestoreError(NO_DOWNLOADER) from None
    failures, most = 0, _size(part)
    while True:
        try:
            _go_on(name, archive.url, part)
            return
        except requests.RequestException as error:
            # A server that makes us begin anew each time must not keep us for ever.
            failures = 0 if _size(part) > most else failures + 1
            most = max(most, _size(part))
            status = error.response.status_code if error.response is not None else None
            if failures == ATTEMPTS or status in (401, 403, 404, 410):
                raise RestoreError(
                    f"{name}: could not be downloaded ({status or type(error).__name__}); the same command "
                    f"goes on from {_size(part) / 1e9:.2f} GB, or see {archive.page}"
                ) from None
            time.sleep(2**failures)


def _go_on(name: str, url: str, part: Path) -> None:
    """Ask the server for what `part` lacks; raises one of requests' errors if it is not whole afterwards."""
    import requests

    had = _size(part)
    headers = {"Accept-Encoding": "identity"}  # so that lengths are those of the file
    if had:
        headers["Range"] = f"bytes={had}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        span = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code == 416 and span and int(span[2]) == had:
            return  # there is nothing behind what we have
        if answer.status_code == 416 or (answer.status_code == 206 and not (span and span[1] == str(had))):
            part.unlink()
            raise requests.ConnectionError("what is here is no beginning of what is there")
        answer.raise_for_status()
        if answer.status_code != 206:  # the server sends all of it, whatever it was asked for
            had = 0
        told = answer.headers.get("Content-Length")
        total = had + int(told) if told else None
        with (
            open(part, "ab" if had else "wb") as file,
            _bar(f"fetching {name}", total, had) as bar,
        ):
            for block in answer.iter_content(BLOCK):
                bar.update(file.write(block))
    if total is not None and _size(part) < total:  # older versions of urllib3 do not notice
        raise requests.ConnectionError("the server broke off")


def _digest(name: str, path: Path) -> str:
    """The sha256 of a file, in hex, with a bar: it takes minutes for the largest."""
    digest = hashlib.sha256()
    with open(path, "rb") as file, _bar(f"checking {name}", _size(path)) as bar:
        while block := file.read(BLOCK):
            digest.update(block)
            bar.update(len(block))
    return digest.hexdigest()


def _bar(what: str, total: int | None, done: int = 0) -> tqdm:
    return tqdm(desc=what, total=total, initial=done, unit="B", unit_scale=True, leave=False)


# ---------------------------------------------------------------- unpacking


def _unpack(name: str, archive: Archive, whole: Path, folder: Path) -> None:
    """Unpack an archive beside `folder` and rename the result; one that is no good is removed."""
    aside = folder.with_name(f"{name}.unpacking")
    shutil.rmtree(aside, ignore_errors=True)  # of a call that was interrupted
    try:
        with zipfile.ZipFile(whole) as zipped:
            entries = zipped.infolist()
            _refuse_strange(entries)
            size = sum(entry.file_size for entry in entries)
            _need(size, name, folder.parent)
            with _bar(f"unpacking {name}", size) as bar:
                for entry in entries:
                    zipped.extract(entry, aside)
                    bar.update(entry.file_size)
    except DAMAGES as error:
        whole.unlink()
        shutil.rmtree(aside, ignore_errors=True)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RestoreError(
            f"{name}: what was downloaded cannot be unpacked ({reason}); the same command fetches it anew, "
            f"or see {archive.page}"
        ) from None
    _root(name, archive, aside).replace(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _refuse_strange(entries: list[zipfile.ZipInfo]) -> None:
    """Raise `zipfile.BadZipFile` if an entry is no file or folder below the one it is unpacked into."""
    for entry in entries:
        path = PureWindowsPath(entry.filename)  # which knows both kinds of slashes, and drives
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if path.anchor or ".." in path.parts:
            raise zipfile.BadZipFile(f"{entry.filename!r} leads out of its folder")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise zipfile.BadZipFile(f"{entry.filename!r} is a link or no file at all")


def _root(name: str, archive: Archive, aside: Path) -> Path:
    """The folder of what was unpacked that has the pictures where `archive.holds` wants them.

    Raises `RestoreError` if none has. Then the archive is kept: it is whole, and took long to fetch.
    """
    for root in (aside, *sorted(path for path in aside.glob("*") if path.is_dir())):
        if archive.test and all((root / video).is_dir() for video in archive.test):
            for video in sorted(root.glob("GOPR*")):
                kind = root / ("test" if video.name in archive.test else "train")
                kind.mkdir(exist_ok=True)
                video.rename(kind / video.name)
        if all(any(root.glob(pattern)) for pattern in archive.holds):
            return root
    raise RestoreError(
        f"{name}: its archive holds no {' and '.join(archive.holds)}; move what you find in {aside} to "
        f"{aside.with_name(name)} so that it does, or see {archive.page}"
    )
