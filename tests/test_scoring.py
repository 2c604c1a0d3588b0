"""Scores that are added to a run when its training is long over."""

import shutil
from dataclasses import replace

import pytest

from restorelib import records, runs
from restorelib.degrade import Bicubic, Recorded
from restorelib.scoring import score_sets


@pytest.fixture(scope="module")
def two_sets(small_set, tmp_path_factory):
    """Two small sets, as folders."""
    other = tmp_path_factory.mktemp("other_set")
    shutil.copy(small_set / "cat.png", other)
    return str(small_set), str(other)


@pytest.fixture(scope="module")
def whole(recipe, two_sets, tmp_path_factory):
    """A run that its training scored on both sets, under three degradations of which it knows two."""
    recipe = replace(
        recipe,
        task=(Bicubic(2), Bicubic(3)),
        scored_on=(Bicubic(2), Bicubic(3), Bicubic(4)),
        test_on=two_sets,
        average=0.9,
    )
    return runs.make(recipe, "smoke", tmp_path_factory.mktemp("whole") / "tiny-smoke")


@pytest.fixture
def lacking(whole, tmp_path):
    """`lacking("name")`: a copy of that run without the scores on a set."""

    def copy(name):
        folder = shutil.copytree(whole, tmp_path / "tiny-smoke")
        about = runs.record(folder)
        kept = tuple(score for score in about.scores if score.set != name)
        records.write(folder / "record.json", about.model_copy(update={"scores": kept}))
        return folder

    return copy


def test_scores_that_are_added_are_those_that_training_makes(whole, lacking, two_sets):
    folder = lacking(two_sets[1])
    assert len(runs.record(folder).scores) == 3
    made = runs.add_scores(folder, two_sets[1])
    assert [(score.set, score.parameter) for score in made] == [(two_sets[1], scale) for scale in (2, 3, 4)]
    assert runs.record(folder) == runs.record(whole)
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights.safetensors"]


def test_a_set_that_was_scored_already_is_replaced_where_it_stands(whole, lacking, two_sets):
    folder = lacking("none")
    about = runs.record(folder)
    wrong = tuple(score.model_copy(update={"psnr": 1.0}) for score in about.scores)
    records.write(folder / "record.json", about.model_copy(update={"scores": wrong}))
    runs.add_scores(folder, two_sets[0])
    right = runs.record(whole).scores
    assert runs.record(folder).scores == (*right[:3], *wrong[3:])
    runs.add_scores(folder, two_sets[1])
    runs.add_scores(folder, two_sets[1])
    assert runs.record(folder).scores == right


def test_pictures_that_come_with_their_blur_are_scored_under_it(monkeypatch, noise, tmp_path):
    # made from noise: a sharp picture and a blurred one behind it, as `load_set` gives GoPro's
    folder = shutil.copytree(runs.folder_of("mtrnn-quick"), tmp_path / "mtrnn-quick")
    monkeypatch.setattr(runs, "load_set", lambda name: {"one": noise(64, 64, 6)})
    (score,) = runs.add_scores(folder, "GoPro_samples")
    assert (score.key, score.parameter) == (Recorded(0).key, 0)
    assert [each.set for each in runs.record(folder).scores].count("GoPro_samples") == 1


def test_the_command_says_what_it_added(lacking, two_sets, monkeypatch, capsys):
    from restorelib.__main__ import app

    folder = lacking(two_sets[1])
    app(["score", str(folder), "--set", two_sets[1]], standalone_mode=False)
    told = [
        f"{score.set}, scale {score.parameter}: {score.psnr:.2f} dB, SSIM {score.ssim:.4f}"
        for score in runs.record(folder).scores[3:]
    ]
    assert capsys.readouterr().out.splitlines() == told


def test_what_cannot_be_scored_is_refused_and_the_record_stays(lacking, two_sets, refused):
    folder = lacking(two_sets[1])
    before = (folder / "record.json").read_bytes()
    with refused("nowhere: neither a folder nor a known set"):
        runs.add_scores(folder, "nowhere")
    for name in ("bicubic", "official/vdsr", "tv/30"):
        with refused(f"{name} is no training and has no record; restorelib evaluate scores it"):
            runs.add_scores(name, two_sets[1])
    (folder / "weights.safetensors").unlink()
    with refused("is a record without weights"):
        runs.add_scores(folder, two_sets[1])
    assert (folder / "record.json").read_bytes() == before


def test_a_shipped_run_is_scored_in_a_checkout_only(whole, lacking, two_sets, refused, monkeypatch, tmp_path):
    folder = lacking(two_sets[1])
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    monkeypatch.setattr(runs, "BOOK", tmp_path / "no book")
    with refused("tiny-smoke came with the package; score a copy of"):
        runs.add_scores("tiny-smoke", two_sets[1])
    with refused("tiny-smoke came with the package"):
        runs.add_scores(folder, two_sets[1])
    monkeypatch.setattr(runs, "BOOK", tmp_path)
    runs.add_scores("tiny-smoke", two_sets[1])
    assert runs.record(folder) == runs.record(whole)


def test_a_set_that_cannot_be_had_is_left_out_with_one_line(capsys):
    scores = score_sets(runs.load("bicubic"), (Bicubic(2),), ("nowhere", "bundled"))
    assert [score.set for score in scores] == ["bundled"]
    said = capsys.readouterr().out
    assert said.startswith("nowhere: neither a folder nor a known set")
    assert said.endswith("Not scored on nowhere.\n")
    assert said.count("\n") == 1
