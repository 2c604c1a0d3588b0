"""Thousands of spoiled pictures: each is read, or refused in one line, and none is lost.

RESTORELIB_FUZZ says how many are tried, RESTORELIB_FUZZ_SEED which.
"""

import io
import os
import random

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from restorelib import opening
from restorelib.errors import RestoreError
from restorelib.saving import _png16, write_picture

MANY = int(os.environ.get("RESTORELIB_FUZZ", "2000"))
SEED = int(os.environ.get("RESTORELIB_FUZZ_SEED", "0"))


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def seeds():
    """Small files of every kind that is read, and of some that are not."""
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    wide = np.random.default_rng(0).integers(0, 65536, (9, 11, 3), dtype=np.uint16)
    colour, grey = Image.fromarray(pixels), Image.fromarray(pixels[..., 0])
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = [saved(colour, kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "ICO")]
    files += [saved(grey, kind) for kind in ("PNG", "JPEG", "BMP", "TIFF", "PPM")]
    files += [saved(colour, kind, exif=exif, icc_profile=profile) for kind in ("PNG", "JPEG", "TIFF", "WEBP")]
    files += [saved(colour.quantize(16), kind) for kind in ("PNG", "BMP", "GIF", "TIFF")]
    files += [saved(colour.convert("RGBA"), kind) for kind in ("PNG", "WEBP", "TIFF")]
    files += [saved(colour, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")]
    files += [saved(colour.convert("CMYK"), "JPEG"), saved(grey.convert("1"), "TIFF", compression="group4")]
    files += [saved(colour, kind, save_all=True, append_images=[colour]) for kind in ("GIF", "TIFF", "MPO")]
    files += [_png16(wide, None), _png16(wide[..., 0], profile)]
    for planes in ("contig", "separate"):
        buffer, stored = io.BytesIO(), wide if planes == "contig" else wide.transpose(2, 0, 1)
        tifffile.imwrite(buffer, stored, photometric="rgb", planarconfig=planes, metadata=None)
        files.append(buffer.getvalue())
    return [*files, b"P6 11 9 65535\n" + wide.tobytes(), b"P5 11 9 1023\n" + wide[..., 0].tobytes()]


def mutated(content, other, draw):
    """Content with one to four changes: bits, bytes, numbers, parts missing, doubled or another's."""
    content = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(min(len(content), draw.choice((64, 256, 1 << 20)))) if content else 0
        kind = draw.randrange(7)
        if kind == 0 and content:
            content[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            content[at : at + 1] = bytes([draw.randrange(256)])
        elif kind == 2:
            number = draw.choice((0, 1, 255, 65535, 2**31 - 1, 2**32 - 1, draw.randrange(2**32)))
            size, order = draw.choice((2, 4)), draw.choice(("little", "big"))
            content[at : at + size] = (number % 256**size).to_bytes(size, order)
        elif kind == 3:
            del content[at : at + draw.randint(1, 40)]
        elif kind == 4:
            content[at:at] = content[at : at + draw.randint(1, 40)]
        elif kind == 5:
            content = content[:at] if draw.random() < 0.3 else content
        else:
            start = draw.randrange(len(other))
            content[at : at + 20] = other[start : start + draw.randint(1, 40)]
    return bytes(content)


def outcome(path, attempt):
    """What an attempt on a file gives, None if it is refused; any other error is the test's."""
    try:
        return attempt()
    except RestoreError as error:
        said = str(error)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return None


@pytest.mark.timeout(max(600, MANY))
def test_spoiled_pictures_are_read_or_refused_in_one_line(tmp_path, monkeypatch, capsys):
    # Sizes that a spoiled header may claim; the usual limit would cost seconds each.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2_000_000)
    draw, files = random.Random(SEED), seeds()
    path, result, read, before = tmp_path / "spoiled.png", tmp_path / "result.png", 0, None
    for _ in range(MANY):
        content = mutated(draw.choice(files), draw.choice(files), draw)
        path.write_bytes(content)
        picture = outcome(path, lambda: opening.open_picture(path))
        assert path.read_bytes() == content
        if picture is None:
            continue
        read += 1
        pixels = picture.pixels
        assert pixels.dtype in (np.uint8, np.uint16)
        assert pixels.ndim == 2 or pixels.shape[2:] == (3,)
        if read % 5 or pixels.size > 10_000:
            continue
        outcome(result, lambda picture=picture: write_picture(result, picture.pixels, picture.profile))
        if before != (after := result.read_bytes() if result.exists() else None):  # it was not refused
            assert np.array_equal(opening.open_picture(result).pixels, pixels)
        before = after
    assert read > MANY / 20
    assert sorted(file.name for file in tmp_path.iterdir()) == ["result.png", "spoiled.png"]
    assert capsys.readouterr() == ("", "")
