"""Sets of gigabytes, here of kilobytes: from a server on loopback that does whatever servers do."""

import hashlib
import io
import re
import shutil
import socket
import stat
import sys
import zipfile
from collections import namedtuple
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from restorelib import downloads, runs, scoring, sets
from restorelib.__main__ import main
from restorelib.degrade import Recorded
from restorelib.evaluation import evaluate
from restorelib.runs import load

NAME = "DIV2K_train_HR"
Usage = namedtuple("Usage", "total used free")


class Server(ThreadingHTTPServer):
    """Serves `content` on loopback, and keeps the byte that each request wanted to begin at.

    Attributes:
        ranges: whether it knows Range.
        breaks: for the first requests, how many bytes go out before the connection is cut.
        longer: by how many bytes its Content-Length is too large; negative: too small.
        status: what it answers in place of the file.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.begins = b"", []
        self.ranges, self.breaks, self.longer, self.status = True, [], 0, None


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
        server.begins.append(begin)
        begin, size = begin if server.ranges else 0, len(server.content)
        if server.status:
            self.send_error(server.status)
            return
        if begin >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - begin + server.longer))
        self.end_headers()
        self.wfile.write(server.content[begin:][: server.breaks.pop(0) if server.breaks else None])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server for a data folder that is empty; nobody waits between attempts."""
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def offer(server, monkeypatch):
    """`offer(name, content)`: the server has this archive, and its sha256 is known unless told otherwise."""

    def put(name, content, sha256=None):
        server.content = content
        archive = replace(
            downloads.ARCHIVES[name],
            url=f"http://127.0.0.1:{server.server_port}/{name}.zip",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest() if sha256 is None else sha256,
        )
        monkeypatch.setitem(downloads.ARCHIVES, name, archive)

    return put


def png(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(entries):
    """The bytes of a zip file of these names or `ZipInfo`s, stored in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def pictures(noise):
    """Five pictures of 34 kB, each another, by the names they have in DIV2K."""
    return {f"{i:04}": np.roll(noise(96, 120, 3), i) for i in range(1, 6)}


@pytest.fixture
def archive(pictures):
    """The zip file of the pictures, 173 kB, laid out as DIV2K's."""
    return zipped({f"{NAME}/{name}.png": png(picture) for name, picture in pictures.items()})


@pytest.fixture
def div2k(offer, archive):
    """The server offers the pictures as DIV2K."""
    offer(NAME, archive)


def same(found, pictures):
    return list(found) == list(pictures) and all(np.array_equal(found[n], pictures[n]) for n in pictures)


def left(tmp_path):
    """What lies in the data folder."""
    return sorted(path.name for path in (tmp_path / "data").glob("*"))


# ---------------------------------------------------------------- what is there


def test_the_archives_that_are_known():
    assert list(downloads.ARCHIVES) == ["DIV2K_train_HR", "DIV2K_valid_HR", "GOPRO_Large", "GOPRO_Large_all"]
    assert [downloads.gigabytes(name) for name in downloads.ARCHIVES] == [
        "3.5 GB",
        "0.45 GB",
        "9.5 GB",
        "35 GB",
    ]
    digests = [archive.sha256 for archive in downloads.ARCHIVES.values()]
    assert [len(digest) for digest in digests] == [64, 64, 64, 0]
    assert {name.split("/")[0] for name in sets.LARGE} == set(downloads.ARCHIVES)
    assert all(archive.url.startswith("https://") for archive in downloads.ARCHIVES.values())
    assert len(set(downloads.GOPRO_TEST)) == 11


def test_they_are_listed_with_what_they_cost(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["restorelib", "data"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "DIV2K_train_HR: 3.5 GB, fetched only when it is asked for",
        "DIV2K_valid_HR: 0.45 GB, fetched only when it is asked for",
        "GOPRO_Large: 9.5 GB, fetched only when it is asked for",
        "GOPRO_Large_all: 35 GB, fetched only when it is asked for",
    ]


# ---------------------------------------------------------------- one command


@pytest.mark.usefixtures("div2k")
def test_one_command_brings_it_and_load_set_reads_it(server, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["restorelib", "data", NAME])
    for begins in ([0], [0]):  # the second time it is here
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert server.begins == begins
        said = capsys.readouterr().out.splitlines()
        assert said[-1] == f"{NAME}: 5 images in {tmp_path / 'data' / NAME}"
    assert said[:-1] == []
    assert left(tmp_path) == [NAME]
    assert same(sets.load_set(NAME), pictures)
    assert sets.at_hand() == [NAME]
    sets.require((NAME,))


@pytest.mark.usefixtures("div2k")
def test_without_a_data_folder_it_goes_to_the_cache(server, pictures, tmp_path, monkeypatch):
    monkeypatch.delenv("RESTORELIB_DATA")
    monkeypatch.setenv("RESTORELIB_CACHE", str(tmp_path / "cache"))
    assert downloads.fetch(NAME) == tmp_path / "cache" / NAME
    assert same(sets.load_set(NAME), pictures)
    # With a data folder, which has no such set, the one in the cache still serves.
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path / "data"))
    assert downloads.fetch(NAME) == tmp_path / "cache" / NAME
    assert same(sets.load_set(NAME), pictures)
    assert sets.at_hand() == [NAME]
    assert server.begins == [0]


@pytest.mark.usefixtures("div2k")
def test_nothing_else_fetches_it(server, recipe, tmp_path, monkeypatch, capsys, refused):
    line = rf"^{NAME}: is not here; restorelib data {NAME} fetches it \(0.00017 GB\)$"
    with refused(line):
        sets.load_set(NAME)
    with refused(line):
        runs.make(replace(recipe, train_on=(NAME,)), "paper", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert sets.obtainable((NAME,), "bundled") == ("bundled",)
    assert re.match(line[:-1], capsys.readouterr().out)
    monkeypatch.setattr(sys, "argv", ["restorelib", "train", "edsr-x2", "--profile", "paper"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert re.fullmatch(f"restorelib: {line[1:-1]}", ended.value.code)
    assert server.begins == []
    with refused("GOPRO_Large: neither a folder nor a known set; .*GOPRO_Large/train, GOPRO_Large/test"):
        sets.load_set("GOPRO_Large")


@pytest.mark.usefixtures("div2k")
def test_a_training_finds_it_afterwards(recipe, tmp_path):
    downloads.fetch(NAME)
    folder = runs.make(replace(recipe, train_on=(NAME,), updates=2, validations=1), "paper", tmp_path / "run")
    assert runs.record(folder).recipe.train_on == (NAME,)


# ---------------------------------------------------------------- servers


@pytest.mark.usefixtures("div2k")
def test_a_download_that_breaks_off_goes_on_where_it_stopped(server, pictures, tmp_path):
    server.breaks = [100_000, 50_000]
    downloads.fetch(NAME)
    block = downloads.BLOCK
    assert server.begins[0] == 0
    # What came of a block is lost with the break, and no more than that.
    assert 100_000 - block < server.begins[1] <= 100_000
    assert server.begins[1] <= server.begins[2] <= server.begins[1] + 50_000
    assert same(sets.load_set(NAME), pictures)
    assert left(tmp_path) == [NAME]


@pytest.mark.usefixtures("div2k")
def test_another_call_goes_on_too(server, archive, pictures, tmp_path, refused):
    server.breaks = [80_000] + [0] * 10
    with refused(
        rf"{NAME}: could not be downloaded \(\w+\); the same command goes on from 0.00 GB, or see ht"
    ):
        downloads.fetch(NAME)
    assert left(tmp_path) == [f"{NAME}.zip.part"]
    part = (tmp_path / "data" / f"{NAME}.zip.part").read_bytes()
    assert len(part) > 10_000
    assert archive.startswith(part)
    assert len(server.begins) == 1 + downloads.ATTEMPTS
    assert set(server.begins[1:]) == {len(part)}
    server.begins, server.breaks = [], []
    downloads.fetch(NAME)
    assert server.begins == [len(part)]
    assert same(sets.load_set(NAME), pictures)


@pytest.mark.usefixtures("div2k")
def test_a_server_that_knows_no_range_sends_all_of_it_again(server, pictures):
    server.ranges, server.breaks = False, [100_000]
    downloads.fetch(NAME)
    assert len(server.begins) == 2
    assert server.begins[1] > 0
    assert same(sets.load_set(NAME), pictures)


@pytest.mark.usefixtures("div2k")
def test_a_server_that_never_gets_to_the_end_is_given_up(server, refused):
    server.ranges, server.breaks = False, [100_000] * 100
    with refused("could not be downloaded"):
        downloads.fetch(NAME)
    assert len(server.begins) == 1 + downloads.ATTEMPTS


@pytest.mark.usefixtures("div2k")
def test_a_server_that_promises_more_than_it_has(server, pictures, tmp_path, refused):
    server.longer = 1000
    with refused(r"could not be downloaded \(\w+Error\); the same command goes on"):
        downloads.fetch(NAME)
    assert left(tmp_path) == [f"{NAME}.zip.part"]
    assert server.begins[-1] == 2 * downloads.BLOCK
    server.longer = 0
    downloads.fetch(NAME)
    assert server.begins[-1] == 2 * downloads.BLOCK
    assert same(sets.load_set(NAME), pictures)
    assert left(tmp_path) == [NAME]


@pytest.mark.usefixtures("div2k")
def test_a_server_that_promises_less_than_it_has(server, pictures, tmp_path, refused):
    server.longer = -1000
    with refused(
        rf"{NAME}: what was downloaded is broken \(sha256 differs\); the same command fetches it anew"
    ):
        downloads.fetch(NAME)
    assert left(tmp_path) == []
    server.longer = 0
    downloads.fetch(NAME)
    assert server.begins == [0, 0]
    assert same(sets.load_set(NAME), pictures)


@pytest.mark.usefixtures("div2k")
def test_what_is_no_beginning_of_the_file_is_fetched_anew(server, pictures, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{NAME}.zip.part").write_bytes(b"x" * 1_000_000)  # longer than what is there
    downloads.fetch(NAME)
    assert server.begins == [1_000_000, 0]
    assert same(sets.load_set(NAME), pictures)


@pytest.mark.usefixtures("div2k")
def test_a_part_that_is_whole_already_is_taken(server, archive, pictures, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{NAME}.zip.part").write_bytes(archive)
    downloads.fetch(NAME)
    assert server.begins == [len(archive)]
    assert same(sets.load_set(NAME), pictures)


@pytest.mark.usefixtures("div2k")
@pytest.mark.parametrize(("status", "requests"), [(404, 1), (503, downloads.ATTEMPTS)])
def test_a_server_that_answers_with_an_error(server, refused, status, requests):
    server.status = status
    with refused(
        rf"could not be downloaded \({status}\); .* or see https://data.vision.ee.ethz.ch/cvl/DIV2K"
    ):
        downloads.fetch(NAME)
    assert len(server.begins) == requests


def test_no_network_is_one_line(offer, archive, monkeypatch, refused):
    offer(NAME, archive)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/a.zip"
    monkeypatch.setitem(downloads.ARCHIVES, NAME, replace(downloads.ARCHIVES[NAME], url=address))
    with refused(r"could not be downloaded \(ConnectionError\)"):
        downloads.fetch(NAME)


@pytest.mark.usefixtures("div2k")
def test_without_a_downloader_it_is_one_line(monkeypatch, refused):
    monkeypatch.setitem(sys.modules, "requests", None)
    with refused("^to fetch pictures, pip install pooch$"):
        downloads.fetch(NAME)
    monkeypatch.delenv("RESTORELIB_DATA")
    monkeypatch.delenv("RESTORELIB_CACHE")
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert downloads.places() == []
    with refused("^to fetch pictures, pip install pooch$"):
        downloads.fetch(NAME)


# ---------------------------------------------------------------- archives


def test_a_damaged_archive_is_not_kept(offer, server, archive, tmp_path, refused):
    damaged = bytearray(archive)
    damaged[60_000] ^= 1
    offer(NAME, bytes(damaged), hashlib.sha256(archive).hexdigest())
    with refused(f"{NAME}: what was downloaded is broken .sha256 differs"):
        downloads.fetch(NAME)
    assert left(tmp_path) == []
    # Where nobody knows the sha256, unpacking notices, and what is damaged is not noted.
    offer(NAME, bytes(damaged), "")
    with refused(f"{NAME}: what was downloaded cannot be unpacked .Bad CRC-32 for file '{NAME}/0002.png'"):
        downloads.fetch(NAME)
    assert left(tmp_path) == []
    with refused("DIV2K_train_HR: is not here"):
        sets.load_set(NAME)


def test_what_is_no_archive_is_not_kept(offer, tmp_path, refused):
    offer(NAME, b"<html>come back later</html>", "")
    with refused("cannot be unpacked .File is not a zip file.; the same command fetches it anew"):
        downloads.fetch(NAME)
    assert left(tmp_path) == []


def test_an_archive_laid_out_otherwise_is_kept(offer, server, archive, tmp_path, refused):
    offer("GOPRO_Large_all", archive)
    for _ in range(2):
        with refused(
            "GOPRO_Large_all: its archive holds no train/./..png and test/./..png; move what you find"
        ):
            downloads.fetch("GOPRO_Large_all")
        assert server.begins == [0]
        assert left(tmp_path) == ["GOPRO_Large_all.unpacking", "GOPRO_Large_all.zip.whole"]
    assert sets.at_hand() == []


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("../evil.png", "leads out of its folder"),
        (f"{NAME}/../../evil.png", "leads out of its folder"),
        ("/tmp/evil.png", "leads out of its folder"),
        ("..\\evil.png", "leads out of its folder"),
        ("C:\\evil.png", "leads out of its folder"),
        (link(f"{NAME}/evil.png"), "is a link or no file at all"),
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused_as_a_whole(
    offer, pictures, tmp_path, refused, entry, why
):
    good = {f"{NAME}/{name}.png": png(picture) for name, picture in pictures.items()}
    offer(NAME, zipped({**good, entry: b"/etc/passwd"}))
    with refused(f"{NAME}: what was downloaded cannot be unpacked .*evil.png' {why}"):
        downloads.fetch(NAME)
    assert left(tmp_path) == []
    assert list(tmp_path.rglob("*evil*")) == []


def test_the_first_download_notes_the_sha256_where_nobody_knows_it(
    offer, server, archive, pictures, tmp_path, capsys, refused
):
    digest = hashlib.sha256(archive).hexdigest()
    offer(NAME, archive, "")
    downloads.fetch(NAME)
    told, noted = capsys.readouterr().out.splitlines()
    assert told.startswith(f"{NAME}: 0.00017 GB from http://127.0.0.1:{server.server_port}/")
    assert noted == f"{NAME}: nobody has noted its sha256 yet; from now on it has to be {digest}"
    assert left(tmp_path) == [NAME, f"{NAME}.zip.sha256"]
    assert (tmp_path / "data" / f"{NAME}.zip.sha256").read_text() == digest
    assert same(sets.load_set(NAME), pictures)

    shutil.rmtree(tmp_path / "data" / NAME)
    other = zipped({"0001.png": png(pictures["0002"])})
    offer(NAME, other, "")
    with refused("sha256 differs.*; if its makers have changed it, remove .*DIV2K_train_HR.zip.sha256 first"):
        downloads.fetch(NAME)
    offer(NAME, archive, "")
    downloads.fetch(NAME)
    assert "nobody" not in capsys.readouterr().out
    assert same(sets.load_set(NAME), pictures)


# ---------------------------------------------------------------- the disk


@pytest.mark.usefixtures("div2k")
def test_the_disk_is_asked_before_the_server(server, archive, tmp_path, monkeypatch, refused):
    asked = []

    def usage(path):
        asked.append(path)
        return Usage(0, 0, 2 * len(archive) - 1)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with refused(
        f"{NAME}: needs 0.0 GB in {tmp_path / 'data'}, where 0.0 are free; make room, or set RESTORE"
    ):
        downloads.fetch(NAME)
    assert asked == [tmp_path / "data"]
    assert server.begins == []
    assert left(tmp_path) == []


def test_the_line_says_how_much_is_needed(tmp_path, monkeypatch, refused):
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 5.04e9))
    with refused(f"{NAME}: needs 7.1 GB in {tmp_path}, where 5.0 are free"):
        downloads.fetch(NAME)


@pytest.mark.usefixtures("div2k")
def test_what_is_here_of_a_download_needs_no_room_again(server, archive, pictures, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{NAME}.zip.part").write_bytes(archive[:90_000])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 2 * len(archive) - 90_000))
    downloads.fetch(NAME)
    assert server.begins == [90_000]
    assert same(sets.load_set(NAME), pictures)


def test_an_archive_that_swells_is_not_unpacked(offer, server, tmp_path, monkeypatch, refused):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0001.png", bytes(10_000_000))
    offer(NAME, buffer.getvalue())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 9_000_000))
    with refused("needs 0.0 GB"):
        downloads.fetch(NAME)
    assert server.begins == [0]
    assert left(tmp_path) == [f"{NAME}.zip.whole"]  # with more room it need not be fetched again


@pytest.mark.usefixtures("div2k")
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, monkeypatch, refused):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESTORELIB_DATA", str(tmp_path / "file" / "data"))
    with refused(f"{NAME}: cannot be written .Not a directory"):
        downloads.fetch(NAME)


@pytest.mark.usefixtures("div2k")
def test_an_unpacking_that_was_interrupted_never_looks_complete(
    server, pictures, tmp_path, monkeypatch, refused
):
    extract = zipfile.ZipFile.extract

    def interrupted(file, entry, place):
        if entry.filename.endswith("0003.png"):
            raise KeyboardInterrupt
        return extract(file, entry, place)

    monkeypatch.setattr(zipfile.ZipFile, "extract", interrupted)
    with pytest.raises(KeyboardInterrupt):
        downloads.fetch(NAME)
    assert left(tmp_path) == [f"{NAME}.unpacking", f"{NAME}.zip.whole"]
    assert sets.at_hand() == []
    with refused("is not here"):
        sets.load_set(NAME)
    # What lies there from last time does not get into the set.
    (tmp_path / "data" / f"{NAME}.unpacking" / NAME / "stray.png").touch()
    monkeypatch.setattr(zipfile.ZipFile, "extract", extract)
    downloads.fetch(NAME)
    assert server.begins == [0]
    assert same(sets.load_set(NAME), pictures)
    assert left(tmp_path) == [NAME]


# ---------------------------------------------------------------- how they are laid out


@pytest.mark.parametrize("top", ["", f"{NAME}/", "anything/"])
def test_a_folder_around_the_pictures_may_be_there_or_not(offer, pictures, tmp_path, top):
    offer(NAME, zipped({f"{top}{name}.png": png(picture) for name, picture in pictures.items()}))
    downloads.fetch(NAME)
    assert same(sets.load_set(NAME), pictures)
    assert left(tmp_path) == [NAME]


def film(noise, folders):
    """13 frames of a moving picture in each of these folders."""
    picture = noise(40, 80, 3)
    frames = [png(picture[:, i : i + 48]) for i in range(13)]
    return {f"{folder}/{i + 1:06}.png": frame for folder in folders for i, frame in enumerate(frames)}


@pytest.mark.parametrize("top", ["", "GOPRO_Large_all/"])
def test_the_frames_of_gopro(offer, noise, tmp_path, monkeypatch, capsys, top):
    offer("GOPRO_Large_all", zipped(film(noise, [f"{top}train/GOPR0372_07_00", f"{top}test/GOPR0384_11_00"])))
    monkeypatch.setattr(sys, "argv", ["restorelib", "data", "GOPRO_Large_all"])
    with pytest.raises(SystemExit):
        main()
    assert "GOPRO_Large_all: 26 images in " in capsys.readouterr().out
    assert left(tmp_path) == ["GOPRO_Large_all"]
    for name, video in (("train", "GOPR0372_07_00"), ("test", "GOPR0384_11_00")):
        found = sets.load_set(f"GOPRO_Large_all/{name}")
        assert list(found) == [f"{video}-000007"]
        stack = found[f"{video}-000007"]
        assert stack.shape == (40, 48, 21)
        assert np.array_equal(stack[..., :3], noise(40, 80, 3)[:, 6:54])
    assert sets.at_hand() == ["GOPRO_Large_all/train", "GOPRO_Large_all/test"]


def test_videos_side_by_side_are_divided_as_their_makers_do(offer, noise):
    videos = [*downloads.GOPRO_TEST, "GOPR0372_07_00", "GOPR0884_11_00"]
    offer("GOPRO_Large_all", zipped(film(noise, videos)))
    folder = downloads.fetch("GOPRO_Large_all")
    assert sorted(path.name for path in (folder / "train").iterdir()) == ["GOPR0372_07_00", "GOPR0884_11_00"]
    assert sorted(path.name for path in (folder / "test").iterdir()) == sorted(downloads.GOPRO_TEST)
    assert sorted(path.name for path in folder.iterdir()) == ["test", "train"]


@pytest.fixture
def pairs(offer, noise):
    """GOPRO_Large with two pairs; what its three folders hold for each, by name."""
    kinds = {"sharp": noise(24, 32, 3), "blur": noise(24, 32, 3) // 2, "blur_gamma": noise(24, 32, 3) // 3}
    videos = ("train/GOPR0372_07_00", "test/GOPR0384_11_00")
    entries = {f"{video}/{kind}/000047.png": png(kinds[kind]) for video in videos for kind in kinds}
    offer("GOPRO_Large", zipped(entries))
    return kinds


def test_the_pairs_of_gopro_are_scored_as_they_were_recorded(pairs, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["restorelib", "data", "GOPRO_Large/test"])
    with pytest.raises(SystemExit):
        main()
    assert "GOPRO_Large/test: 3 images in " in capsys.readouterr().out
    assert list(sets.load_set("GOPRO_Large/train")) == ["GOPR0372_07_00-000047"]
    found = sets.load_set("GOPRO_Large/test")
    assert list(found) == ["GOPR0384_11_00-000047"]
    assert np.array_equal(found["GOPR0384_11_00-000047"], np.concatenate([pairs["sharp"], pairs["blur"]], 2))
    (kind,) = scoring.scored_under("GOPRO_Large/test", ())
    assert kind == Recorded(0)
    error = (pairs["sharp"].astype(float) - pairs["blur"]) ** 2
    score = evaluate(load("blurred"), found, kind)
    assert score["psnr"] == pytest.approx(10 * np.log10(255**2 / error.mean()))


@pytest.mark.usefixtures("pairs")
def test_pairs_that_are_none_are_refused(tmp_path, noise, refused):
    folder = downloads.fetch("GOPRO_Large") / "test" / "GOPR0384_11_00"
    (folder / "blur" / "000047.png").write_bytes(png(noise(24, 31, 3)))
    with refused("blur/000047.png: is not RGB, or not of the size of .*sharp/000047.png"):
        sets.load_set("GOPRO_Large/test")
    (folder / "blur" / "000047.png").unlink()
    with refused("blur/000047.png: no such file"):
        sets.load_set("GOPRO_Large/test")
    (folder / "sharp" / "000047.png").unlink()
    with refused("GOPRO_Large/test: holds no sharp picture"):
        sets.load_set("GOPRO_Large/test")
    with refused("GOPRO_Large: holds no test/./sharp/..png; move it away, then restorelib data GOPRO_Large"):
        downloads.fetch("GOPRO_Large")


def test_a_set_of_ones_own_is_left_alone(server, noise, tmp_path):
    own = tmp_path / "data" / "DIV2K_valid_HR"
    own.mkdir(parents=True)
    (own / "mine.png").write_bytes(png(noise(6, 8, 3)))
    assert downloads.fetch("DIV2K_valid_HR") == own
    assert list(sets.load_set("DIV2K_valid_HR")) == ["mine"]
    assert server.begins == []
