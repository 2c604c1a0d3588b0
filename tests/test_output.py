"""What leaves a command, whatever it is written to: any encoding, a full disk, a pipe that nobody reads."""

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from restorelib import images, output, records, runs
from restorelib.__main__ import main
from restorelib.errors import RestoreError


@pytest.fixture
def folder(tmp_path, noise):
    """A folder with pictures whose names no code page has, one of them in no UTF-8 at all."""
    os.mkdir(tmp_path / "set")
    for name in (b"sharp.png", "漢−字.png".encode(), b"caf\xe9.png", b"a\x1b[2K\nb.png"):
        images.write(tmp_path / "sharp.png", noise(24, 24))
        os.rename(tmp_path / "sharp.png", tmp_path / "set" / os.fsdecode(name))
    return tmp_path / "set"


@pytest.fixture
def command(monkeypatch):
    """`command(stream, "evaluate", ...)` writes to a stream; gives what it exits with: a status or a line."""

    def run(stream, *words):
        monkeypatch.setattr(sys, "argv", ["restorelib", *map(str, words)])
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code

    return run


def terminal(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def said(stream):
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_any_encoding_takes_what_is_said(folder, command, encoding):
    stream = terminal(encoding)
    assert not command(stream, "evaluate", "tv/30", "--set", folder)
    assert len(said(stream).splitlines()) == 5
    assert r"  caf\xe9" in said(stream)
    assert r"  a\x1b[2K\x0ab" in said(stream)
    assert ("漢−字" if encoding == "utf-8" else r"\u6f22\u2212\u5b57") in said(stream)


def test_the_scoreboard_in_any_encoding(command):
    stream = terminal("ascii")
    assert not command(stream, "scoreboard")
    assert r"\xd7" in said(stream)


def test_a_picture_of_any_name(folder, command):
    stream, target = terminal("ascii"), folder / os.fsdecode("ré−".encode() + b"\xff.png")
    assert not command(stream, "image", folder / os.fsdecode(b"caf\xe9.png"), target, "--run", "tv/30")
    assert said(stream).endswith("r\\xe9\\u2212\\xff.png written\n")
    assert target.exists()


def test_what_is_wrong_with_any_name_is_one_line(folder, command):
    absent = folder / os.fsdecode(b"\xe9\n.png")
    line = command(terminal("ascii"), "image", absent, "out.png", "--run", "tv/30")
    assert line.endswith("\\xe9\\x0a.png: no such file")


FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
NO_SPACE = "restorelib: the output: No space left on device"


@FULL
@pytest.mark.parametrize("words", ["data", "scoreboard"])  # less and more than Python holds back
def test_a_full_disk_is_one_line(command, words):
    with open("/dev/full", "w") as full:
        assert command(full, words) == NO_SPACE


@FULL
def test_python_adds_nothing_when_it_ends():
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "restorelib", "data"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, f"{NO_SPACE}\n")


@pytest.mark.parametrize("words", ["data", "scoreboard"])
def test_a_pipe_that_nobody_reads_is_left_in_silence(command, words, capsys):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        assert command(pipe, words) == 1
    assert capsys.readouterr().err == ""


def test_no_output_at_all(command):
    assert not command(None, "data")  # as Python has it behind >&-


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RestoreError("a\nb"), r"it: a\x0ab"),
        (OSError(28, "No space left on device"), "it: the output: No space left on device"),
        (OSError(36, "File name too long", "x"), "it: x: File name too long"),
        (OSError("odd"), "it: the system: odd"),
    ],
)
def test_errors_are_one_line(error, told):
    def command():
        raise error

    with pytest.raises(SystemExit) as ended:
        output.run_command(command, "it")
    assert ended.value.code == told


# ---------------------------------------------------------------- JSON


def strict(text):
    """As a parser reads JSON that knows the standard and no more."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_what_json_has_no_word_for_is_a_text():
    told = strict(
        output.json_of({"a": math.inf, "b": (-math.inf, [math.nan, 1.5]), "c\udce9": "é\ud83d", "d": None})
    )
    assert told == {"a": "Infinity", "b": ["-Infinity", ["NaN", 1.5]], "c\\udce9": "é\\ud83d", "d": None}
    assert float(told["a"]) == math.inf


def test_scores_of_a_perfect_restoration_are_json(tmp_path, bundled, command):
    white = bundled["chelsea"][:20, :20] * 0 + 255
    images.write(tmp_path / "white.png", white)
    stream = terminal("ascii")
    assert not command(stream, "evaluate", "jpeg", "--set", tmp_path, "--level", 100, "--json")
    told = strict(said(stream))
    assert (told["psnr"], told["images"][0]["psnr"], told["ssim"]) == ("Infinity", "Infinity", 1.0)


def test_records_are_json_and_older_ones_can_be_read(finished_run, tmp_path):
    path, about = tmp_path / "record.json", runs.record(finished_run)
    perfect = about.scores[0].model_copy(update={"psnr": math.inf})
    about = about.model_copy(update={"scores": (perfect,), "loss": ((1, math.inf),)})
    records.write(path, about)
    assert strict(path.read_text())["scores"][0]["psnr"] == "Infinity"
    assert records.read(path) == about
    path.write_text(path.read_text().replace('"Infinity"', "Infinity"))  # as it was written once
    assert records.read(path) == about


def test_all_that_is_shipped_is_json():
    for path in (*runs.SHIPPED.glob("*/record.json"), *runs.MEASURED.glob("*.json")):
        strict(Path(path).read_text(encoding="utf-8"))
