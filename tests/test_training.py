"""The training loop: it learns, follows its schedule, keeps its budget, and stops cleanly."""

import json
import re
from dataclasses import dataclass, fields, replace
from hashlib import sha256

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import restorelib
from restorelib import runs
from restorelib import training as training_module
from restorelib.checkpoints import write_tensors
from restorelib.degrade import Bicubic, Noise
from restorelib.errors import RestoreError
from restorelib.metrics import psnr
from restorelib.optimisers import clip_gradients, make_optimiser
from restorelib.patches import Incremental, Patches
from restorelib.recipe import Recipe, learning_rate
from restorelib.recipes import PROFILES, RECIPES, find, sizes
from restorelib.sets import load_set
from restorelib.training import Training

# ---------------------------------------------------------------- recipes


@pytest.mark.parametrize(
    ("name", "profile"), [(name, profile) for name, profiles in RECIPES.items() for profile in profiles]
)
def test_every_recipe_can_be_built_and_recorded(name, profile):
    recipe = find(name, profile)
    assert recipe.name == name
    assert profile in PROFILES
    runs.build(recipe.network, **recipe.options)
    again = Recipe.from_dict(recipe.as_dict())
    assert again.task == recipe.task
    assert again.as_dict() == recipe.as_dict()
    assert learning_rate(recipe, 0.5) > 0


def test_an_ablation_changes_one_option_and_keeps_the_others(recipe):
    deeper = recipe.vary("deeper", options={"depth": 9})
    assert deeper.options == {"depth": 9, "width": 8, "zero_last": True}
    assert recipe.options["depth"] == 3
    assert replace(deeper, name="tiny", options=recipe.options) == recipe


def test_a_recipes_profiles_are_made_of_what_they_change(recipe):
    found = sizes(recipe, {"updates": 10}, smoke={"batch": 2, "options": {"width": 4}}, paper={"lr": 0.1})
    assert tuple(found) == PROFILES
    assert found["reduced"] == recipe
    assert found["quick"] == replace(recipe, updates=10)
    assert found["paper"] == replace(recipe, lr=0.1)
    smoke = found["smoke"]
    assert (smoke.train_on, smoke.test_on) == (("bundled_train",), ("bundled",))
    assert (smoke.updates, smoke.batch, smoke.options["width"]) == (30, 2, 4)


def test_an_ablation_has_two_profiles(recipe):
    assert list(sizes(recipe, {})) == ["quick", "reduced"]


def test_the_digest_changes_with_what_shapes_the_training(recipe):
    changes = [{"seed": 1}, {"lr": 2e-3}, {"task": (Noise(5),)}, {"options": {"depth": 4}}]
    digests = {recipe.digest(), *(recipe.vary("tiny", **change).digest() for change in changes)}
    assert len(digests) == 5
    assert recipe.vary("tiny").digest() == recipe.digest()


def test_the_digest_stays_with_what_leaves_the_weights_alone(recipe):
    changes = {
        "test_on": ("Set5",),
        "scored_on": (Noise(5),),
        "validate_on": "Set5",
        "validations": 3,
        "lr": recipe.lr * 1.0,
        "patch": float(recipe.patch),
    }
    assert recipe.vary("other", **changes).digest() == recipe.digest()


def test_digests_of_before_are_known_again(recipe):
    # What `Recipe.digest` gave when it took in everything but defaults: a checkpoint may hold it.
    plain = {
        k: v for k, v in recipe.as_dict().items() if v != Recipe("", "", (), (), (), 0, 0, 0).as_dict()[k]
    }
    former = sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]
    assert former != recipe.digest()
    assert recipe.made(former)
    assert recipe.made(recipe.digest())
    assert not recipe.vary("other").made(former)
    assert not recipe.made("")


def test_a_new_field_leaves_old_digests_alone(recipe):
    @dataclass(frozen=True)
    class Later(Recipe):
        added: int = 0

    plain = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    assert Later(**plain).digest() == recipe.digest()
    assert Later(**plain, added=1).digest() != recipe.digest()


def test_what_is_no_recipe_is_refused(refused, recipe, train):
    with refused("no recipe is called 'vdsl'; do you mean vdsr.* `restorelib train --list` lists all"):
        find("vdsl", "smoke")
    with refused("vdsr has no profile 'huge'; it has smoke, quick, reduced, paper"):
        find("vdsr", "huge")
    for field in ("schedule", "clip", "optimiser", "loss"):
        with refused("is called 'best'"):
            train(replace(recipe, **{field: "best"})).run()


# ---------------------------------------------------------------- schedule and clipping


def test_the_cosine_schedule(recipe):
    cosine = replace(recipe, schedule="cosine", lr=1.0)
    assert learning_rate(cosine, 0) == pytest.approx(0.005)  # warm-up: 1e-4 / 0.02
    assert learning_rate(cosine, 0.0099) == pytest.approx(0.5, abs=1e-3)  # half way through it
    assert learning_rate(cosine, 0.25) == pytest.approx(0.5 + 0.5**1.5)  # (1 + cos 45 degrees) / 2
    assert learning_rate(cosine, 0.5) == pytest.approx(0.5)
    assert learning_rate(cosine, 1) == pytest.approx(0)


def test_the_steps_of_the_paper(recipe):
    # a tenth every 20 of 80 epochs, three times: 0.1, 0.01, 1e-3, 1e-4 (VDSR paper, section 5.2)
    steps = replace(recipe, schedule="steps", lr=0.1)
    rates = [learning_rate(steps, epoch / 80) for epoch in (0, 19, 20, 40, 60, 79, 80)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 1e-3, 1e-4, 1e-4, 1e-4])


def test_halving_every_200_000_updates(recipe):
    # EDSR paper, section 4.2; `progress` is of 300,000 updates
    halving = replace(recipe, schedule="halving", lr=1e-4, updates=300_000)
    rates = [learning_rate(halving, updates / 300_000) for updates in (0, 199_999, 200_001, 300_000)]
    assert rates == pytest.approx([1e-4, 1e-4, 5e-5, 5e-5])


def test_the_constant_schedule(recipe):
    assert {learning_rate(replace(recipe, schedule="constant"), p) for p in (0, 0.3, 1)} == {recipe.lr}


def clipped(recipe, lr=0.1, **options):
    """What becomes of the gradients (3, -4) and (0.001, 0)."""
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, -4.0]), torch.tensor([0.001, 0.0])
    clip_gradients(replace(recipe, **options), parameters, lr)
    return [p.grad.tolist() for p in parameters]


def test_clipping_by_hand(recipe):
    assert clipped(recipe, clip=None) == [pytest.approx([3, -4]), pytest.approx([0.001, 0])]
    # the norm of all gradients together is 5: everything is divided by 5
    assert clipped(recipe, clip="norm", clip_threshold=1) == [
        pytest.approx([0.6, -0.8], abs=1e-5),
        pytest.approx([0.0002, 0], abs=1e-5),
    ]
    assert clipped(recipe, clip="norm", clip_threshold=6)[0] == pytest.approx([3, -4])
    assert clipped(recipe, clip="value", clip_threshold=0.5) == [
        pytest.approx([0.5, -0.5]),
        pytest.approx([0.001, 0]),
    ]


def test_adjustable_clipping_loosens_as_the_rate_falls(recipe):
    # theta / lr: 0.1 / 0.1 = 1, 0.1 / 0.01 = 10 (VDSR paper, section 3.2)
    assert clipped(recipe, clip="value/lr", clip_threshold=0.1, lr=0.1)[0] == pytest.approx([1, -1])
    assert clipped(recipe, clip="value/lr", clip_threshold=0.1, lr=0.03)[0] == pytest.approx([3, -10 / 3])
    assert clipped(recipe, clip="value/lr", clip_threshold=0.1, lr=0.01)[0] == pytest.approx([3, -4])


# ---------------------------------------------------------------- learning


@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
def test_one_batch_can_be_learned_by_heart(recipe, train, optimiser):
    rates = {"adamw": 3e-3, "sgd": 0.1, "muon": 3e-3}
    by_heart = recipe.vary(
        "by-heart",
        options={"depth": 4, "width": 32},
        task=(Noise(25),),
        batch=1,
        patch=11,
        updates=600,
        loss="l2",
        optimiser=optimiser,
        lr=rates[optimiser],
        weight_decay=0.0,
    )
    training = train(by_heart, precision="no")
    pair = training.patches.batch(0)
    training.patches.batch = lambda step: pair
    losses = [training.step().item() for _ in range(by_heart.updates)]
    assert losses[0] == pytest.approx((25 / 255) ** 2, rel=0.3)  # it starts at the noise
    assert losses[-1] < losses[0] / {"adamw": 100, "sgd": 5, "muon": 100}[optimiser]


def test_a_short_training_is_better_than_none(recipe, train):
    longer = replace(recipe, updates=300, lr=3e-3)
    progress = train(longer).run()
    assert [update for update, _, _ in progress.validation] == [150, 300]
    untrained = train(longer).validate()  # zero_last: bicubic
    assert progress.validation[-1][2] > untrained + 0.3


def test_mixed_precision_trains_as_well_as_full(recipe, train):
    longer = replace(recipe, updates=300, lr=3e-3)
    scores = {p: train(longer, precision=p).run().validation[-1][2] for p in ("no", "bf16")}
    assert scores["no"] == pytest.approx(scores["bf16"], abs=0.1)


def test_the_loss_is_recorded_as_a_mean_since_the_last_entry(recipe, train):
    training, same = train(recipe), train(recipe)
    progress = training.run()
    losses = [same.step().item() for _ in range(20)]
    assert [update for update, _ in progress.loss] == [10, 20]  # at the two validations
    assert [loss for _, loss in progress.loss] == pytest.approx(
        [np.mean(losses[:10]), np.mean(losses[10:])], abs=1e-6
    )


def test_the_trained_network_is_what_was_validated(recipe, train, pictures):
    training = train(recipe)
    training.run()
    network = training.trained()
    assert not network.training
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert training.validate() == pytest.approx(training.progress.validation[-1][2], abs=1e-4)


# ---------------------------------------------------------------- ending


def test_minutes_end_the_training_and_its_schedule(recipe, train, clock, monkeypatch):
    monkeypatch.setattr(training_module, "time", clock)
    training = train(replace(recipe, updates=10**9, minutes=0.05, schedule="cosine", validations=1))
    batch, done, rates = training.patches.batch, [], []

    def watched(step):
        done.append(training.done())
        rates.append(training.optimiser.param_groups[0]["lr"] / recipe.lr)
        clock.now += 0.015  # seconds of an update
        return batch(step)

    training.patches.batch = watched
    progress = training.run()
    assert 3 <= progress.seconds < 3.02
    assert progress.step == pytest.approx(3 / 0.015, abs=1)
    # The cosine follows the clock: full after the warm-up, a half at half time, nothing when it is over.
    assert max(rates) > 0.9
    assert rates[-1] < 0.02
    assert np.trapezoid(rates, done) == pytest.approx(0.5, abs=0.02)


def test_a_rate_that_explodes_is_one_line(recipe, train, refused):
    with refused("the loss is (nan|inf)"):
        train(replace(recipe, optimiser="sgd", lr=1e20, clip=None, updates=200)).run()


# ---------------------------------------------------------------- checkpoints


def test_a_checkpoint_holds_all_that_matters(recipe, train, tmp_path):
    unbroken = train(recipe)
    unbroken.run()
    first = train(recipe, folder=tmp_path)
    for _ in range(7):
        first.step()
    first.save()
    resumed = train(recipe, folder=tmp_path)
    assert resumed.progress.step == 7
    resumed.run()
    for key, tensor in unbroken.weights().items():
        assert torch.equal(tensor, resumed.weights()[key]), key


def test_a_finished_run_is_left_alone_by_its_recipe_and_refused_to_others(recipe, finished_run, refused):
    before = (finished_run / "record.json").stat().st_mtime_ns
    assert runs.make(recipe, "smoke", finished_run) == finished_run
    assert (finished_run / "record.json").stat().st_mtime_ns == before
    with refused("holds a run of another recipe"):
        runs.make(replace(recipe, seed=1), "smoke", finished_run)


def test_a_full_disk_keeps_the_old_file_and_leaves_no_draft(tmp_path, refused, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_tensors(path, {"a": torch.arange(3)})

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with refused(r"weights.safetensors: cannot be written \(No space left on device\)"):
        write_tensors(path, {"a": torch.arange(4)})
    assert load_file(path)["a"].tolist() == [0, 1, 2]
    assert [file.name for file in tmp_path.iterdir()] == ["weights.safetensors"]


def test_a_folder_that_cannot_be_made_is_one_line(recipe, tmp_path, refused):
    (tmp_path / "file").touch()
    with refused("run: cannot be made"):
        runs.make(recipe, "smoke", tmp_path / "file" / "run")
    with refused("cannot be written"):
        write_tensors(tmp_path / "file" / "weights.safetensors", {"a": torch.zeros(1)})


def test_validation_pictures_are_centres_or_a_whole_benchmark(small_set, bundled):
    centres = runs.validation_pictures("bundled", side=100)
    assert np.array_equal(centres["chelsea"], bundled["chelsea"][100:200, 175:275])
    assert np.array_equal(runs.validation_pictures(str(small_set))["cup"], load_set(str(small_set))["cup"])


def test_psnr_of_validation_is_the_mean_over_pictures_and_task(recipe, train, pictures):
    """A network that restores nothing scores what the degraded pictures score."""
    noisy = recipe.vary("noisy", task=(Noise(10), Noise(20)))
    score = train(noisy).validate()
    # 20 log10(255 / 10) and 20 log10(255 / 20), a little more where clipping to 0..255 removes noise
    assert score == pytest.approx((28.13 + 22.11) / 2, abs=0.3)
    assert psnr(torch.tensor(10 / 255), torch.tensor(0.0)) == pytest.approx(28.13, abs=0.01)


def test_a_batch_that_does_not_fit_is_one_line(recipe, train, refused, monkeypatch):
    def step(_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(Training, "step", step)
    with refused("tiny: a batch of 4 patches does not fit into this device's memory"):
        train(recipe).run()


def test_a_checkpoint_made_without_fp16_is_continued_with_it(recipe, train, tmp_path):
    training = train(recipe, folder=tmp_path)
    training.run()

    class Scaler:
        def load_state_dict(self, state):
            raise AssertionError("there is no state to load")

    training.accelerator.scaler = Scaler()
    training.resume()
    assert training.progress.step == 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": (Bicubic(2, enlarge=False),)}, "takes enlarged pictures; say Bicubic(..., enlarge=True)"),
        ({"network": "edsr", "options": {}}, "takes small pictures; say Bicubic(..., enlarge=False)"),
        ({"network": "mdsr", "options": {}, "task": (Noise(5),)}, "enlarges x2 or x3 or x4, not x1"),
        ({"final_weight": 0.5}, "makes one prediction; leave final_weight at 1"),
        ({"incremental": Incremental(), "task": (Noise(5),)}, "makes one pass; leave out incremental"),
        (
            {"network": "rednet", "options": {"depth": 10, "stride": 3, "width": 4}, "patch": 242},
            "takes patches whose side 243 divides",
        ),
        (
            {"options": {"dept": 3}},
            "vdsr: got an unexpected keyword argument 'dept'; its options are depth",
        ),
    ],
)
def test_what_does_not_fit_together_is_one_line(recipe, changes, message):
    with pytest.raises(RestoreError, match=re.escape(message)) as raised:
        Training(replace(recipe, **changes), [np.zeros((260, 260), np.uint8)], {})
    assert "\n" not in str(raised.value)


def test_an_update_takes_a_batch_and_a_rate(recipe):
    pictures = list(load_set("bundled_train").values())
    alone, together = (Training(recipe, pictures, {}) for _ in range(2))
    for step in range(3):
        rate = learning_rate(recipe, step / recipe.updates)
        assert alone.update(alone.patches.batch(step), rate) == together.step()
    ours, theirs = alone.weights(), together.weights()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
def test_the_loop_is_the_one_of_the_vdsr_chapter(recipe, pictures, optimiser):
    """The same weights to the last bit as from the chapter's loop, which is the cell itself."""
    notebook = json.loads((runs.BOOK / "vdsr.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"]]
    (source,) = (cell for cell in cells if cell.startswith("def train("))
    wide = recipe.vary("wide", options={"width": 32}, optimiser=optimiser)
    names = {"torch": torch, "nn": torch.nn, "restorelib": restorelib}
    names |= {"learning_rate": learning_rate, "make_optimiser": make_optimiser, "Patches": Patches}
    exec(source, names)
    expected = names["train"](wide, list(pictures.values())).state_dict()
    training = Training(
        wide, list(pictures.values()), pictures, precision="no", memory_format=torch.contiguous_format
    )
    training.run()
    found = training.weights()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
