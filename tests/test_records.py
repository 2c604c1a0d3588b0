"""Records: what is read is what was written; what is wrong with a file is one line with file and field."""

import json
import shutil

import pytest

from restorelib import records, runs
from restorelib.checkpoints import read_tensors, write_tensors
from restorelib.degrade import Bicubic
from restorelib.metrics import Protocol
from restorelib.recipe import Recipe
from restorelib.sets import file_digest


@pytest.fixture
def folder(finished_run, tmp_path):
    """A run to spoil."""
    return shutil.copytree(finished_run, tmp_path / "spoilt")


@pytest.fixture
def spoil(folder):
    """`spoil("scores.0.psnr", "high")` changes one value of the record; `spoil(..., None)` takes it out."""

    def change(place, value):
        about = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
        inside = about
        for step in way:
            inside = inside[step]
        if value is None:
            del inside[last]
        else:
            inside[last] = value
        (folder / "record.json").write_text(json.dumps(about), encoding="utf-8")

    return change


def test_a_record_is_typed(finished_run):
    about = runs.record(finished_run)
    assert isinstance(about.recipe, Recipe)
    assert about.task == (Bicubic(2),)
    (score,) = about.scores
    assert (score.key, score.parameter) == ("scale", 2)
    assert score.protocol == Protocol.usual(Bicubic(2))
    assert score.psnr == pytest.approx(sum(picture.psnr for picture in score.images) / 3)


@pytest.mark.parametrize("name", [*runs.shipped()[::20], "bicubic", "official/dmphn", "edsr-x2-reduced+"])
def test_what_is_read_and_written_again_is_the_same(name, tmp_path):
    about = runs.record(name)
    records.write(tmp_path / "record.json", about)
    assert records.read(tmp_path / "record.json", type(about)) == about


def test_the_file_keeps_its_form(finished_run, tmp_path):
    records.write(tmp_path / "record.json", runs.record(finished_run))
    assert (tmp_path / "record.json").read_bytes() == (finished_run / "record.json").read_bytes()


def test_a_score_that_is_infinite_comes_back(finished_run, tmp_path):
    about = runs.record(finished_run)
    perfect = about.scores[0].model_copy(update={"psnr": float("inf")})
    records.write(tmp_path / "record.json", about.model_copy(update={"scores": (perfect,)}))
    assert records.read(tmp_path / "record.json").scores[0].psnr == float("inf")


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("minutes", "many", "minutes: input should be a valid number"),
        ("updates", "20", "updates: input should be a valid integer"),
        ("weights_sha256", None, "lacks the field 'weights_sha256'"),
        ("average", 0.998, "has the field 'average', which this version does not know; update restorelib"),
        ("precision", "fp8", "precision: input should be 'no', 'bf16' or 'fp16'"),
        ("recipe", [], "recipe: is not understood"),
        ("recipe.batch", "four", "recipe: is not understood .batch: input should be a valid integer"),
        ("recipe.network", None, "recipe: is not understood .lacks the field 'network'"),
        ("recipe.warmth", 3, "recipe: is not understood .has the unknown field 'warmth'"),
        ("task.0.kind", "fog", "task.0: is not understood .'fog' is no degradation"),
        ("task.0.scale", None, "task.0: is not understood"),
        ("scores.0.psnr", "high", "scores.0.psnr: input should be a valid number"),
        ("scores.0.scale", None, "scores.0: names its degradation by none; one of scale, sigma"),
        ("scores.0.shift", 3, "scores.0: names its degradation by scale, shift; one of scale, sigma"),
        ("scores.0.protocol.gamma", 2.2, "scores.0.protocol: is not understood"),
        ("loss", [[1, 2, 3]], "loss.0: "),
        ("task", [], "task: .*at least 1 item"),
        ("task.0.scale", 0, "task.0: is not understood .the scale is 0; it must be a whole number from 1"),
        ("scores.0.scale", "two", "scores.0: has a scale that is no number"),
        ("scores.0.scale", float("inf"), "scores.0: has a scale that is no number"),
        ("scores.0.scale", 10**400, "scores.0: has a scale that is no number"),
        ("minutes", float("inf"), "minutes: input should be a finite number"),
    ],
)
def test_a_field_that_is_wrong_is_named(folder, spoil, refused, place, value, why):
    spoil(place, value)
    with refused(f"spoilt/record.json: {why}"):
        runs.record(folder)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text[: len(text) // 2], "is cut short or no JSON"),
        (lambda text: b"", "is cut short or no JSON"),
        (lambda text: b"\x89PNG" + text, "is cut short or no JSON"),
        (lambda text: text.replace(b"tiny", b"t\xfcny"), "is cut short or no JSON"),
        (lambda text: b"[]", "all of it: input should be an object"),
        (lambda text: b"{}", "lacks the field 'name', and 22 more faults"),
        (lambda text: b"\xef\xbb\xbf" + text, "begins with a byte order mark"),
    ],
)
def test_a_file_that_is_no_record_is_named(folder, refused, change, why):
    path = folder / "record.json"
    path.write_bytes(change(path.read_bytes()))
    with refused(f"spoilt/record.json: {why}"):
        runs.load(folder)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda tensors: {f"module.{k}": v for k, v in tensors.items()},
            "it lacks layers.0.weight, and 11",
        ),
        (
            lambda tensors: {k: v[:1] for k, v in tensors.items()},
            "it has a layers.0.bias of .1,. in",
        ),
        (lambda tensors: tensors | {"more": tensors["layers.0.bias"]}, "it has a more$"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder, spoil, refused, change, why):
    weights = folder / "weights.safetensors"
    write_tensors(weights, change(read_tensors(weights)[0]))
    spoil("weights_sha256", file_digest(weights))
    with refused(f"spoilt/weights.safetensors: does not fit the network of its record; {why}"):
        runs.load(folder)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("breadth", 3, ".*breadth"),
        ("name", "vdsr", ".*name"),
        ("depth", 10**9, "vdsr: depth is beyond 4,096; no network is built so large"),
        ("width", "8", "vdsr: cannot be built with these options .TypeError: "),
        ("width", -1, "vdsr: cannot be built with these options .RuntimeError: "),
    ],
)
def test_options_that_no_network_has_are_named(folder, spoil, refused, option, value, why):
    spoil(f"recipe.options.{option}", value)
    with refused(f"spoilt/record.json: recipe.options: {why}"):
        runs.load(folder)


@pytest.mark.parametrize("options", [{"depth": 4096, "width": 4096}, {"width": 0}])
def test_a_network_of_another_size_is_refused_before_it_takes_memory(folder, spoil, refused, options):
    for option, value in options.items():
        spoil(f"recipe.options.{option}", value)
    with refused("spoilt/weights.safetensors: does not fit the network of its record"):
        runs.load(folder)


def test_a_run_whose_weights_are_gone_is_trained_again(folder, recipe, refused):
    before = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").unlink()
    with refused(
        "spoilt/weights.safetensors: is missing, tiny-smoke is a record without weights; train it again"
    ):
        runs.load(folder)
    with refused("holds a run of another recipe"):
        runs.make(recipe.vary("tiny", seed=5), "smoke", folder)
    assert runs.make(recipe, "smoke", folder) == folder
    assert (folder / "weights.safetensors").read_bytes() == before
    assert runs.load(folder).record.updates == 20
