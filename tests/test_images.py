"""Reading, writing, sets, downloads (from a server on loopback) and colour."""

import gc
import hashlib
import io
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from PIL import Image

from restorelib import folders, images, sets
from restorelib.degrade import resize

# requests, as pooch calls it, leaves the socket of a broken download to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

# ---------------------------------------------------------------- colour


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (81.481, 90.203, 240)),  # 16 + 65.481; 128 - 37.797; 128 + 112
        ((0, 255, 0), (144.553, 53.797, 34.214)),
        ((0, 0, 255), (40.966, 240, 109.786)),
    ],
)
def test_ycbcr_of_the_primaries(rgb, ycbcr):
    pixel = torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1) / 255
    assert (images.rgb_to_ycbcr(pixel) * 255).flatten().tolist() == pytest.approx(ycbcr, abs=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_ycbcr_and_back(dtype, tolerance):
    rgb = torch.rand(2, 3, 7, 5, dtype=dtype)
    assert torch.allclose(images.ycbcr_to_rgb(images.rgb_to_ycbcr(rgb)), rgb, atol=tolerance)


def test_luma_is_rounded_to_8_bits_and_grey_is_kept():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    assert images.luma(red).item() * 255 == pytest.approx(81, abs=1e-4)  # 81.481
    assert images.luma(torch.full((1, 1, 1, 1), 200 / 255)).item() * 255 == pytest.approx(200, abs=1e-4)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_tensor_and_back(noise, shape):
    picture = noise(*shape)
    tensor = images.to_tensor(picture)
    assert tensor.shape == (1, 3 if len(shape) == 3 else 1, 5, 7)
    assert tensor[0, -1, 2, 4].item() * 255 == pytest.approx(float(picture[2, 4].flat[-1]), abs=1e-4)
    assert np.array_equal(images.to_image(tensor), picture)


def test_to_image_clips_and_rounds():
    values = torch.tensor([-0.2, 0.4 / 255, 0.6 / 255, 1.3]).view(1, 1, 2, 2)
    assert images.to_image(values).tolist() == [[0, 0], [1, 255]]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
@pytest.mark.parametrize("ending", ["png", "bmp", "tif"])
def test_grey_and_colour_files(noise, tmp_path, shape, ending):
    path = tmp_path / f"a.{ending}"
    images.write(path, noise(*shape))
    assert np.array_equal(images.read(path), noise(*shape))


def test_a_palette_is_resolved(noise, tmp_path):
    indexed = Image.fromarray(noise(6, 8, 3)).quantize(16)
    indexed.save(tmp_path / "a.png")
    assert np.array_equal(images.read(tmp_path / "a.png"), np.asarray(indexed.convert("RGB")))


def test_black_and_white_becomes_grey(noise, tmp_path):
    Image.fromarray(noise(6, 8) > 127).save(tmp_path / "a.png")
    assert np.array_equal(images.read(tmp_path / "a.png"), np.where(noise(6, 8) > 127, 255, 0))


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_opaque_alpha_is_dropped(noise, tmp_path, shape):
    picture = Image.fromarray(noise(*shape))
    picture.putalpha(255)
    picture.save(tmp_path / "a.png")
    assert np.array_equal(images.read(tmp_path / "a.png"), noise(*shape))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB"])
def test_transparency_is_refused(noise, tmp_path, refused, mode):
    picture = Image.fromarray(noise(6, 8, 3)).convert(mode)
    options = {}
    if mode in ("RGBA", "LA"):
        picture.putalpha(254)
    else:  # one colour that is in the picture is declared transparent
        options["transparency"] = picture.getpixel((3, 2))
    picture.save(tmp_path / "a.png", **options)
    with refused("a.png: has transparent pixels"):
        images.read(tmp_path / "a.png")


def test_the_rotation_of_a_camera_is_applied(noise, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees clockwise to view"
    Image.fromarray(noise(6, 8)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(images.read(tmp_path / "a.png"), np.rot90(noise(6, 8), -1))


def test_scores_are_for_8_bits(noise, tmp_path, refused):
    Image.fromarray(noise(6, 8).astype(np.uint16) * 257).save(tmp_path / "grey.png")
    images.write(tmp_path / "colour.png", noise(6, 8, 3).astype(np.uint16) * 257)
    for name in ("grey", "colour"):
        with refused(f"{name}.png: has 16 bits a channel"):
            images.read(tmp_path / f"{name}.png")


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif", "webp"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.8])
def test_a_file_cut_short_is_refused(noise, tmp_path, refused, ending, part):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(noise(60, 80, 3)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with refused("not a readable image"):
        images.read(path)


def test_what_is_no_picture_is_refused(tmp_path, refused):
    with refused("absent.png: no such file"):
        images.read(tmp_path / "absent.png")
    with refused("not a readable image"):
        images.read(tmp_path)
    (tmp_path / "text.png").write_text("not a picture\nat all\n")
    with refused("text.png: not a readable image"):
        images.read(tmp_path / "text.png")


@pytest.mark.parametrize("name", ["a", "a.xyz", "a.psd", "absent/a.png", "file/a.png"])
def test_what_cannot_be_written_is_one_line(noise, tmp_path, refused, name):
    (tmp_path / "file").touch()
    with refused("cannot be written"):
        images.write(tmp_path / name, noise(6, 8))


# ---------------------------------------------------------------- sets


def test_the_bundled_sets():
    for name, count in (("bundled", 4), ("bundled_train", 7)):
        pictures = sets.load_set(name)
        assert len(pictures) == count
        assert all(p.dtype == np.uint8 and p.std() > 10 for p in pictures.values())
    assert sets.load_set("bundled")["chelsea"].shape == (300, 451, 3)


def test_a_folder_is_a_set(noise, tmp_path):
    images.write(tmp_path / "b.PNG", noise(6, 8))
    images.write(tmp_path / "a.bmp", noise(6, 8, 3))
    (tmp_path / "notes.txt").write_text("no picture")
    found = sets.load_set(str(tmp_path))
    assert list(found) == ["a", "b"]
    assert np.array_equal(found["b"], noise(6, 8))


def test_pictures_that_differ_in_their_ending_alone_are_both_kept(noise, tmp_path):
    images.write(tmp_path / "a.png", noise(6, 8))
    images.write(tmp_path / "a.bmp", noise(5, 5))
    assert sorted(sets.load_set(str(tmp_path))) == ["a.bmp", "a.png"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("a.png", "a.bmp", "a.png.png"), ("a.bmp", "a.png", "a.png.png")),
        (("a.png", "a.PNG"), ("a.PNG", "a.png")),
        (("a.png", "b.png.png"), ("a", "b.png")),
        (("a.png", "b.png", "b.jpg.png", "b.jpg"), ("a.png", "b.jpg", "b.jpg.png", "b.png")),
    ],
)
def test_no_picture_takes_the_name_of_another(tmp_path, files, names):
    for i, file in enumerate(sorted(files)):
        images.write(tmp_path / file, np.full((8, 8), 50 * i, np.uint8))
    found = sets.load_set(str(tmp_path))
    assert tuple(found) == names
    assert [int(picture.max()) for picture in found.values()] == [50 * i for i in range(len(files))]


def test_hidden_files_are_passed_over(noise, tmp_path, refused):
    images.write(tmp_path / "a.png", noise(6, 8))
    (tmp_path / "._a.png").write_bytes(b"\0\5\x16\7 what macOS keeps beside a file")
    (tmp_path / ".hidden.png").mkdir()
    assert list(sets.load_set(str(tmp_path))) == ["a"]
    assert folders.visible(tmp_path.parent, f"{tmp_path.name}/*.png") == [tmp_path / "a.png"]
    (tmp_path / "a.png").unlink()
    with refused("holds no image"):
        sets.load_set(str(tmp_path))


def test_a_folder_named_like_a_picture_is_one_line(noise, tmp_path, refused):
    images.write(tmp_path / "a.png", noise(6, 8))
    (tmp_path / "more").mkdir()
    assert list(sets.load_set(str(tmp_path))) == ["a"]
    (tmp_path / "b.png").mkdir()
    with refused("b.png: is a folder with the name of a picture; move or rename it"):
        sets.load_set(str(tmp_path))


def test_what_may_not_be_read_is_one_line(noise, tmp_path, monkeypatch, refused):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    images.write(tmp_path / "a.png", noise(6, 8))
    with monkeypatch.context() as patch:  # the tests may run as root, who may read anything
        patch.setattr(Path, "iterdir", denied)
        with refused(r"cannot be read \(Permission denied\)"):
            sets.load_set(str(tmp_path))
    monkeypatch.setattr(Image, "open", denied)
    with refused(r"a.png: not a readable image .*Permission denied"):
        sets.load_set(str(tmp_path))
    (tmp_path / "b.png").symlink_to("nowhere.png")
    (tmp_path / "a.png").unlink()
    with refused("b.png: no such file|b.png: not a readable image"):
        sets.load_set(str(tmp_path))


@pytest.mark.parametrize("name", ["", " ", "a" * 300, "a\0b"])
def test_an_empty_name_is_not_the_current_folder(noise, tmp_path, monkeypatch, refused, name):
    images.write(tmp_path / "a.png", noise(6, 8))
    monkeypatch.chdir(tmp_path)
    assert list(sets.load_set(".")) == ["a"]
    with refused("neither a folder nor a known set; sets are"):
        sets.load_set(name)


def test_what_is_no_set_is_refused(tmp_path, refused):
    with refused("Set6: neither a folder nor a known set; sets are bundled, .*Set5"):
        sets.load_set("Set6")
    with refused("holds no image"):
        sets.load_set(str(tmp_path))


def test_the_registry():
    registry = sets.registry()
    counts = {name: len(files) for name, files in registry.items() if name != "checkpoints"}
    assert counts == {
        "Set5": 5,
        "Set14": 14,
        "BSD100": 100,
        "Urban100": 100,
        "T91": 91,
        "BSDS500_train": 200,
        "BSDS500_test": 200,
        "BSD68": 68,
        "Set12": 12,
        "Kodak24": 24,
        "LIVE1": 29,
        "classic5": 5,
        "14-images": 14,
        "GoPro_samples": 4,
        "DAVIS_frames": 240,
    }
    entries = [entry for files in registry.values() for entry in files.values()]
    assert all(entry["url"].startswith("https://") and " " not in entry["url"] for entry in entries)
    unchecked = [entry["url"] for entry in entries if not entry["sha256"]]
    assert all(len(bytes.fromhex(entry["sha256"])) == 32 for entry in entries if entry["sha256"])
    assert unchecked == [entry["url"] for entry in registry["14-images"].values()]
    assert unchecked[13].endswith("/data/GaussianDenoising/S14/14.bmp")


def test_names_of_pictures_are_unique_in_every_registered_set():
    for name, files in sets.registry().items():
        assert len({Path(file).stem for file in files}) == len(files), name


def test_benchmark_pictures_by_name(benchmark_set):
    assert list(benchmark_set("Set5")) == ["baby_GT", "bird_GT", "butterfly_GT", "head_GT", "woman_GT"]
    assert benchmark_set("Set5")["butterfly_GT"].shape == (256, 256, 3)
    assert benchmark_set("Set14")["bridge"].shape == (512, 512)  # a grey file among colour ones


def test_grey_sets_are_made_of_colour_ones(benchmark_set):
    grey = list(benchmark_set("BSD100-grey").values())
    # BSD68 are some of the same photographs, made grey with MATLAB's rgb2gray.
    for picture in list(benchmark_set("BSD68").values())[:10]:
        alike = [g for g in grey if g.shape == picture.shape]
        differences = [np.abs(g.astype(int) - picture) for g in alike]
        nearest = min(differences, key=np.sum)
        assert nearest.max() <= 1
        assert (nearest > 0).mean() < 1e-3


def test_a_smaller_set_says_by_how_much(benchmark_set):
    whole, half = benchmark_set("BSD200"), benchmark_set("BSD200-half")
    assert list(whole) == list(half)
    assert len(half) == 200
    assert {picture.shape for picture in half.values()} == {(160, 240), (240, 160)}  # of 321 and 481
    for name in list(whole)[:5]:
        size = half[name].shape
        exact = resize(images.to_tensor(whole[name], torch.float64), size)
        difference = 255 * (exact.clamp(0, 1) - images.to_tensor(half[name], torch.float64))
        assert difference[..., 2:-2, 2:-2].abs().max() < 0.501  # edges are not mirrored


def test_the_beginning_of_a_set_has_its_first_pictures(benchmark_set):
    whole, first = benchmark_set("BSD200-half"), benchmark_set("BSD200-half-first20")
    assert list(first) == list(whole)[:20]
    assert all(np.array_equal(picture, whole[name]) for name, picture in first.items())
    assert sets.set_size("BSD200-half-first20") == 20


def test_sizes_of_sets_are_known_before_they_are_fetched():
    assert [sets.set_size(name) for name in ("bundled", "Set12", "14-images", "BSD200-half")] == [
        4,
        12,
        14,
        200,
    ]
    assert set(sets.DERIVED) < set(sets.set_names())


@pytest.mark.parametrize("name", ["GoPro_samples", "DAVIS_clips"])
def test_the_size_of_a_set_that_comes_with_its_blur_counts_pictures_not_files(benchmark_set, name):
    assert sets.set_size(name) == len(benchmark_set(name))


@pytest.mark.usefixtures("no_network")
def test_a_set_made_of_one_that_cannot_be_had_is_refused(monkeypatch, refused):
    monkeypatch.setitem(sets.DERIVED, "Remote-grey", ("Remote", 1.0))
    for fetch in (sets.load_set, lambda name: sets.require((name,))):
        with refused("Remote/a.png could not be downloaded"):
            fetch("Remote-grey")


# ---------------------------------------------------------------- fetching


class Server(ThreadingHTTPServer):
    """Serves `files` (path -> bytes) on loopback; `failures` answers come first, `cut` spoils the rest."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.failures, self.cut = {}, [], 0, False
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        content = self.server.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:10] if self.server.cut else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(noise, monkeypatch, tmp_path):
    """A server with a set "Remote" of two pictures, which the registry knows; nothing is cached yet."""
    monkeypatch.delenv("RESTORELIB_DATA", raising=False)
    monkeypatch.setenv("RESTORELIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between attempts
    with Server() as server:
        entries = {}
        for name, shape in (("one.png", (6, 8)), ("two.png", (9, 7, 3))):
            buffer = io.BytesIO()
            Image.fromarray(noise(*shape)).save(buffer, "PNG")
            content = server.files[f"/{name}"] = buffer.getvalue()
            digest = hashlib.sha256(content).hexdigest()
            entries[name] = {"sha256": digest, "url": f"{server.address}/{name}"}
        monkeypatch.setattr(sets, "registry", lambda: {"Remote": entries})
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
        gc.collect()  # so that no later test is blamed for a socket left open here


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_set_is_fetched_once(server, noise, tmp_path):
    for _ in range(2):
        found = sets.load_set("Remote")
        assert np.array_equal(found["one"], noise(6, 8))
        assert np.array_equal(found["two"], noise(9, 7, 3))
        assert server.requests == ["/one.png", "/two.png"]
    assert files_in(tmp_path / "cache") == ["one.png", "two.png"]


def test_a_server_that_fails_twice_is_asked_again(server):
    server.failures = 2
    assert len(sets.load_set("Remote")) == 2
    assert len(server.requests) == 4


def test_a_server_that_keeps_failing_is_one_line(server, refused):
    server.failures = 100
    with refused(r"Remote/one.png could not be downloaded \(HTTPError\); check the network"):
        sets.load_set("Remote")


def test_a_wrong_download_is_refused_and_not_kept(server, tmp_path, refused):
    server.files["/one.png"] = server.files["/two.png"]
    with refused("Remote/one.png: what was downloaded is broken"):
        sets.load_set("Remote")
    assert files_in(tmp_path / "cache") == []


def test_a_download_cut_short_is_refused_and_not_kept(server, tmp_path, refused):
    server.cut = True
    with refused("Remote/one.png could not be downloaded"):
        sets.load_set("Remote")
    assert files_in(tmp_path / "cache") == []


def test_a_spoiled_file_in_the_cache_is_fetched_again(server, noise, tmp_path):
    sets.load_set("Remote")
    (tmp_path / "cache" / "Remote" / "one.png").write_bytes(b"spoiled")
    assert np.array_equal(sets.load_set("Remote")["one"], noise(6, 8))
    assert server.requests == ["/one.png", "/two.png", "/one.png"]


def test_a_cache_that_cannot_be_made_is_one_line(server, tmp_path, monkeypatch, refused):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESTORELIB_CACHE", str(tmp_path / "file" / "cache"))
    with refused("Remote/one.png could not be downloaded"):
        sets.load_set("Remote")


def test_another_process_may_make_the_folder_at_the_same_moment(server, monkeypatch):
    def made_meanwhile(path, **options):
        raise FileExistsError(path)

    monkeypatch.setattr("os.makedirs", made_meanwhile)
    assert len(sets.load_set("Remote")) == 2


def test_the_first_download_tells_the_sha256_where_nobody_knows_it(server, noise, tmp_path, capsys, refused):
    sets.registry()["Remote"]["one.png"]["sha256"] = ""
    sets.load_set("Remote")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("Remote: nobody has noted its sha256 yet")
    assert files_in(tmp_path / "cache") == ["one.png", "one.png.sha256", "two.png"]

    sets.load_set("Remote")
    assert capsys.readouterr().out == ""
    assert server.requests == ["/one.png", "/two.png"]
    spoiled = tmp_path / "cache" / "Remote" / "one.png"
    spoiled.write_bytes(b"spoiled")
    assert np.array_equal(sets.load_set("Remote")["one"], noise(6, 8))
    spoiled.write_bytes(b"spoiled")
    server.files["/one.png"] = server.files["/two.png"]
    with refused("Remote/one.png: what was downloaded is broken"):
        sets.load_set("Remote")


@pytest.fixture
def no_network(server, monkeypatch):
    """The registry points at a port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    entry = {"sha256": "0" * 64, "url": f"http://127.0.0.1:{port}/a.png"}
    monkeypatch.setattr(sets, "registry", lambda: {"Remote": {"a.png": entry}})


@pytest.mark.usefixtures("no_network")
def test_no_network_is_one_line(refused):
    with refused(r"could not be downloaded \(ConnectionError\); check the network or set RESTORELIB_DATA"):
        sets.load_set("Remote")


@pytest.mark.usefixtures("no_network")
def test_without_a_set_the_bundled_one_is_taken_and_said(capsys):
    assert sets.obtainable(("bundled", "Remote"), "bundled_train") == ("bundled_train",)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "Remote/a.png could not be downloaded" in said
    assert said.endswith("Going on with the set 'bundled_train'.\n")


def test_a_set_that_is_there_is_taken_silently(server, capsys):
    assert sets.obtainable(("bundled", "Remote"), "bundled_train") == ("bundled", "Remote")
    assert capsys.readouterr().out == ""


def test_the_data_folder_comes_first(server, tmp_path, monkeypatch):
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path))
    (tmp_path / "Remote").mkdir()
    (tmp_path / "Remote" / "one.png").write_bytes(server.files["/one.png"])
    assert len(sets.load_set("Remote")) == 2
    assert server.requests == ["/two.png"]


def test_sets_that_are_whole_are_at_hand(server, tmp_path, monkeypatch):
    assert sets.at_hand() == []
    (tmp_path / "cache" / "Remote").mkdir(parents=True)
    (tmp_path / "cache" / "Remote" / "one.png").touch()
    assert sets.at_hand() == []
    (tmp_path / "cache" / "Remote" / "two.png").touch()
    assert sets.at_hand() == ["Remote"]
    (tmp_path / "data" / "DIV2K_train_HR").mkdir(parents=True)
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path / "data"))
    assert sets.at_hand() == ["Remote", "DIV2K_train_HR"]
    assert server.requests == []


def test_a_wrong_file_in_the_data_folder_is_refused(server, tmp_path, monkeypatch, refused):
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path))
    (tmp_path / "Remote").mkdir()
    (tmp_path / "Remote" / "one.png").write_bytes(server.files["/two.png"])
    with refused("one.png: is not the file the benchmark uses"):
        sets.load_set("Remote")
    assert server.requests == []


def test_without_a_downloader_the_bundled_pictures_remain(monkeypatch, capsys):
    for variable in ("RESTORELIB_DATA", "RESTORELIB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert sets.at_hand() == []
    assert sets.obtainable(("Set5",), "bundled") == ("bundled",)
    assert "pip install pooch" in capsys.readouterr().out


def test_a_picture_that_is_too_large_is_one_line(tmp_path, noise, refused, monkeypatch):
    images.write(tmp_path / "large.png", noise(20, 20))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with refused("large.png: not a readable image .Image size"):
        images.read(tmp_path / "large.png")
