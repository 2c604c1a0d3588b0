"""The command line: what it prints, and that what the user can mend is one line without a traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from restorelib import images, queue, runs, saving, sets
from restorelib.__main__ import main
from restorelib.degrade import Jpeg, Motion, Noise, bicubic_up
from restorelib.evaluation import evaluate
from restorelib.metrics import Protocol
from restorelib.opening import open_picture
from restorelib.recipes import HEADLINES, RECIPES

ROOT = Path(__file__).parents[1]


@pytest.fixture
def cli(monkeypatch, capsys):
    """`cli("evaluate", ...)`: exit code, stdout and stderr of the command, run in this process."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["restorelib", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        # sys.exit("line") prints the line and exits with 1, but only when the process ends
        return (1, out, f"{err}{code}\n") if isinstance(code, str) else (code or 0, out, err)

    return run


@pytest.fixture
def shipped(finished_run, tmp_path, monkeypatch):
    """A fresh run, as if the book shipped it and nothing else."""
    shutil.copytree(finished_run, tmp_path / "shipped" / "tiny-smoke")
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "shipped")
    return "tiny-smoke"


# ---------------------------------------------------------------- evaluate


def test_evaluate_prints_one_object(cli):
    code, out, _ = cli("evaluate", "bicubic", "--set", "bundled", "--scale", 2, "--json")
    assert code == 0
    result = json.loads(out)
    assert list(result) == ["run", "set", "scale", "psnr", "ssim", "images", "protocol"]
    assert (result["run"], result["set"], result["scale"]) == ("bicubic", "bundled", 2)
    assert [list(row) for row in result["images"]] == [["name", "psnr", "ssim"]] * 4
    assert [row["name"] for row in result["images"]] == ["astronaut", "chelsea", "coffee", "rocket"]
    assert result["psnr"] == pytest.approx(np.mean([row["psnr"] for row in result["images"]]))
    assert result["protocol"] == {
        **Protocol().as_dict(),
        "border": 2,
        "low": 16,
        "high": 235,
        "clip_input": True,
        "clip_grey": False,
    }


def test_evaluate_prints_a_line_a_picture(cli, small_set, shipped):
    code, out, _ = cli("evaluate", shipped, "--set", small_set)
    (score,) = runs.record(shipped).scores
    *rows, mean = out.splitlines()
    assert code == 0
    assert [row.split()[0] for row in rows] == ["cat", "cup", "face"]
    assert mean == f"{small_set}, scale 2: {score.psnr:.2f} dB, SSIM {score.ssim:.4f}"


def test_evaluate_at_a_scale_it_was_not_trained_for(cli, small_set, shipped):
    _, out, _ = cli("evaluate", "tiny", "--set", small_set, "--scale", 4, "--json")
    assert json.loads(out)["scale"] == 4


@pytest.mark.parametrize(
    ("run", "level", "kind"),
    [
        ("noisy", 30, Noise(30)),
        ("jpeg", 20, Jpeg(20)),
        ("blurred", 13, Motion(13)),
        ("blurred", None, Motion(3)),
    ],
)
def test_evaluate_at_a_level(cli, small_set, run, level, kind):
    code, out, _ = cli("evaluate", run, "--set", small_set, "--json", *(["--level", level] if level else []))
    network = runs.load(run)
    expected = evaluate(network, sets.load_set(small_set), kind)
    assert code == 0
    assert json.loads(out)["psnr"] == pytest.approx(expected["psnr"])


def test_evaluate_gives_the_published_scores(cli, benchmark_set):
    assert len(benchmark_set("Set5")) == 5
    _, out, _ = cli("evaluate", "bicubic", "--set", "Set5", "--scale", 3, "--json")
    result = json.loads(out)
    assert (result["psnr"], result["ssim"]) == (
        pytest.approx(30.39, abs=0.01),
        pytest.approx(0.8682, abs=1e-3),
    )


# ---------------------------------------------------------------- image


@pytest.mark.parametrize("colour", [True, False])
def test_a_picture_is_restored(cli, bundled, tmp_path, colour):
    picture = bundled["chelsea"][100:140, 120:180]
    picture = picture if colour else picture[..., 1]
    images.write(tmp_path / "in.png", picture)
    code, out, _ = cli("image", tmp_path / "in.png", tmp_path / "out.png", "--run", "bicubic", "--scale", 3)
    assert (code, out) == (0, f"{tmp_path / 'out.png'} written\n")
    enlarged = images.to_image(bicubic_up(images.to_tensor(picture), 3))
    assert abs(images.read(tmp_path / "out.png").astype(int) - enlarged).max() <= 1


@pytest.mark.parametrize(
    ("run", "larger"), [("bicubic", 2), ("edsr-x3-reduced", 3), ("red10-noise50-quick", 1), ("mtrnn", 1)]
)
def test_a_picture_is_enlarged_only_by_runs_for_super_resolution(cli, bundled, tmp_path, run, larger):
    images.write(tmp_path / "in.png", bundled["chelsea"][100:140, 120:180])
    assert cli("image", tmp_path / "in.png", tmp_path / "out.png", "--run", run)[0] == 0
    assert images.read(tmp_path / "out.png").shape == (40 * larger, 60 * larger, 3)


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits_go_in_and_come_out(cli, tmp_path, colour, ending):
    deep = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    deep = deep if colour else deep[..., 0]
    saving.write_picture(tmp_path / "in.png", deep)
    words = ["--run", "bicubic", "--scale", 1]
    assert cli("image", tmp_path / "in.png", tmp_path / f"out.{ending}", *words)[0] == 0
    found = open_picture(tmp_path / f"out.{ending}").pixels
    assert found.dtype == np.uint16
    assert abs(found.astype(int) - deep).max() <= 1  # through luma and back in float32


def test_a_profile_comes_out_with_the_picture(cli, tmp_path, noise):
    saving.write_picture(tmp_path / "in.png", noise(20, 20, 3), b"a profile" * 20)
    assert cli("image", tmp_path / "in.png", tmp_path / "out.webp", "--run", "bicubic")[0] == 0
    assert open_picture(tmp_path / "out.webp").profile == b"a profile" * 20


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("wide.webp", "WEBP holds 16383 pixels a side, this is 20000x32; take .png"),
        ("out.ico", "its name must end in .png"),
        ("absent/out.png", "there is no folder"),
        ("kept.png", "it is write-protected"),
    ],
)
def test_what_cannot_be_written_is_known_before_anything_is_computed(cli, tmp_path, monkeypatch, name, why):
    def computing(*_):
        pytest.fail("it was computed")

    images.write(tmp_path / "wide.webp", np.zeros((8, 5000, 3), np.uint8))
    (tmp_path / "kept.png").touch(0o444)
    before = (tmp_path / "wide.webp").read_bytes()
    monkeypatch.setattr("restorelib.__main__.restore_image", computing)
    code, out, err = cli("image", tmp_path / "wide.webp", tmp_path / name, "--run", "bicubic", "--scale", 4)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert why in err
    assert (tmp_path / "wide.webp").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.png", "wide.webp"]


def test_a_picture_may_be_replaced_by_its_result(cli, tmp_path, noise):
    images.write(tmp_path / "a.png", noise(20, 20, 3))
    assert cli("image", tmp_path / "a.png", tmp_path / "a.png", "--run", "bicubic")[0] == 0
    assert images.read(tmp_path / "a.png").shape == (40, 40, 3)


def test_the_quality_of_results_is_stated(cli):
    said = " ".join(cli("image", "--help")[1].split())
    assert "(lossless)" in said
    assert "quality 95" in " ".join(said.replace("│", " ").split())


# ---------------------------------------------------------------- data, runs, train


def test_data_lists_the_sets(cli):
    code, out, _ = cli("data")
    assert code == 0
    lines = out.splitlines()
    assert lines[:2] == ["bundled: 4 images", "bundled_train: 7 images"]
    assert {"Set5: 5 images", "BSD100: 100 images", "Urban100: 100 images"} <= set(lines)
    assert len(lines) == 28


def test_data_checks_one_set(cli, small_set):
    assert cli("data", "bundled")[:2] == (0, "bundled: 4 images\n")
    assert cli("data", small_set)[:2] == (0, f"{small_set}: 3 images\n")


def test_runs_are_listed(cli, shipped):
    code, out, _ = cli("runs", "--json")
    assert code == 0
    (row,) = json.loads(out)
    about = runs.record(shipped)
    needed = ("name", "network", "task", "profile", "minutes", "hardware", "scores")
    assert {key: row[key] for key in needed} == about.model_dump(mode="json", include=set(needed))
    assert f"tiny-smoke: {about.parameters:,} parameters, " in cli("runs")[1]


def test_the_shipped_runs_are_listed(cli):
    assert [row["name"] for row in json.loads(cli("runs", "--json")[1])] == runs.shipped()


def test_a_run_is_shown_with_recipe_cost_scores_and_pages(cli):
    code, out, _ = cli("show", "vdsr-quick")
    about = runs.record("vdsr-quick")
    assert code == 0
    assert out.startswith(f"vdsr-quick: {runs.SHIPPED / 'vdsr-quick' / 'record.json'}\n")
    assert "restorelib train vdsr --profile quick trains it again" in out
    assert '  options        {"depth": 8, "width": 32, "zero_last": true}\n' in out
    assert f"{about.updates:,} updates in {about.minutes} minutes on {about.hardware}" in out
    assert f"  Set5, scale 2: {about.scores[1].psnr:.2f} dB, SSIM {about.scores[1].ssim:.4f}\n" in out
    assert "costs.ipynb, gallery.ipynb, vdsr.ipynb" in out.splitlines()[-1]


def test_a_run_is_shown_as_json(cli, finished_run):
    told = json.loads(cli("show", finished_run, "--json")[1])
    written = json.loads((finished_run / "record.json").read_text(encoding="utf-8"))
    assert told == written | {
        "reproduces": False,  # no recipe is called tiny
        "record": str(finished_run / "record.json"),
        "pages": [],
    }


def test_what_was_only_measured_is_shown_too(cli):
    told = json.loads(cli("show", "edsr-x2-reduced+", "--json")[1])
    assert told["record"].endswith("measured/edsr-x2-reduced+.json")
    assert {"edsr.ipynb", "scoreboard.md"} <= set(told["pages"])


def test_a_page_uses_a_run_and_not_another_whose_name_begins_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "BOOK", tmp_path)
    (tmp_path / "one.md").write_text("Ours: edsr-x2-reduced, and no other.")
    (tmp_path / "two.md").write_text("edsr-x2-reduced+")
    (tmp_path / "three.md").write_text("my-edsr-x2-reduced and edsr-x2-reduced-again")
    (tmp_path / "four.ipynb").write_text("/runs/edsr-x2-reduced/record.json")
    assert runs.pages("edsr-x2-reduced") == ["four.ipynb", "one.md"]
    assert runs.pages("edsr-x2-reduced+") == ["two.md"]


def test_what_is_not_trained_is_listed_behind_the_runs(cli):
    assert cli("runs")[1].splitlines()[-1] == (
        "Not trained here: bicubic, noisy, jpeg, blurred, official/vdsr, official/dmphn, "
        "bm3d/SIGMA, nlm/SIGMA, tv/SIGMA"
    )


def test_recipes_are_listed_and_the_help_names_the_first(cli):
    code, out, _ = cli("train", "--list")
    assert code == 0
    lines = out.splitlines()
    assert "vdsr: smoke, quick, reduced, paper" in lines
    assert [line.split(":")[0] for line in lines] == list(RECIPES)
    code, out, _ = cli("train", "--help")
    assert code == 0
    assert all(name in out for name in (*HEADLINES, "--list"))
    assert len(out.splitlines()) < 50


def test_the_plan_of_the_queue_is_printed(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "WANTED", ())
    assert cli("train", "--queue", "--plan", "--minutes", 60, "--out", tmp_path)[:2] == (
        0,
        "No run is missing.\n",
    )


@pytest.mark.parametrize(
    ("command", "close", "lister"),
    [
        ("show vdsr-qiuck", "do you mean vdsr-quick, ", "`restorelib runs` lists all"),
        ("evaluate oficial/vdsr", "do you mean official/vdsr, ", "`restorelib runs` lists all"),
        ("evaluate nosuch", "a known run; `", "`restorelib runs` lists all"),
        ("train memnet-nose", "do you mean memnet-noise, ", "`restorelib train --list` lists all"),
        ("train nosuch", "'nosuch'; `", "`restorelib train --list` lists all"),
    ],
)
def test_a_mistyped_name_is_answered_by_those_like_it(cli, command, close, lister):
    code, out, err = cli(*command.split())
    assert (code, out) == (1, "")
    assert close in err
    assert err.endswith(f"{lister}\n")
    assert len(err) < 250


def test_train_leaves_a_run_and_says_what_it_scores(cli, tmp_path):
    code, out, _ = cli("train", "vdsr", "--profile", "smoke", "--out", tmp_path / "run")
    about = runs.record(tmp_path / "run")
    assert code == 0
    first, *scores = out.splitlines()
    assert first.startswith(f"{tmp_path / 'run'}: 30 updates in {about.minutes} minutes on ")
    assert [line.split(": ")[0] for line in scores] == [f"bundled, scale {s}" for s in (2, 3, 4)]


def test_minutes_limit_a_training(cli, tmp_path):
    assert cli("train", "srcnn", "--profile", "smoke", "--out", tmp_path, "--minutes", 0.001)[0] == 0
    assert 0 < runs.record(tmp_path).updates < 30
    assert runs.record(tmp_path).recipe.minutes == 0.001


# ---------------------------------------------------------------- what goes wrong

WRONG = [
    ("evaluate nothing", "nothing: neither a run folder nor a known run"),
    ("evaluate bicubic --set Set6", "Set6: neither a folder nor a known set"),
    ("evaluate bicubic --set {empty}", "holds no image"),
    ("evaluate bicubic --scale 1", "--scale must be 2 or more"),
    ("evaluate bicubic --scale -2", "--scale must be 2 or more"),
    ("evaluate bicubic --level 2", "say --scale in place of --level"),
    ("evaluate tv/30 --scale 2", "say --level in place of --scale"),
    ("evaluate tv/30 --level 0", "--level must be 1 or more"),
    ("evaluate blurred --level 4", "there is no temporal level 4"),
    ("evaluate jpeg --level 101", "the quality is 101; JPEG has whole numbers from 1 to 100"),
    ("evaluate noisy --level 256", "sigma is 256; noise has one of 0 to 255 grey levels"),
    ("evaluate tv/0", "tv/0: sigma must be above 0"),
    ("evaluate nlm/256", "nlm/256: sigma must be above 0 and at most 255"),
    ("evaluate bicubic --set {long}", "neither a folder nor a known set"),
    ("evaluate {long}", "neither a run folder nor a known run"),
    ("evaluate {long}/x", "neither a run folder nor a known run"),
    ("show {long}", "neither a run folder nor a known run"),
    ("data {long}", "neither a folder nor a known set"),
    ("image {long}.png out.png --run bicubic", "File name too long"),
    ("image {picture} {long}.png --run bicubic", "File name too long"),
    ("train vdsr --profile smoke --out {long}", "cannot be made (File name too long)"),
    ("train vdsr --profile smoke --minutes nan", "--minutes must be positive, and finite"),
    ("train vdsr --profile smoke --minutes inf", "--minutes must be positive, and finite"),
    ("train --queue --minutes nan", "--minutes must be positive, and finite"),
    ("train vdsr --profile smoke --checkpoint-seconds nan", "--checkpoint-seconds must be 0 or more"),
    ("train vdsr --profile smoke --checkpoint-seconds -1", "--checkpoint-seconds must be 0 or more"),
    ("image {picture} out.png --run bicubic --scale 1000000", "20000000x20000000 pixels, more than"),
    ("image {picture} out.png --run bicubic --scale 1" + 40 * "0", "pixels, more than"),
    ("image {picture} out.png --run tv/30 --tile 64", "tiles would change its result"),
    ("evaluate bicubic --scale 5000", "the picture has fewer than 5000x5000 pixels"),
    ("evaluate bicubic --scale 145", "SSIM needs at least 11x11 pixels"),
    ("train vdsl", "no recipe is called 'vdsl'"),
    ("train vdsr --profile huge", "vdsr has no profile 'huge'"),
    ("train vdsr --profile smoke --minutes 0", "--minutes must be positive"),
    ("train vdsr --plan", "--plan shows what --queue would do; give both"),
    ("train --queue --plan --minutes -1", "--minutes must be positive"),
    ("train vdsr --profile smoke --out {file}/run", "cannot be made"),
    ("train vdsr --profile smoke --out {file}", "cannot be made"),
    ("image {absent}.png out.png --run bicubic", "no such file"),
    ("image {file} out.png --run bicubic", "not a readable image"),
    ("image {picture} {file}/out.png --run bicubic", "cannot be written"),
    ("image {picture} {absent}.xyz --run bicubic", "cannot be written"),
    ("image {picture} out.png --run nothing", "nothing: neither a run folder nor a known run"),
    ("image {picture} out.png --run bicubic --scale 0", "--scale must be 1 or more"),
    ("image {picture} out.png --run edsr-x2 --scale 1", "this network enlarges x2, not x1; take another"),
    ("image {picture} out.png --run edsr-x2 --scale 3", "this network enlarges x2, not x3"),
    ("data Set6", "Set6: neither a folder nor a known set"),
]


@pytest.fixture
def places(tmp_path, noise):
    """What the wrong commands are given."""
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    images.write(tmp_path / "picture.png", noise(20, 20))
    return {name: tmp_path / name for name in ("file", "empty", "absent")} | {
        "picture": tmp_path / "picture.png",
        "long": tmp_path / ("x" * 300),
    }


@pytest.mark.parametrize(("command", "why"), WRONG)
def test_what_the_user_can_mend_is_one_line(cli, places, command, why):
    before = sorted(places["file"].parent.rglob("*"))
    code, out, err = cli(*command.format(**places).split())
    assert code != 0
    assert out == ""
    assert err.startswith("restorelib: ")
    assert err.count("\n") == 1
    assert why in err
    assert sorted(places["file"].parent.rglob("*")) == before


LITTLE_MEMORY = """
import re, resource, sys
from pathlib import Path
from restorelib.__main__ import main
size = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 2**10
more = int(sys.argv.pop(1)) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (size + more, size + more))
main()
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells and keeps the limit")
@pytest.mark.parametrize(
    "command", ["image in.png out.png --run bicubic --scale 3", "image in.png out.png --run tv/30"]
)
@pytest.mark.parametrize("megabytes", [1, 40])
def test_too_little_memory_is_one_line(tmp_path, noise, command, megabytes):
    images.write(tmp_path / "in.png", noise(1200, 1200, 3))
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, str(megabytes), *command.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    *tiles, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert all(line.startswith("Memory is short: going on in tiles of ") for line in tiles), done.stderr
    assert last.startswith("restorelib: ")
    assert "memory" in last
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


@pytest.mark.parametrize("command", ["evaluate bicubic --scale two", "evaluate", "restore"])
def test_wrong_words_explain_the_usage(cli, command):
    code, out, err = cli(*command.split())
    assert (code, out) == (2, "")
    assert "Usage: " in err
    assert "Traceback" not in err


def test_the_installed_command_fails_in_one_line(tmp_path):
    for start in (
        [sys.executable, "-m", "restorelib"],
        [os.path.join(os.path.dirname(sys.executable), "restorelib")],
    ):
        done = subprocess.run([*start, "evaluate", "nothing"], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith("restorelib: nothing: neither a run folder")
        assert done.stderr.count("\n") == 1
