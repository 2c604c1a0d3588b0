"""A result never costs a file: what can't be written is said first, and the old file stays whole."""

import errno
import io
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from restorelib import saving
from restorelib.images import to_tensor
from restorelib.metrics import psnr
from restorelib.opening import open_picture


@cache  # it holds the time it was made at
def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def smooth(bundled):
    return np.ascontiguousarray(bundled["chelsea"][100:164, 120:200])


def only(folder):
    return [path.name for path in folder.iterdir()]


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3), (1, 1), (1, 7, 3)])
@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "bmp", "ppm", "webp", "PNG"])
def test_lossless_formats_give_back_every_pixel(noise, tmp_path, shape, ending):
    path = tmp_path / f"a.{ending}"
    saving.write_picture(path, noise(*shape))
    found = open_picture(path).pixels
    # WebP has no grey.
    expected = np.stack([noise(*shape)] * 3, 2) if ending == "webp" and len(shape) == 2 else noise(*shape)
    assert np.array_equal(found, expected)


def test_jpeg_is_written_at_high_quality(smooth, tmp_path):
    saving.write_picture(tmp_path / "a.jpg", smooth)
    with Image.open(tmp_path / "a.jpg") as file:
        assert file.layer[0][1:3] == file.layer[1][1:3] == (1, 1)  # 4:4:4: colour is not made coarser
        table = file.quantization[0]
    buffer = io.BytesIO()
    Image.fromarray(smooth).save(buffer, "JPEG", quality=95)
    assert table == Image.open(buffer).quantization[0]
    assert psnr(to_tensor(open_picture(tmp_path / "a.jpg").pixels), to_tensor(smooth)) > 40


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3), (1, 1), (9, 1, 3)])
@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("profile", [None, b"x" * 200])
def test_16_bits_are_kept(tmp_path, shape, ending, profile):
    deep = np.random.default_rng(0).integers(0, 65536, shape, dtype=np.uint16)
    saving.write_picture(tmp_path / f"a.{ending}", deep, profile)
    found = open_picture(tmp_path / f"a.{ending}")
    assert found.pixels.dtype == np.uint16
    assert np.array_equal(found.pixels, deep)
    assert found.profile == profile


@pytest.mark.parametrize("ending", ["jpg", "webp", "bmp", "ppm"])
def test_16_bits_that_do_not_fit_are_rounded_and_that_is_said(tmp_path, capsys, ending):
    deep = np.full((8, 8, 3), 257 * 100 + 129, dtype=np.uint16)  # nearer to 101 than to 100
    saving.write_picture(tmp_path / f"a.{ending}", deep)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "holds 8 bits a channel" in said
    assert abs(open_picture(tmp_path / f"a.{ending}").pixels.astype(int) - 101).max() <= (ending == "jpg")


@pytest.mark.parametrize(("deep", "shallow"), [(0, 0), (128, 0), (129, 1), (65535, 255), (65406, 254)])
def test_rounding_to_8_bits_is_to_the_nearest(tmp_path, deep, shallow, capsys):
    saving.write_picture(tmp_path / "a.bmp", np.full((2, 2), deep, np.uint16))
    assert open_picture(tmp_path / "a.bmp").pixels.max() == shallow
    capsys.readouterr()


@pytest.mark.parametrize("ending", ["png", "tif", "jpg", "webp"])
def test_a_profile_is_kept(noise, tmp_path, ending):
    saving.write_picture(tmp_path / f"a.{ending}", noise(6, 8, 3), srgb())
    assert open_picture(tmp_path / f"a.{ending}").profile == srgb()


# ---------------------------------------------------------------- what is not


@pytest.mark.parametrize("ending", ["ico", "icns", "gif", "psd", "pdf", "xyz", "eps", "jp2", ""])
def test_what_changes_size_or_colours_is_refused(noise, tmp_path, refused, ending):
    path = tmp_path / f"a.{ending}".rstrip(".")
    for attempt in (lambda: saving.check_target(path), lambda: saving.write_picture(path, noise(6, 8))):
        with refused(r"cannot be written \(its name must end in .png, "):
            attempt()
    assert only(tmp_path) == []


@pytest.mark.parametrize(("ending", "side"), [("webp", 16_383), ("jpg", 65_500)])
def test_sizes_that_a_format_cannot_hold_are_known_before(tmp_path, refused, ending, side):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"old")
    saving.check_target(path, (2, side))
    for attempt in (
        lambda: saving.check_target(path, (side + 1, 2)),
        lambda: saving.write_picture(path, np.zeros((side + 1, 2), np.uint8)),
    ):
        with refused(f"holds {side} pixels a side, this is 2x{side + 1}; take .png"):
            attempt()
    assert path.read_bytes() == b"old"
    saving.write_picture(path, np.zeros((2, side, 3), np.uint8))
    assert open_picture(path).pixels.shape == (2, side, 3)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("absent/a.png", "there is no folder .*absent"),
        ("file/a.png", "there is no folder .*file"),
        ("folder.png", "it is a folder"),
        ("kept.png", "it is write-protected"),
        ("pipe.png", "it is no regular file"),
        (f"{'a' * 300}.png", "File name too long"),
        ("a\0b.png", "null"),
    ],
)
def test_a_place_that_takes_no_file_is_known_before(noise, tmp_path, refused, name, why):
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "kept.png").write_bytes(b"old")
    (tmp_path / "kept.png").chmod(0o444)
    os.mkfifo(tmp_path / "pipe.png")
    before = sorted(only(tmp_path))
    for attempt in (
        lambda: saving.check_target(tmp_path / name),
        lambda: saving.write_picture(tmp_path / name, noise(6, 8)),
    ):
        with refused(f"cannot be written .*{why}"):
            attempt()
    assert sorted(only(tmp_path)) == before
    assert (tmp_path / "kept.png").read_bytes() == b"old"


def test_a_folder_that_takes_no_file_is_known_before(tmp_path, refused, monkeypatch):
    def denied(place):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(saving, "_draft", denied)  # the tests may run as root, who may write anywhere
    with refused(r"a.png: cannot be written \(Permission denied\)"):
        saving.check_target(tmp_path / "a.png")


def test_checking_leaves_nothing(tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    for name in ("new.png", "old.png"):
        saving.check_target(tmp_path / name)
    assert only(tmp_path) == ["old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"old"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_whole(noise, tmp_path, monkeypatch, error, call):
    def failing(*_):
        raise error

    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(os, call, failing)
    with pytest.raises((saving.RestoreError, KeyboardInterrupt)) as caught:
        saving.write_picture(tmp_path / "a.png", noise(6, 8))
    if caught.type is saving.RestoreError:
        assert str(caught.value) == f"{tmp_path / 'a.png'}: cannot be written (No space left on device)"
    assert only(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


@pytest.mark.parametrize("error", [ValueError("a\nb"), RuntimeError(), MemoryError(), KeyError("x")])
def test_an_encoder_that_fails_leaves_the_old_file_whole(noise, tmp_path, monkeypatch, refused, error):
    def failing(*_, **__):
        raise error

    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(Image.Image, "save", failing)
    with refused("a.png: cannot be written"):
        saving.write_picture(tmp_path / "a.png", noise(6, 8))
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_permissions_and_links_stay(noise, tmp_path):
    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "real.png").chmod(0o640)
    (tmp_path / "link.png").symlink_to("real.png")
    saving.write_picture(tmp_path / "link.png", noise(6, 8))
    assert (tmp_path / "link.png").is_symlink()
    assert np.array_equal(open_picture(tmp_path / "real.png").pixels, noise(6, 8))
    assert (tmp_path / "real.png").stat().st_mode & 0o777 == 0o640
    (tmp_path / "plain").touch()
    saving.write_picture(tmp_path / "new.png", noise(6, 8))
    assert (tmp_path / "new.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


# ---------------------------------------------------------------- the command

COMMAND = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # ends a write half way, as a full disk does
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from restorelib.__main__ import main
main()
"""


def test_a_full_disk_leaves_the_picture_that_was_to_be_replaced(noise, tmp_path):
    saving.write_picture(tmp_path / "a.png", noise(60, 80, 3))
    before = (tmp_path / "a.png").read_bytes()
    words = ["image", "a.png", "a.png", "--run", "bicubic"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "restorelib: a.png: cannot be written (File too large)\n"
    assert (tmp_path / "a.png").read_bytes() == before
    assert only(tmp_path) == ["a.png"]
