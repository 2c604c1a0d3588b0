"""Results as files: whether one can be written is known before it is computed, and none costs an older one.

A picture is encoded in memory, written under another name in the folder of its own, and renamed. So a full
disk, a kill or a format that can't hold it leave what was there.
"""

import io
import os
import secrets
import shutil
import struct
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from restorelib.errors import RestoreError
from restorelib.opening import one_line, to_srgb

# By the ending of the name: the format. Others, such as .ico and .gif, change the size or the colours.
KINDS = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".ppm": "PPM",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
}
# What is lost is not seen: JPEG without making colour coarser, WebP without any loss.
CHOICES = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
SIDE = {"JPEG": 65_500, "WEBP": 16_383, "BMP": 2**31 - 1, "PNG": 2**31 - 1}  # pixels a format can count
SIXTEEN = ("PNG", "TIFF")
NO_PROFILE = ("BMP", "PPM")
HELP = (
    "The ending of OUT says in which format: .png, .tif, .bmp, .ppm and .webp (lossless), or .jpg (quality "
    "95, 4:4:4). 16 bits a channel are kept in .png and .tif, and a colour profile in all but .bmp and .ppm, "
    "which get sRGB."
)


def check_target(path: str | Path, size: tuple[int, int] = (1, 1)) -> None:
    """Raise `RestoreError` if no picture of `size`, (height, width), could be written to `path`.

    Looks at the ending of the name, at the folder, and at the permission to write; leaves nothing behind.
    """
    _kind(path, size)
    try:
        target = _place(path)
        draft = _draft(target)
        open(draft, "xb").close()
        draft.unlink()
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None


def write_picture(path: str | Path, pixels: np.ndarray, profile: bytes | None = None) -> None:
    """Write a uint8 or uint16 picture, (H, W) or (H, W, 3), with the ICC profile its colours are meant in.

    What the format can't hold is converted: 16 bits to 8, which is said on stderr, other colours to sRGB.
    Raises `RestoreError` if it can't be written; a file that was there is then as it was.
    """
    kind = _kind(path, pixels.shape[:2])
    if pixels.dtype == np.uint16 and kind not in SIXTEEN:
        print(f"{path}: {kind} holds 8 bits a channel: the 16 of the picture are rounded.", file=sys.stderr)
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    try:
        content = _encoded(kind, *_fitting(path, kind, pixels, profile))
        replace_file(_place(path), content)
    except RestoreError:
        raise
    except MemoryError:
        raise RestoreError(f"{path}: cannot be written (there is not enough memory)") from None
    except Exception as error:  # encoders fail in many ways, too
        raise _refused(path, error) from None


def replace_file(path: Path, content: bytes) -> None:
    """Give a file new content, all or nothing; it keeps its permissions. Raises `OSError`."""
    draft = _draft(path)
    try:
        with open(draft, "xb") as file:
            if path.exists():
                shutil.copymode(path, draft)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink()  # there is one only if something went wrong


def _kind(path: str | Path, size: tuple[int, int]) -> str:
    """The format of a file by its name, if that can hold a picture of `size`."""
    kind = KINDS.get(Path(path).suffix.lower())
    if kind is None:
        raise RestoreError(f"{path}: cannot be written (its name must end in {', '.join(KINDS)})")
    if max(size) > SIDE.get(kind, max(size)):
        raise RestoreError(
            f"{path}: cannot be written ({kind} holds {SIDE[kind]} pixels a side, this is "
            f"{size[1]}x{size[0]}; take .png)"
        )
    return kind


def _place(path: str | Path) -> Path:
    """Where a file really lies, behind all links; raises `OSError` if it may not be written."""
    place = Path(os.path.realpath(path))
    if not place.parent.is_dir():
        raise OSError(f"there is no folder {place.parent}")
    try:
        place.lstat()  # a name that is too long is an error, and not only nowhere
    except FileNotFoundError:
        return place
    if not place.is_file():
        raise OSError("it is a folder" if place.is_dir() else "it is no regular file")
    if not place.stat().st_mode & 0o222 or not os.access(place, os.W_OK):
        raise OSError("it is write-protected")
    return place


def _draft(place: Path) -> Path:
    return place.parent / f".{secrets.token_hex(8)}.draft"  # nobody's file


def _refused(path: str | Path, error: Exception) -> RestoreError:
    return RestoreError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or one_line(error)})")


# ---------------------------------------------------------------- encoding


def _fitting(
    path: str | Path, kind: str, pixels: np.ndarray, profile: bytes | None
) -> tuple[np.ndarray, bytes | None]:
    """Pixels and profile such that the one fits the other, and both the format."""
    if profile is None:
        return pixels, None
    if profile[16:20] == b"GRAY" and pixels.ndim == 3:  # a network for RGB restored a grey picture
        pixels = pixels.mean(2).round().astype(pixels.dtype)
    if kind not in NO_PROFILE:
        return pixels, profile
    converted = to_srgb(Image.fromarray(pixels), profile, path)
    return np.asarray(converted.convert("L") if pixels.ndim == 2 else converted), None


def _encoded(kind: str, pixels: np.ndarray, profile: bytes | None) -> bytes:
    if pixels.dtype == np.uint16:
        return (_png16 if kind == "PNG" else _tiff16)(pixels, profile)
    buffer = io.BytesIO()
    options = {"icc_profile": profile} if profile else {}
    Image.fromarray(pixels).save(buffer, kind, **CHOICES.get(kind, {}), **options)
    return buffer.getvalue()


def _tiff16(pixels: np.ndarray, profile: bytes | None) -> bytes:
    import tifffile  # comes with scikit-image; most pictures need no second encoder

    buffer = io.BytesIO()
    colours = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(buffer, pixels, photometric=colours, iccprofile=profile, metadata=None)
    return buffer.getvalue()


def _png16(pixels: np.ndarray, profile: bytes | None) -> bytes:
    """A PNG of 16 bits a channel, grey or RGB, which Pillow can't write in colour (W3C PNG, 5 and 11)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    above = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))  # filter 2: less what stands above
    filtered = np.insert(above, 0, 2, axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    meaning = chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile)) if profile else b""
    body = chunk(b"IHDR", header) + meaning + chunk(b"IDAT", zlib.compress(filtered)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
