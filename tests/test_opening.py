"""What is in a file is read to the last bit, or refused in one line that names the file."""

import io
import os
import struct
import zlib
from functools import cache

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from restorelib import images, opening
from restorelib.opening import open_picture
from restorelib.saving import _png16, write_picture


@cache  # it holds the time it was made at
def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped():
    """A profile in which red and blue change places: the three columns of its matrix are sRGB's, reversed."""
    profile = srgb()
    return profile.replace(b"rXYZ", b"xxxx").replace(b"bXYZ", b"rXYZ").replace(b"xxxx", b"bXYZ")


def deep(*shape):
    return np.random.default_rng(1).integers(0, 65536, shape, dtype=np.uint16)


def read(path, content):
    path.write_bytes(content)
    return open_picture(path).pixels


# ---------------------------------------------------------------- 16 bits


def lzw(content):
    """TIFF's LZW without any compression: codes of 9 bits, and the table is cleared before they grow."""
    codes = [256]
    for i, byte in enumerate(content):
        codes += [256, byte] if i and i % 200 == 0 else [byte]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def tiff(pixels, order="<", compression=1, photometric=None, **tags):
    """A TIFF of one strip, which no library at hand writes with LZW; tags by their number, as t266=(3, 1)."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    strip = pixels.astype(f"{order}u2").tobytes()
    strip = lzw(strip) if compression == 5 else strip
    entries = {256: (4, width), 257: (4, height), 259: (3, compression), 273: (4, 0), 277: (3, channels)}
    entries |= {262: (3, (2 if channels > 1 else 1) if photometric is None else photometric)}
    entries |= {278: (4, height), 279: (4, len(strip))} | {int(tag[1:]): x for tag, x in tags.items()}
    start = 8 + 2 + 12 * (len(entries) + 1) + 4
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    entries[273] = (4, start + len(bits))
    body = b""
    for tag in sorted([*entries, 258]):
        if tag == 258:
            body += struct.pack(f"{order}HHI", 258, 3, channels)
            body += bits.ljust(4, b"\0") if channels < 3 else struct.pack(f"{order}I", start)
            continue
        kind, value = entries[tag]
        field = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        body += struct.pack(f"{order}HHI", tag, kind, 1) + field
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries) + 1)
    return head + body + bytes(4) + bits + strip


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3), (6, 8, 4), (30, 40, 3)])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 5])
def test_tiff_of_16_bits(tmp_path, shape, order, compression):
    pixels = deep(*shape)
    extra = {"t338": (3, 2)} if shape[2:] == (4,) else {}
    pixels[..., 3:] = 65535  # opaque
    found = read(tmp_path / "a.tif", tiff(pixels, order, compression, **extra))
    assert found.dtype == np.uint16
    assert np.array_equal(found, pixels[..., :3] if pixels.ndim == 3 else pixels)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"compression": "zlib", "predictor": True}])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_16_bits_in_planes_strips_and_deflated(tmp_path, options, planes, order):
    pixels = deep(40, 30, 3)
    stored = pixels if planes == "contig" else pixels.transpose(2, 0, 1)
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric="rgb",
        planarconfig=planes,
        rowsperstrip=7,
        byteorder=order,
        metadata=None,
        **options,
    )
    assert np.array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)


def test_tiff_of_8_bits_in_planes(noise, tmp_path):
    planes = noise(40, 30, 3).transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate", metadata=None)
    assert np.array_equal(open_picture(tmp_path / "a.tif").pixels, noise(40, 30, 3))


def test_tiff_whose_black_is_the_largest_number(tmp_path):
    assert np.array_equal(read(tmp_path / "a.tif", tiff(65535 - deep(6, 8), photometric=0)), deep(6, 8))


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_png_of_16_bits(tmp_path, shape):
    assert np.array_equal(read(tmp_path / "a.png", _png16(deep(*shape), None)), deep(*shape))


def interlaced(pixels):
    """A 16-bit RGB PNG in the seven passes of Adam7."""
    rows = b""
    for y, x, dy, dx in [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]:
        part = pixels[y::dy, x::dx]
        rows += b"".join(b"\0" + row.astype(">u2").tobytes() for row in part if len(row))
    height, width = pixels.shape[:2]
    out = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 1)
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + kind + content
        out += struct.pack(">I", zlib.crc32(kind + content))
    return out


def test_png_of_16_bits_interlaced(tmp_path):
    assert np.array_equal(read(tmp_path / "a.png", interlaced(deep(13, 17, 3))), deep(13, 17, 3))


@pytest.mark.parametrize(("kind", "shape"), [("P5", (6, 8)), ("P6", (6, 8, 3))])
@pytest.mark.parametrize("largest", [65535, 1023, 256])
def test_ppm_of_16_bits(tmp_path, kind, shape, largest):
    numbers = deep(*shape).astype(int) % (largest + 1)
    content = f"{kind}\n# note\n8 6\n{largest}\n".encode() + numbers.astype(">u2").tobytes()
    expected = (numbers.astype(float) * 65535 / largest).round()
    assert np.array_equal(read(tmp_path / "a.ppm", content), expected)


def test_ppm_of_fewer_than_8_bits_fills_the_range(tmp_path):
    assert read(tmp_path / "a.pgm", b"P5 4 1 3\n\0\1\2\3").tolist() == [[0, 85, 170, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_the_rotation_of_a_camera_is_applied_to_16_bits_as_to_8(noise, tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise(6, 8, 3)).save(tmp_path / f"8.{kind}", exif=exif)
    wide = noise(6, 8, 3).astype(np.uint16) * 257
    if kind == "tif":
        contents = [tiff(wide, t274=(3, orientation))]
        tifffile.imwrite(
            tmp_path / "planes.tif",
            wide.transpose(2, 0, 1),
            photometric="rgb",
            planarconfig="separate",
            metadata=None,
            extratags=[(274, 3, 1, orientation, True)],
        )
        contents.append((tmp_path / "planes.tif").read_bytes())
    else:
        plain = _png16(wide, None)
        body = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        contents = [plain[:33] + chunk + plain[33:]]
    for content in contents:
        found = read(tmp_path / f"16.{kind}", content)
        assert np.array_equal(found, open_picture(tmp_path / f"8.{kind}").pixels.astype(np.uint16) * 257)


# ---------------------------------------------------------------- colours


def test_the_colours_of_a_profile_come_out_as_they_went_in(tmp_path, noise):
    """Red and blue are swapped in the profile; a viewer of the result must see what the source shows."""
    source = tmp_path / "a.png"
    Image.fromarray(noise(6, 8, 3)).save(source, icc_profile=swapped())
    meant = np.asarray(opening.to_srgb(Image.fromarray(noise(6, 8, 3)), swapped(), source))
    assert abs(meant[..., ::-1].astype(int) - noise(6, 8, 3)).max() <= 3  # so the profile does swap them
    picture = open_picture(source)
    assert np.array_equal(picture.pixels, noise(6, 8, 3))
    for ending in ("png", "tif", "webp", "bmp", "ppm"):
        write_picture(tmp_path / f"b.{ending}", picture.pixels, picture.profile)
        again = open_picture(tmp_path / f"b.{ending}")
        shown = again.pixels
        if again.profile:
            shown = np.asarray(opening.to_srgb(Image.fromarray(shown), again.profile, source))
        assert np.array_equal(shown, meant)


def test_a_profile_that_is_broken_is_kept_or_refused(tmp_path, noise, refused):
    Image.fromarray(noise(6, 8, 3)).save(tmp_path / "a.png", icc_profile=b"broken" * 40)
    picture = open_picture(tmp_path / "a.png")
    write_picture(tmp_path / "b.png", picture.pixels, picture.profile)
    assert open_picture(tmp_path / "b.png").profile == b"broken" * 40
    with refused("b.bmp: its colour profile does not fit it"):
        write_picture(tmp_path / "b.bmp", picture.pixels, picture.profile)
    assert not (tmp_path / "b.bmp").exists()


def test_a_grey_picture_with_a_grey_profile_stays_grey(tmp_path, noise):
    grey = b"\0" * 16 + b"GRAY" + b"\0" * 200
    write_picture(tmp_path / "a.png", np.stack([noise(6, 8)] * 3, 2), grey)
    assert np.array_equal(open_picture(tmp_path / "a.png").pixels, noise(6, 8))


def cmyk_profile():
    """A minimal profile of CMYK, an 'A2B0' table of two points an axis: RGB = (1 - C, 1 - M, 1 - Y)(1 - K).

    Its connection space is Lab of 16 bits (lut16, ICC.1:2001, 6.5.7).
    """
    from itertools import product

    corners = list(product((0, 1), repeat=4))
    rgb = [[round(255 * (1 - x) * (1 - k)) for x in (c, m, y)] for c, m, y, k in corners]
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(Image.fromarray(np.array([rgb], np.uint8)), to_lab)
    numbers = [lab.getpixel((i, 0)) for i in range(16)]
    grid = b"".join(struct.pack(">3H", *(n * 256 for n in entry)) for entry in numbers)
    ends = struct.pack(">2H", 0, 65535)
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = b"mft2" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + struct.pack(">2H", 2, 2)
    table += ends * 4 + grid + ends * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    offset = 128 + 4 + 24
    tags = struct.pack(">I", 2) + b"A2B0" + struct.pack(">2I", offset, len(table))
    tags += b"wtpt" + struct.pack(">2I", offset + len(table), len(white))
    head = struct.pack(
        ">I4sI4s4s4s", offset + len(table) + len(white), bytes(4), 0x02400000, *(b"prtr", b"CMYK", b"Lab ")
    )
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + table + white


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk_becomes_srgb_through_its_profile(tmp_path, ending):
    inks = {(0, 0, 0, 0): (255, 255, 255), (0, 255, 255, 0): (255, 0, 0), (0, 0, 0, 255): (0, 0, 0)}
    for ink, colour in inks.items():
        picture = Image.new("CMYK", (16, 16), ink)
        picture.save(tmp_path / f"a.{ending}", icc_profile=cmyk_profile())
        found = open_picture(tmp_path / f"a.{ending}")
        assert found.pixels.shape == (16, 16, 3)
        assert abs(found.pixels[8, 8].astype(int) - colour).max() <= 6  # Lab was of 8 bits
        assert found.profile is None


@pytest.mark.parametrize("profile", [None, b"broken" * 40, "sRGB"])
def test_cmyk_of_unknown_colours_is_refused(noise, tmp_path, refused, profile):
    profile = srgb() if profile == "sRGB" else profile
    options = {"icc_profile": profile} if profile else {}
    Image.fromarray(noise(6, 8, 3)).convert("CMYK").save(tmp_path / "a.jpg", **options)
    with refused("a.jpg: .*(save it as RGB .sRGB. with an image editor|colour profile does not fit it)"):
        open_picture(tmp_path / "a.jpg")


# ---------------------------------------------------------------- what is refused


def saved(path, **options):
    frames = [Image.new("L", (8, 8), grey) for grey in (0, 100, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("name", ["a.gif", "a.tif", "a.webp", "a.png", "MPO"])
def test_more_than_one_frame_or_page_is_refused(tmp_path, refused, name):
    saved(tmp_path / ("a.jpg" if name == "MPO" else name), **({"format": "MPO"} if name == "MPO" else {}))
    with refused("holds more than one frame or page; save one as a picture of its own"):
        open_picture(next(tmp_path.iterdir()))


def test_the_thumbnail_that_a_camera_adds_is_passed_over(tmp_path):
    saved(tmp_path / "a.jpg", format="MPO")
    content = (tmp_path / "a.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as file:
        entries = file.mpinfo[0xB002]
    for entry in entries[1:]:
        place = content.index(struct.pack("<II", entry["Size"], entry["DataOffset"]))
        kind = struct.pack("<I", 0x010001)  # "Large Thumbnail (VGA Equivalent)" of CIPA DC-007
        content = content[: place - 4] + kind + content[place:]
    assert read(tmp_path / "a.jpg", content).shape == (8, 8)


def test_one_frame_of_a_format_for_many_is_read(tmp_path):
    for ending in ("gif", "webp", "tif", "png"):
        Image.new("RGB", (8, 6), (255, 0, 0)).save(tmp_path / f"a.{ending}", save_all=True)
        found = open_picture(tmp_path / f"a.{ending}").pixels
        assert found.shape == (6, 8, 3)
        assert abs(found[3, 3].astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError("two\nlines"), SyntaxError("x"), TypeError(), struct.error("x"), RuntimeError("x")),
        *(MemoryError(), OSError("x"), EOFError(), IndexError("x"), KeyError(1), OverflowError("x")),
        *(Image.DecompressionBombError("x"), ZeroDivisionError(), AttributeError("x"), RecursionError()),
    ],
)
@pytest.mark.parametrize("place", ["load", "getexif"])
def test_whatever_a_decoder_stumbles_over_is_one_line(noise, tmp_path, monkeypatch, refused, error, place):
    def failing(*_):
        raise error

    write_picture(tmp_path / "a.png", noise(6, 8))
    monkeypatch.setattr(f"PIL.PngImagePlugin.PngImageFile.{place}", failing)
    with refused("a.png: not a readable image"):
        open_picture(tmp_path / "a.png")


def test_text_that_is_longer_when_unpacked_is_one_line(noise, tmp_path, refused):
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("note", "a" * 3_000_000, zip=True)
    Image.fromarray(noise(6, 8)).save(tmp_path / "a.png", pnginfo=about)
    with refused("a.png: not a readable image .Decompressed data too large"):
        open_picture(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("dtype", "why"),
    [("float32", "floats or signed"), ("int16", "floats or signed"), ("uint32", "has 32 bits a channel")],
)
def test_numbers_that_are_no_levels_are_refused(tmp_path, refused, dtype, why):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((6, 8), dtype), metadata=None)
    with refused(f"a.tif: .*{why}"):
        open_picture(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"P3 1 1 65535\n60000 1 2\n", "holds numbers beyond 255 as text"),
        (b"P6 4 4 65535\n" + bytes(50), "not a readable image"),
        (b"P6 0 4 255\n", "not a readable image"),
        (b"Pf 1 1 -1\n" + bytes(4), "is in mode F"),
        (b"", "not a readable image .it is none of PNG, JPEG, "),
    ],
)
def test_other_ppm_is_refused(tmp_path, refused, content, why):
    with refused(f"a.ppm: {why}"):
        read(tmp_path / "a.ppm", content)


@pytest.mark.parametrize("channels", [3, 4])
def test_transparency_of_16_bits_is_refused(tmp_path, refused, channels):
    pixels = deep(6, 8, channels)
    if channels == 4:
        pixels[..., 3] = 65535
        pixels[2, 3, 3] = 65534
        content = tiff(pixels, t338=(3, 2))
    else:
        plain = _png16(pixels, None)
        body = b"tRNS" + struct.pack(">3H", 1, 2, 3)
        content = plain[:33] + struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body)) + plain[33:]
    with refused("has transparent pixels"):
        read(tmp_path / "a.png", content)


def test_what_is_no_file_is_not_waited_for(tmp_path, refused):
    os.mkfifo(tmp_path / "a.png")
    with refused("a.png: not a readable image .it is no regular file"):
        open_picture(tmp_path / "a.png")
    with refused("not a readable image .it is a folder"):
        open_picture(tmp_path)
    with refused("not a readable image"):
        open_picture(tmp_path / ("a" * 300))


def test_a_format_that_may_hide_something_is_refused(noise, tmp_path, refused):
    buffer = io.BytesIO()
    Image.fromarray(noise(32, 32, 3)).save(buffer, "ICO")
    with refused("it is none of PNG"):
        read(tmp_path / "a.png", buffer.getvalue())


def test_a_large_photograph_is_read_without_a_warning(tmp_path, monkeypatch, recwarn, noise):
    write_picture(tmp_path / "a.png", noise(12, 12))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert images.read(tmp_path / "a.png").shape == (12, 12)
    assert len(recwarn) == 0
