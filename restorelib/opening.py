"""Files of pictures: each is read rightly, or refused in one line.

Pillow decodes. It keeps 8 of 16 bits without a word and takes planes of 16 bits for noise, so what has more
than 8 bits goes its own way here.
"""

import io
import logging
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from restorelib.errors import RestoreError

# Formats whose kinds of files are known here; of others Pillow may hide bits or pages.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
# What Pillow opens that holds the same in another order, and what that is turned to.
ALIKE = {"1": "L", "P": "RGB", "RGBX": "RGB", "PA": "RGBA", "RGBa": "RGBA", "La": "LA"}
# Tags of TIFF (and of Exif, which is one).
BITS, PHOTOMETRIC, ORIENTATION, PLANAR, SAMPLES = 258, 262, 274, 284, 339


@dataclass(frozen=True)
class Picture:
    """What a file holds.

    Attributes:
        pixels: (H, W) when grey, (H, W, 3) when RGB; uint8 or uint16.
        profile: the ICC profile that says which colours they mean; None: sRGB.
    """

    pixels: np.ndarray
    profile: bytes | None = None


def one_line(error: Exception) -> str:
    """What an error says, or its kind if it says nothing, in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def open_picture(path: str | Path) -> Picture:
    """Read one picture, all of its bits.

    Palettes are resolved, black-and-white becomes grey, an opaque alpha channel is dropped, the camera's
    rotation is applied, and CMYK becomes sRGB through the profile in the file.

    Raises `RestoreError` for what no picture can be made of without guessing: transparency, several frames
    or pages, CMYK without a profile, floats, and whatever a decoder stumbles over.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what it can read all the same
            picture = _opened(Path(path))
    except RestoreError:
        raise
    except FileNotFoundError:
        raise RestoreError(f"{path}: no such file") from None
    except UnidentifiedImageError:
        raise RestoreError(f"{path}: not a readable image (it is none of {', '.join(FORMATS)})") from None
    except MemoryError:
        raise RestoreError(f"{path}: not a readable image here (there is not enough memory for it)") from None
    except Exception as error:  # decoders fail in a dozen ways
        raise RestoreError(f"{path}: not a readable image ({one_line(error)})") from None
    if not picture.pixels.size:
        raise RestoreError(f"{path}: not a readable image (it has no pixels)")
    return picture


def _opened(path: Path) -> Picture:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        kind = "a folder" if path.is_dir() else "no regular file"
        raise RestoreError(f"{path}: not a readable image (it is {kind})")
    with Image.open(path, formats=FORMATS) as file:
        if _frames(file):
            raise RestoreError(f"{path}: holds more than one frame or page; save one as a picture of its own")
        bits = _bits(path, file)
        if bits > 8:
            return _deep(path, file, bits)
        picture = ImageOps.exif_transpose(file)
        picture.load()
    return _plain(path, picture)


def _frames(file: Image.Image) -> bool:
    """Whether a file holds more pictures than one; the thumbnails behind a camera's JPEG are none."""
    if file.format != "MPO":
        return getattr(file, "is_animated", False)
    kinds = [entry["Attribute"]["MPType"] for entry in file.mpinfo[0xB002][1:]]
    return not all(str(kind).startswith("Large Thumbnail") for kind in kinds)


def _bits(path: Path, file: Image.Image) -> int:
    """Bits a channel, as stored; refuses numbers that are not whole and positive."""
    if file.format == "TIFF":
        if not set(file.tag_v2.get(SAMPLES, (1,))) <= {1, 4}:  # unsigned, or nobody said
            raise RestoreError(f"{path}: holds floats or signed numbers; save it as grey or RGB of 16 bits")
        return max(file.tag_v2.get(BITS, (1,)))
    if not file.tile:
        return 8
    arguments = file.tile[0][3]
    if file.format == "PPM" and isinstance(arguments, tuple) and not str(arguments[0]).startswith("F"):
        return int(arguments[1]).bit_length()
    return 16 if ";16B" in str(arguments) else 8


# ---------------------------------------------------------------- 8 bits


def _plain(path: Path, picture: Image.Image) -> Picture:
    """A picture of 8 bits, as grey or RGB."""
    profile = picture.info.get("icc_profile") or None
    if picture.mode == "CMYK":
        return Picture(np.asarray(_from_cmyk(path, picture, profile)))
    if "transparency" in picture.info:
        picture = picture.convert("LA" if picture.mode in ("1", "L") else "RGBA")
    if picture.mode in ALIKE:
        picture = picture.convert(ALIKE[picture.mode])
    if picture.mode in ("RGBA", "LA"):
        if picture.getchannel("A").getextrema()[0] < 255:
            raise _transparent(path)
        picture = picture.convert(picture.mode[:-1])
    if picture.mode not in ("L", "RGB"):
        raise RestoreError(f"{path}: is in mode {picture.mode}; save it as 8-bit grey or RGB first")
    return Picture(np.asarray(picture), profile)


def _transparent(path: Path) -> RestoreError:
    return RestoreError(f"{path}: has transparent pixels; flatten it onto a background first")


def _from_cmyk(path: Path, picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile is None:
        raise RestoreError(
            f"{path}: is CMYK without a colour profile, which leaves its colours open; "
            "save it as RGB (sRGB) with an image editor first"
        )
    return to_srgb(picture, profile, path)


def to_srgb(picture: Image.Image, profile: bytes, path: str | Path) -> Image.Image:
    """A picture of any mode with the colours that its ICC profile means, as RGB in sRGB.

    Raises `RestoreError`, which names `path`, for a profile that is broken or of another mode.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise RestoreError(
            f"{path}: its colour profile does not fit it ({one_line(error)}); "
            "save it as sRGB with an image editor first"
        ) from None


# ---------------------------------------------------------------- 16 bits


def _deep(path: Path, file: Image.Image, bits: int) -> Picture:
    """A picture of 9 to 16 bits a channel, as uint16 in 0..65535."""
    if "transparency" in file.info:
        raise _transparent(path)
    if file.format == "PPM":
        pixels = _deep_ppm(path, file)
    elif bits != 16:
        raise RestoreError(f"{path}: has {bits} bits a channel; save it with 8 or 16 first")
    elif file.format == "TIFF" and file.tag_v2.get(PLANAR) == 2:
        pixels = _deep_planes(path, file)
    elif file.mode in ("RGB", "RGBA", "RGBX") and "LA;16" not in str(file.tile):
        pixels = _halves(path, file)
    elif file.mode in ("I", "I;16", "I;16B", "I;16L"):
        file.load()  # numpy would hide some of what goes wrong
        pixels = np.asarray(file).astype(np.uint16)
    else:
        kind = "grey with transparency" if "LA;16" in str(file.tile) else f"mode {file.mode}"
        raise RestoreError(f"{path}: is {kind} of 16 bits; save it as grey or RGB of 16 bits first")
    if file.format == "TIFF" and file.tag_v2.get(PHOTOMETRIC) == 0:  # black is stored as the largest number
        pixels = 65535 - pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        if pixels[..., 3].min() < 65535:
            raise _transparent(path)
        pixels = pixels[..., :3]
    # Pillow has turned a TIFF while loading, and then says that nothing is left to turn.
    pixels = turned(pixels, file.getexif().get(ORIENTATION, 1))
    return Picture(np.ascontiguousarray(pixels), file.info.get("icc_profile") or None)


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """(H, W, ...) as it is to be seen, from the number in Exif that says how it was stored (1: as seen)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels


def _halves(path: Path, file: Image.Image) -> np.ndarray:
    """(H, W, 3 or 4) of 16 bits, which Pillow can't hold: its decoder gives the upper halves of all numbers,
    and then, told that their bytes lie the other way round, the lower ones."""
    swapped = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

    def other(part):
        name, _, order = part.partition(";16") if isinstance(part, str) else (part, "", "")
        return f"{name};16{swapped[order]}" if order in swapped else part

    with Image.open(path, formats=FORMATS) as again:
        arguments = [tile[3] for tile in again.tile]
        swaps = [tuple(map(other, x)) if isinstance(x, tuple) else other(x) for x in arguments]
        again.tile = [
            tile._replace(args=x) if hasattr(tile, "_replace") else (*tile[:3], x)  # older Pillow: a tuple
            for tile, x in zip(again.tile, swaps, strict=True)
        ]
        again.load()
        file.load()
        return np.asarray(file).astype(np.uint16) << 8 | np.asarray(again)


def _deep_planes(path: Path, file: Image.Image) -> np.ndarray:
    """(H, W, 3 or 4) of a TIFF that stores one plane after the other."""
    import tifffile  # comes with scikit-image; most pictures need no second decoder

    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # what is wrong is in its error too
    planes = tifffile.imread(path, key=0)
    # Pillow may have turned the size already.
    if planes.ndim != 3 or len(planes) not in (3, 4) or {*planes.shape[1:]} != {*file.size}:
        raise RestoreError(f"{path}: is no RGB in planes of 16 bits; save it as grey or RGB first")
    return planes.transpose(1, 2, 0)


def _deep_ppm(path: Path, file: Image.Image) -> np.ndarray:
    """PPM and PGM whose largest number needs two bytes; they follow the header without any coding."""
    decoder, _, offset, arguments = file.tile[0]
    if decoder == "ppm_plain":
        raise RestoreError(f"{path}: holds numbers beyond 255 as text; save it as a binary PPM or as PNG")
    largest = arguments[1] if isinstance(arguments, tuple) else 65535
    shape = (*file.size[::-1], *((3,) if file.mode == "RGB" else ()))
    content = path.read_bytes()[offset:]
    numbers = np.frombuffer(content, ">u2", int(np.prod(shape))).reshape(shape).astype(np.float64)
    return (numbers * (65535 / largest)).round().clip(0, 65535).astype(np.uint16)
