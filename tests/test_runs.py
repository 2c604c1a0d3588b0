"""Run folders: what a record says, what loading checks, and that shipped scores are what the weights give."""

import json
import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import restorelib
from restorelib import images, machine, notebook, runs, sets
from restorelib.baselines import OFFICIAL
from restorelib.degrade import Bicubic, Jpeg, Noise, Recorded, keys
from restorelib.evaluation import evaluate, pair, restore, restore_image
from restorelib.metrics import Protocol, psnr
from restorelib.networks.base import Restorer
from restorelib.papers import TABLES
from restorelib.recipe import Recipe
from restorelib.recipes import PROFILES, find
from restorelib.scoring import protocol_of

ROOT = Path(__file__).parents[1]

SCHEMA = {
    "name": str,
    "network": str,
    "parameters": int,
    "task": list,
    "profile": str,
    "recipe": dict,
    "recipe_sha256": str,
    "seed": int,
    "commit": str | None,
    "version": str,
    "torch": str,
    "hardware": str,
    "processes": int,
    "precision": str,
    "updates": int,
    "minutes": float,
    "first_update_seconds": float | None,
    "images_per_second": float,
    "peak_memory_mb": int,
    "loss": list,
    "validation": list,
    "scores": list,
    "weights_sha256": str,
}


def check_scores(scores):
    for score in scores:
        parameter = set(keys()) & score.keys()
        assert len(parameter) == 1
        assert score.keys() - parameter == {"set", "psnr", "ssim", "images", "protocol"}
        assert Protocol(**score["protocol"])
        for key in ("psnr", "ssim"):
            mean = sum(row[key] for row in score["images"]) / len(score["images"])
            assert score[key] == pytest.approx(mean)
        assert all(row.keys() == {"name", "psnr", "ssim"} for row in score["images"])
        assert 0 < score["ssim"] <= 1


def check_record(about):
    """A record has every field in its type, and its fields agree with each other."""
    assert about.keys() - {"accidents"} == SCHEMA.keys()  # which the first records lack
    for key, kind in SCHEMA.items():
        assert isinstance(about[key], kind), key
    recipe = about["recipe"]
    assert about["recipe_sha256"] == Recipe.from_dict(recipe).digest()
    assert about["name"] == f"{recipe['name']}-{about['profile']}"
    assert (about["network"], about["task"], about["seed"]) == (
        recipe["network"],
        recipe["task"],
        recipe["seed"],
    )
    assert about["profile"] in PROFILES
    assert about["precision"] in ("no", "bf16", "fp16")
    network = restorelib.build(about["network"], **recipe["options"])
    assert about["parameters"] == sum(p.numel() for p in network.parameters())
    assert 0 < about["updates"] <= recipe["updates"]
    assert about["loss"][-1][0] <= about["updates"]
    assert [update for update, _ in about["loss"]] == sorted({update for update, _ in about["loss"]})
    assert all(len(entry) == 3 for entry in about["validation"])
    assert len(bytes.fromhex(about["weights_sha256"])) == 32
    assert len(about["scores"]) >= len(about["task"])
    check_scores(about["scores"])


def written(run):
    """The record of a run as plain values."""
    return json.loads((runs.folder_of(run) / "record.json").read_text(encoding="utf-8"))


def rescored(run, pictures, score):
    """PSNR and SSIM that a run's weights give now for one entry of its record."""
    again = runs.rescore(run, pictures, score)
    return again["psnr"], again["ssim"]


def agrees(score):
    """The scores of a record, as near as two processors come."""
    return (pytest.approx(score.psnr, abs=0.002), pytest.approx(score.ssim, abs=0.0001))


def rescored_on_the_smallest(run, pictures, score):
    """What `rescored` gives for the smallest picture of a set, and its row in the record.

    One is enough to tell other weights, and `check_scores` holds the mean to its rows.
    """
    number, name = min(enumerate(pictures), key=lambda entry: pictures[entry[1]].size)
    protocol = replace(score.protocol, noise_seed=score.protocol.noise_seed + number)
    score = score.model_copy(update={"protocol": protocol})
    return rescored(run, {name: pictures[name]}, score), score.images[number]


# ---------------------------------------------------------------- a fresh run


def test_a_training_leaves_a_record_and_weights(recipe, finished_run):
    assert sorted(path.name for path in finished_run.iterdir()) == ["record.json", "weights.safetensors"]
    check_record(written(finished_run))
    about = runs.record(finished_run)
    assert about.name == "tiny-smoke"
    assert about.recipe == recipe
    assert about.recipe_sha256 == recipe.digest()
    assert about.weights_sha256 == sets.file_digest(finished_run / "weights.safetensors")
    assert about.updates == 20
    assert [update for update, _, _ in about.validation] == [10, 20]
    assert [(score.key, score.parameter) for score in about.scores] == [("scale", 2)]


def test_the_scores_of_a_fresh_run_are_what_its_weights_give(finished_run, small_set):
    (score,) = runs.record(finished_run).scores
    assert rescored(finished_run, sets.load_set(str(small_set)), score) == agrees(score)


def test_a_run_folder_is_loaded_in_eval_mode_with_its_record(finished_run):
    network = restorelib.load(str(finished_run))
    assert not network.training
    assert network.record == runs.record(finished_run)
    x = torch.rand(1, 1, 9, 9)
    assert not torch.equal(network(x), x)  # trained: no longer the identity it began as


def test_a_run_made_again_is_read_again(recipe, finished_run, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    assert runs.record(folder).seed == 0
    shutil.rmtree(folder)
    runs.make(recipe.vary("tiny", seed=5), "smoke", folder)
    assert runs.record(folder).seed == 5
    assert restorelib.load(folder).record.seed == 5


@pytest.fixture
def as_shipped(finished_run, tmp_path, monkeypatch):
    """The fresh run, as if the book shipped it and nothing else."""
    shutil.copytree(finished_run, tmp_path / "tiny-smoke")
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    return tmp_path


def test_a_shipped_run_is_found_by_its_name_and_by_its_recipes(as_shipped):
    assert runs.shipped() == ["tiny-smoke"]
    for name in ("tiny-smoke", "tiny"):
        assert restorelib.load(name).record.name == "tiny-smoke"


def test_a_recipes_name_means_its_largest_shipped_profile(as_shipped):
    shutil.copytree(as_shipped / "tiny-smoke", as_shipped / "tiny-reduced")
    shutil.copytree(as_shipped / "tiny-smoke", as_shipped / "tiny-quick")
    assert runs.folder_of("tiny").name == "tiny-reduced"


def test_spoiled_runs_are_refused(as_shipped, refused):
    weights = as_shipped / "tiny-smoke" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with refused("is not the file its record describes"):
        restorelib.load("tiny")
    weights.unlink()
    with refused("tiny-smoke is a record without weights; train it again"):
        restorelib.load("tiny")
    with refused(
        "tyni-smoke: neither a run folder nor a known run; do you mean tiny-smoke. `restorelib runs`"
    ):
        restorelib.load("tyni-smoke")


def test_without_one_run_the_next_is_taken_and_said(as_shipped, capsys):
    network, name = notebook.load_first("absent", "tiny")
    assert (network.record.name, name) == ("tiny-smoke", "tiny")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.endswith("Going on without absent.\n")


def test_the_size_of_a_notebook(monkeypatch, refused):
    monkeypatch.delenv("RESTORELIB_PROFILE", raising=False)
    assert notebook.profile() is None
    monkeypatch.setenv("RESTORELIB_PROFILE", "smoke")
    assert notebook.profile() == "smoke"
    monkeypatch.setenv("RESTORELIB_PROFILE", "large")
    with refused("RESTORELIB_PROFILE is 'large'; it can be smoke, quick, reduced, paper"):
        notebook.profile()


def test_a_notebook_trains_at_its_size_or_shows_the_shipped_run(as_shipped, tmp_path, monkeypatch, recipe):
    monkeypatch.delenv("RESTORELIB_PROFILE", raising=False)
    assert notebook.train_or_shipped("tiny") == "tiny-smoke"
    monkeypatch.setenv("RESTORELIB_PROFILE", "smoke")
    monkeypatch.setenv("RESTORELIB_RUNS", str(tmp_path / "own"))
    monkeypatch.setitem(restorelib.recipes.RECIPES, "tiny", {"smoke": recipe})
    assert notebook.train_or_shipped("tiny") == str(tmp_path / "own" / "tiny-smoke")


def test_a_notebook_begins_with_device_pictures_and_profile(monkeypatch, capsys, refused):
    monkeypatch.delenv("RESTORELIB_DATA", raising=False)
    monkeypatch.setenv("RESTORELIB_PROFILE", "")
    restorelib.begin()
    device, pictures, profile = capsys.readouterr().out.splitlines()
    assert device.startswith(f"Device: {machine.hardware()}.")
    assert ("Change runtime type" in device) != torch.cuda.is_available()
    assert pictures.startswith("Pictures: bundled. Other sets are fetched")
    assert profile.startswith("Profile: none")
    restorelib.begin("quick")
    assert notebook.profile() == "quick"
    assert "Profile: quick." in capsys.readouterr().out
    with refused("RESTORELIB_PROFILE is 'large'"):
        restorelib.begin("large")


# ---------------------------------------------------------------- restoring


def test_bicubic_restores_nothing(photograph):
    network = restorelib.load("bicubic")
    clean, degraded = pair(images.to_image(photograph), Bicubic(2))
    assert torch.equal(clean, photograph)
    assert torch.equal(restore(network, degraded), degraded.float())


@pytest.mark.parametrize(
    ("degradation", "key"), [(Bicubic(3), "scale"), (Noise(25), "sigma"), (Jpeg(10), "quality")]
)
def test_a_set_is_scored_picture_by_picture(bundled, degradation, key):
    pictures = {name: image[:60, :61] for name, image in bundled.items()}
    result = evaluate(restorelib.load("bicubic"), pictures, degradation)
    assert result[key] == degradation.parameter
    assert [row["name"] for row in result["images"]] == list(bundled)
    check_scores([{"set": "crops", **result}])
    assert len({row["psnr"] for row in result["images"]}) == len(bundled)


def test_every_picture_has_its_own_noise(noise):
    pictures = {"a": noise(40, 40), "b": noise(40, 40)}
    first, second = evaluate(restorelib.load("bicubic"), pictures, Noise(25))["images"]
    assert first["psnr"] != second["psnr"]
    other = evaluate(restorelib.load("bicubic"), {"b": pictures["b"]}, Noise(25), Protocol(noise_seed=1))
    assert other["images"][0]["psnr"] == second["psnr"]


def test_the_self_ensemble_averages_eight_orientations():
    class LeftToRight(Restorer):
        """Adds a ramp from 0 on the left to 1 on the right, which no orientation but the first shares."""

        def forward(self, x):
            return x + torch.linspace(0, 1, x.shape[3])

    x = torch.rand(1, 1, 6, 8)
    assert torch.allclose(restore(LeftToRight(), x), x + torch.linspace(0, 1, 8), atol=1e-6)
    # two orientations each ramp right, left, down and up; the average of a ramp and its mirror is 1/2
    assert torch.allclose(restore(LeftToRight(), x, self_ensemble=True), x + 0.5, atol=1e-6)


@pytest.mark.parametrize("colour", [True, False])
def test_a_picture_of_your_own_is_enlarged(bundled, colour):
    """With a network that restores nothing this is bicubic enlargement, in colour too."""
    picture = bundled["chelsea"][100:140, 120:180]
    picture = picture if colour else picture[..., 1]
    large = restore_image(restorelib.load("bicubic"), picture, 3)
    assert large.shape == (120, 180, *picture.shape[2:])
    expected = images.to_tensor(picture)
    expected = images.to_image(restorelib.degrade.bicubic_up(expected, 3))
    assert abs(large.astype(int) - expected).max() <= 1


def test_luma_is_restored_and_colour_only_enlarged(bundled):
    class Brighter(Restorer):
        channels, takes_enlarged = 1, True

        def forward(self, x):
            return x + 20 / 255

    picture = bundled["chelsea"][100:140, 120:180] // 2 + 40  # far from 0 and 255, so nothing is clipped
    before, after = (
        images.rgb_to_ycbcr(images.to_tensor(restore_image(network, picture, 2), torch.float64)) * 255
        for network in (restorelib.load("bicubic"), Brighter())
    )
    change = (after - before).abs().amax((0, 2, 3)) - torch.tensor([20, 0, 0])
    assert change.abs().max() < 1  # the rounding of RGB to 8 bits


# ---------------------------------------------------------------- what the book ships


def test_the_run_of_the_first_chapter_is_shipped():
    assert "vdsr-reduced" in runs.shipped()


@pytest.mark.parametrize("run", runs.shipped())
def test_the_record_of_a_shipped_run(run):
    check_record(written(run))
    assert runs.record(run).name == run
    assert runs.record(run).scores


WITH_WEIGHTS = [run for run in runs.shipped() if (runs.SHIPPED / run / "weights.safetensors").is_file()]


def recorded(run, name):
    return [score for score in runs.record(run).scores if score.set == name]


@pytest.mark.parametrize("run", ["bicubic", *WITH_WEIGHTS])
def test_the_scores_of_a_shipped_run_are_what_its_weights_give(run, bundled):
    scores = recorded(run, "bundled")
    task = runs.record(run).task
    assert {d.parameter for d in task} <= {score.parameter for score in scores if score.key == task[0].key}
    for score in scores:
        again, row = rescored_on_the_smallest(run, bundled, score)
        assert again == agrees(row)


def test_what_enlarges_is_scored_on_set5():
    enlarging = [run for run in WITH_WEIGHTS if isinstance(runs.record(run).task[0], Bicubic)]
    assert "vdsr-reduced" in enlarging
    assert [run for run in enlarging if not recorded(run, "Set5")] == []


@pytest.mark.parametrize("run", ["bicubic", "official/vdsr", *WITH_WEIGHTS])
def test_the_scores_of_a_shipped_run_on_set5(run, benchmark_set):
    for score in recorded(run, "Set5"):
        again, row = rescored_on_the_smallest(run, benchmark_set("Set5"), score)
        assert again == agrees(row)


ELSEWHERE = [
    (run, name)
    for run in ("bicubic", *OFFICIAL, *WITH_WEIGHTS)
    for name in dict.fromkeys(score.set for score in runs.record(run).scores)
    if name not in ("bundled", "Set5")
]


@pytest.mark.parametrize(("run", "name"), ELSEWHERE)
def test_the_scores_of_a_shipped_run_on_another_set(run, name, benchmark_set):
    again, row = rescored_on_the_smallest(run, benchmark_set(name), recorded(run, name)[0])
    # Shipping looked at "bundled" and Set5 only: elsewhere half precision may move a picture by so much.
    assert again == (pytest.approx(row.psnr, abs=0.005), pytest.approx(row.ssim, abs=0.0005))


@pytest.mark.parametrize("run", ["bicubic", *OFFICIAL])
def test_measured_scores_are_recorded(run):
    about = runs.record(run)
    assert about.name == run
    deblurs = isinstance(about.task[0], Recorded)
    expected = {"GoPro_samples"} if deblurs else {"bundled", "Set5", "Set14", "BSD100"}
    assert {score.set for score in about.scores} >= expected
    check_scores(about.model_dump(mode="json")["scores"])


@pytest.mark.parametrize(("run", "column"), [("bicubic", "Bicubic"), ("official/vdsr", "VDSR")])
def test_measured_scores_are_the_published_ones(run, column):
    published = TABLES["vdsr/3"].cells
    for score in runs.record(run).scores:
        if score.set != "bundled":
            cell = published[score.set, str(score.parameter), column]
            assert score.psnr == pytest.approx(cell.psnr, abs=0.02)
            assert score.ssim == pytest.approx(cell.ssim, abs=0.001)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_published_scores_of_set14_come_from_clipping_its_grey_picture_too(benchmark_set, scale):
    (score,) = [s for s in runs.record("bicubic").scores if (s.set, s.parameter) == ("Set14", scale)]
    network, bridge = runs.load("bicubic"), {"bridge": benchmark_set("Set14")["bridge"]}
    row = next(row for row in score.images if row.name == "bridge")
    clipped = evaluate(network, bridge, Bicubic(scale), protocol_of("Set14", Bicubic(scale)))
    assert (clipped["psnr"], clipped["ssim"]) == (pytest.approx(row.psnr), pytest.approx(row.ssim))
    own = evaluate(network, bridge, Bicubic(scale), protocol_of("a folder", Bicubic(scale)))
    assert own == evaluate(network, bridge, Bicubic(scale))
    assert own["ssim"] > clipped["ssim"]
    if scale == 2:  # the scale at which the tables' four digits tell
        without = score.ssim + (own["ssim"] - row.ssim) / 14
        printed = TABLES["vdsr/3"].cells["Set14", "2", "Bicubic"].ssim
        assert round(score.ssim, 4) == printed == 0.8688
        assert round(without, 4) == 0.8689


@pytest.mark.parametrize("level", [0, 10, 128, 250, 255])
def test_a_grey_file_of_your_own_keeps_its_range(level):
    grey = {"flat": np.full((40, 40), level, np.uint8)}
    assert evaluate(runs.load("bicubic"), grey, Bicubic(2))["psnr"] == math.inf


def test_what_is_shipped_stays_small():
    size = sum(path.stat().st_size for path in runs.SHIPPED.rglob("*") if path.is_file())
    assert size < 60e6


def test_nothing_pickled_is_tracked():
    listing = subprocess.run(("git", "-C", ROOT, "ls-files"), capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    files = [Path(line) for line in listing.stdout.splitlines()]
    assert len(files) > 20
    pickles = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".npy", ".npz", ".joblib"}
    assert [str(file) for file in files if file.suffix.lower() in pickles] == []


def test_scores_are_about_the_picture_and_not_its_degraded_self(photograph):
    """A perfect network scores infinitely well: the reference is the clean picture."""

    class Oracle(Restorer):
        channels, takes_enlarged = 1, True

        def forward(self, x):
            return photograph.float()

    result = evaluate(Oracle(), {"detail": images.to_image(photograph)}, Bicubic(2))
    assert result["psnr"] == float("inf")
    assert psnr(Bicubic(2)(photograph), photograph) < 40


def test_the_self_ensemble_of_a_run_is_measured_under_its_name_and_a_plus(
    finished_run, small_set, tmp_path, monkeypatch
):
    monkeypatch.setattr(runs, "MEASURED", tmp_path)
    monkeypatch.setattr(runs, "load", lambda name, load=runs.load: load(finished_run))
    path = runs.measure("tiny-smoke", (str(small_set),), self_ensemble=True)
    assert path == tmp_path / "tiny-smoke+.json"
    about = runs.record("tiny-smoke+")
    (score,) = about.scores
    assert about.name == "tiny-smoke+"
    assert score.protocol.self_ensemble is True
    once = runs.record(finished_run).scores[0].psnr
    assert score.psnr != once
    assert score.psnr == pytest.approx(once, abs=0.2)


def test_a_folder_of_your_own_is_not_mistaken_for_a_shipped_run(finished_run, tmp_path, monkeypatch):
    shutil.copytree(finished_run, tmp_path / "vdsr-quick")
    monkeypatch.chdir(tmp_path)
    for own in (Path("vdsr-quick"), "./vdsr-quick"):
        assert runs.record(own).name == "tiny-smoke"
        assert runs.load(own).record.name == "tiny-smoke"
    assert runs.record("vdsr-quick").name == "vdsr-quick"


@pytest.mark.parametrize("name", runs.shipped())
def test_a_shipped_run_is_what_its_recipe_trains(name):
    recipe, profile = name.rsplit("-", 1)
    assert find(recipe, profile).digest() == runs.record(name).recipe_sha256
    assert runs.reproduces(runs.record(name))


def test_a_run_of_another_recipe_does_not_pass_for_its_own():
    about = runs.record("vdsr-quick")
    assert not runs.reproduces(about.model_copy(update={"recipe_sha256": find("vdsr", "reduced").digest()}))
    assert not runs.reproduces(about.model_copy(update={"name": "vdsr-bundled-quick"}))
    assert not runs.reproduces(about.model_copy(update={"name": "vdsr-tiny"}))


def test_without_its_pictures_a_run_is_named_as_what_it_is(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("RESTORELIB_RUNS", str(tmp_path))
    folder = runs.make(replace(recipe, train_on=("DIV2K_train_HR",)), "smoke")
    assert folder == tmp_path / "tiny-bundled-smoke"
    about = runs.record(folder)
    assert (about.name, about.recipe.train_on) == ("tiny-bundled-smoke", ("bundled_train",))
