"""The shaking camera, pictures that come with their blur, and training on temporal levels."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from restorelib import images, runs, scoring
from restorelib.checkpoints import read_tensors
from restorelib.degrade import Motion, Recorded, describe, from_description, moved
from restorelib.evaluation import evaluate, pair
from restorelib.metrics import Protocol, psnr
from restorelib.networks import build
from restorelib.objectives import loss_of
from restorelib.patches import Incremental, Patches
from restorelib.recipes import find
from restorelib.sets import clips, load_set, temporal_levels
from restorelib.training import Training


def seeded(number=0):
    return torch.Generator().manual_seed(number)


@pytest.fixture
def rgb(bundled):
    return images.to_tensor(bundled["astronaut"][60:124, 180:276], torch.float64)


# ---------------------------------------------------------------- temporal levels


def test_light_and_stored_values_add_up_differently_by_hand():
    # One white frame in the middle of twelve black ones; a third of the light at level 3.
    frames = torch.zeros(13, 1, dtype=torch.float64)
    frames[6] = 1
    light = temporal_levels(frames)[:, 0] * 255
    assert light.tolist() == [255, round(255 * (1 / 3) ** (1 / 2.2)), *(
        round(255 * n ** (-1 / 2.2)) for n in (5, 7, 9, 11, 13)
    )]  # fmt: skip
    assert light[1] == 155  # 255 * 0.6069
    stored = temporal_levels(frames, linear=False)[:, 0] * 255
    assert stored.tolist() == [255, 85, 51, 36, 28, 23, 20]


def test_level_n_is_the_mean_of_the_middle_n():
    frames = torch.rand(13, 2, 3, 4, 5, dtype=torch.float64)
    levels = temporal_levels(frames, linear=False)
    for level, n in zip(levels, (1, 3, 5, 7, 9, 11, 13), strict=True):
        expected = frames[6 - n // 2 : 7 + n // 2].mean(0)
        assert (level - expected).abs().max() <= 0.5 / 255 + 1e-9


# ---------------------------------------------------------------- the camera


@pytest.mark.parametrize("linear", [True, False])
def test_level_1_is_the_clean_picture(rgb, linear):
    levels = Motion(linear=linear).levels(rgb, seeded())
    assert torch.equal(levels[0], rgb)
    errors = [psnr(level, rgb) for level in levels[1:]]
    assert errors == sorted(errors, reverse=True)


def test_a_seed_gives_one_path_and_another_seed_another(rgb):
    motion = Motion()
    assert torch.equal(motion(rgb, seeded(1)), motion(rgb, seeded(1)))
    assert not torch.equal(motion(rgb, seeded(1)), motion(rgb, seeded(2)))


def test_levels_of_one_seed_show_one_motion(rgb):
    levels = Motion().levels(rgb, seeded())
    for i, level in enumerate((3, 5, 7, 9, 11, 13), 1):
        assert torch.equal(Motion(level)(rgb, seeded()), levels[i])


def test_paths_are_smooth_and_rest_in_the_middle():
    clean = torch.zeros(500, 3, 8, 8, dtype=torch.float64)
    paths = Motion(extent=12).paths(clean, seeded())
    assert paths.shape == (13, 500, 4)
    assert paths[6].abs().max() < 1e-12
    # Cubics: the fourth differences vanish.
    assert paths.diff(n=4, dim=0).abs().max() < 1e-9
    most = paths.abs().amax((0, 1))
    assert (most[:2] < 12).all()
    assert (most[2:] < 6).all()
    assert (most > torch.tensor([7, 7, 3.5, 3.5])).all()


def test_a_plain_shift_by_hand():
    picture = torch.zeros(1, 1, 5, 9, dtype=torch.float64)
    picture[0, 0, 2, 4] = 1
    paths = torch.zeros(13, 1, 4, dtype=torch.float64)
    paths[:, 0, 0] = torch.linspace(-2, 2, 13)
    seen = moved(picture, paths)
    # The camera looks two pixels further to the right, so the point is seen two pixels further left.
    assert seen[12, 0, 0, 2].argmax() == 2
    assert seen[0, 0, 0, 2].argmax() == 6
    assert torch.allclose(seen.sum((1, 2, 3, 4)), torch.ones(13, dtype=torch.float64))
    assert seen[7, 0, 0, 2, 3].item() == pytest.approx(1 / 3)  # a third of a pixel


def test_a_turn_moves_the_corner_by_the_pixels_asked_for():
    x = torch.linspace(-49.5, 49.5, 100, dtype=torch.float64)
    positions = torch.stack(torch.broadcast_tensors(x, x[:, None]))[None]
    paths = torch.zeros(13, 1, 4, dtype=torch.float64)
    paths[12, 0, 2], paths[0, 0, 3] = 3, 3
    seen = moved(positions, paths)
    inner = slice(20, 80)
    for frame, offset in ((12, torch.stack([-positions[0, 1], positions[0, 0]])), (0, positions[0])):
        shift = (seen[frame, 0] - positions[0])[:, inner, inner]
        expected = 3 * offset[:, inner, inner] / (50 * 2**0.5)
        assert torch.allclose(shift, expected, atol=1e-9)


@pytest.mark.parametrize("objects", [True, False])
def test_kernels_at_grid_points_sum_to_one_and_differ(objects):
    picture = torch.rand(1, 1, 96, 96, dtype=torch.float64).requires_grad_()
    blurred = Motion(objects=objects).frames(picture, seeded(3)).mean(0)[0, 0]
    kernels = []
    for row, column in ((24, 24), (24, 72), (48, 48), (72, 24)):
        kernel = torch.autograd.grad(blurred[row, column], picture, retain_graph=True)[0][0, 0]
        assert kernel.sum().item() == pytest.approx(1)
        assert kernel.min() >= -1e-12
        kernels.append(kernel.roll((48 - row, 48 - column), (0, 1)))
    assert (kernels[0] - kernels[3]).abs().max() > 0.01


def test_a_flat_picture_stays_as_it_is(rgb):
    flat = torch.full_like(rgb, 100 / 255)
    assert torch.equal(Motion()(flat, seeded()), flat)


def test_an_object_moves_by_itself_and_only_where_it_is(rgb):
    with_it = Motion().frames(rgb, seeded(5))
    without = Motion(objects=False).frames(rgb, seeded(5))
    moved_alone = (with_it - without).abs().amax((0, 1, 2)) > 1e-3
    assert 0.02 < moved_alone.double().mean() < 0.98
    assert torch.allclose(with_it[6], without[6])


def test_a_level_that_is_none_is_refused(rgb, refused):
    with refused("no temporal level 4; choose 3, 5"):
        Motion(4)(rgb)


def test_descriptions_come_back():
    for degradation in (Motion(7, extent=5.0, linear=False), Recorded(9)):
        assert from_description(describe(degradation)) == degradation


def test_deblurring_is_scored_in_colour(rgb):
    assert Protocol.usual(Motion()).channel == Protocol.usual(Recorded()).channel == "rgb"


# ---------------------------------------------------------------- pictures that come with their blur


@pytest.fixture
def film(tmp_path, noise):
    """A folder of 28 frames of a moving picture."""
    folder = tmp_path / "GOPRO_Large_all" / "test" / "GOPR0001_00_00"
    folder.mkdir(parents=True)
    picture = noise(40, 80, 3)
    for i in range(28):
        Image.fromarray(picture[:, i : i + 48]).save(folder / f"{100 + i:06}.png")
    return folder


def test_every_thirteen_frames_make_a_picture_with_its_blur(film, monkeypatch):
    monkeypatch.setenv("RESTORELIB_DATA", str(film.parent.parent.parent))
    pictures = load_set("GOPRO_Large_all/test")
    assert list(pictures) == ["GOPR0001_00_00-000106", "GOPR0001_00_00-000119"]
    stack = pictures["GOPR0001_00_00-000106"]
    assert stack.shape == (40, 48, 21)
    assert np.array_equal(stack[..., :3], images.read(film / "000106.png"))
    clean, blurred = pair(stack, Recorded(3), 3)
    around = np.stack([images.read(film / f"{i:06}.png") for i in (105, 106, 107)]) / 255
    light = (around**2.2).mean(0) ** (1 / 2.2)
    assert np.abs(images.to_image(blurred) - 255 * light).max() <= 0.51
    assert clean.shape == blurred.shape == (1, 3, 40, 48)


def test_frames_are_made_smaller_before_they_are_averaged(film):
    frames = sorted(film.glob("*.png"))[:13]
    (stack,) = clips(frames, shrink=2).values()
    assert stack.shape == (20, 24, 21)
    sharp = images.read(frames[6]).astype(float).reshape(20, 2, 24, 2, 3).mean((1, 3))
    assert np.abs(stack[..., :3] - sharp).max() <= 0.51


def test_broken_films_are_refused(film, refused, monkeypatch):
    frames = sorted(film.glob("*.png"))
    with refused("has 12 frames of a video; 13 are needed"):
        clips(frames[:12])
    with refused("there is no frame 107 behind 000106.png"):
        clips([*frames[:7], *frames[8:]])
    frames[3].write_bytes(frames[3].read_bytes()[:500])
    with refused("000103.png: not a readable image"):
        clips(frames)
    with refused("preview.png: is not called by the number of a frame"):
        clips([*frames, film / "preview.png"])
    monkeypatch.setenv("RESTORELIB_DATA", str(film.parent.parent.parent))
    (film.parent / "EMPTY").mkdir()
    with refused("EMPTY: holds no frame of a video"):
        load_set("GOPRO_Large_all/test")
    monkeypatch.delenv("RESTORELIB_DATA", raising=False)
    with refused("GOPRO_Large_all/train: is not here; restorelib data GOPRO_Large_all fetches it .35 GB."):
        load_set("GOPRO_Large_all/train")


def test_the_real_pairs_have_the_scores_of_the_measured_files(benchmark_set):
    stack = benchmark_set("GoPro_samples")["Istanbul"]
    assert stack.shape == (720, 1280, 6)
    score = next(s for s in runs.record("blurred").scores if s.set == "GoPro_samples")
    error = (stack[..., :3].astype(float) - stack[..., 3:]) ** 2
    by_hand = 10 * np.log10(255**2 / error.mean())
    assert by_hand == pytest.approx(24.05, abs=0.001)
    assert score.images[1].psnr == pytest.approx(by_hand, abs=1e-6)


def test_pictures_without_their_blur_are_refused(rgb, refused):
    with refused("without recorded blur; take Motion"):
        Recorded(7)(rgb)
    with refused("can't be mixed"):
        stack = np.zeros((64, 64, 21), np.uint8)
        Patches([stack, stack[..., :3]], [Recorded(7)], 16, 2, 3)


def test_patches_of_stacks_keep_sharp_and_blurred_together(noise):
    stack = np.concatenate([noise(40, 50, 3) // 2 + 10 * i for i in range(7)], 2)
    patches = Patches([stack], [Recorded(13)], 16, 4, 3)
    degraded, clean = patches.batch(0)
    assert clean.shape == degraded.shape == (4, 3, 16, 16)
    assert torch.allclose(degraded - clean, torch.tensor(60 / 255))


def test_unrestored_and_stacks_are_scored_like_any_run(noise):
    stack = np.concatenate([noise(40, 50, 3) // 2 + 10 * i for i in range(7)], 2)
    result = evaluate(runs.load("blurred"), {"a": stack}, Recorded(3))
    assert result["level"] == 3
    assert result["psnr"] == pytest.approx(20 * np.log10(25.5))


def test_recorded_blur_is_not_for_networks_of_luma(noise, refused):
    stack = np.concatenate([noise(40, 50, 3)] * 7, 2)
    with refused("come with their blur in RGB, and this network restores luma"):
        evaluate(runs.load("bicubic"), {"a": stack}, Recorded(3))


# ---------------------------------------------------------------- incremental temporal training


def test_every_plan_is_one_of_the_paper():
    plans = [Incremental().plan(0, step) for step in range(2000)]
    seen = {}
    for entry, targets in plans:
        assert 5 <= len(targets) <= 7
        assert targets == [max(entry - 2 * i, 1) for i in range(1, len(targets) + 1)]
        assert 1 <= targets.count(1) - 1 <= 3  # times that the sharp target comes again
        seen.setdefault(entry, set()).add(len(targets))
    assert seen == {13: {7}, 11: {6, 7}, 9: {5, 6, 7}, 7: {5, 6}}
    shares = [sum(entry == level for entry, _ in plans) / 2000 for level in (13, 11, 9, 7)]
    assert shares == pytest.approx([0.25] * 4, abs=0.04)


@pytest.mark.parametrize(
    ("changes", "plan"),
    [
        ({"step": 12, "least": 1, "most": 1}, [1]),
        ({"step": 12, "least": 6, "most": 6}, [1] * 6),
        ({"step": 4, "least": 3, "most": 4}, [9, 5, 1, 1]),
        ({"last": 5}, [11, 9, 7, 5]),
    ],
)
def test_plans_of_the_ablations(changes, plan):
    incremental = Incremental(entries=(13,), **changes)
    assert {tuple(incremental.plan(0, step)[1][: len(plan)]) for step in range(20)} == {tuple(plan)}


@pytest.fixture
def short():
    """Three updates of the smoke recipe, in fp32."""
    return find("mtrnn", "smoke").vary("short", updates=3, lr=1e-2, schedule="constant", clip=None)


def test_training_is_the_loop_written_by_hand(short, bundled):
    pictures = [bundled["chelsea"]]
    training = Training(short, pictures, {}, precision="no", memory_format=torch.contiguous_format)
    torch.manual_seed(short.seed)
    network = build("mtrnn", **short.options)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=1e-4)
    patches = Patches(pictures, short.task, short.patch, short.batch, 3, short.seed)
    for step in range(3):
        entry, targets = short.incremental.plan(short.seed, step)
        levels = patches.levels(step)
        blurred = levels[(entry - 1) // 2]
        restored, features, losses = blurred, (), []
        for number, level in enumerate(targets):
            restored, features = network.iterate(
                blurred, restored.detach(), tuple(f.detach() for f in features), number
            )
            losses.append((restored - levels[(level - 1) // 2]).abs().mean())
        optimiser.zero_grad()
        (sum(losses) / len(losses)).backward()
        optimiser.step()
        assert training.step().item() == pytest.approx((sum(losses) / len(losses)).item(), rel=1e-4)
    for name, tensor in training.weights().items():
        assert torch.allclose(tensor, network.state_dict()[name], atol=1e-4), name


def test_smaller_scales_are_compared_with_smaller_targets(short):
    recipe = short.vary("scales", options={"scales": 2, "zero_last": True})
    network = build("mtrnn", **recipe.options)
    blurred, targets = torch.rand(1, 3, 8, 8), torch.rand(2, 1, 3, 8, 8)
    small, small_target = (nn_pool(x) for x in (blurred, targets.flatten(0, 1)))
    expected = [(small - small_target).abs().mean(), (blurred - targets).abs().mean()]
    # Starting at zero, each picture is the blurred one at its scale.
    assert loss_of(recipe, network, blurred, targets).item() == pytest.approx(
        sum(expected).item() / 2, rel=1e-4
    )


def nn_pool(x):
    return torch.nn.functional.avg_pool2d(x, 2)


def test_a_broken_off_training_ends_at_the_same_weights(short, bundled, tmp_path):
    pictures, recipe = [bundled["chelsea"]], replace(short, updates=4)
    for folder, stops in (("whole", (4,)), ("parts", (1, 2, 4))):
        (tmp_path / folder).mkdir()
        for stop in stops:
            training = Training(recipe, pictures, {}, tmp_path / folder)
            while training.progress.step < stop:
                training.step()
            training.save()
    # Not the bytes of the files: safetensors writes what is said about the tensors in random order.
    whole, parts = (
        read_tensors(tmp_path / folder / "checkpoint.safetensors")[0] for folder in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_old_recipes_keep_their_digest():
    assert find("vdsr", "quick").digest() == runs.record("vdsr-quick").recipe_sha256
    assert find("mtrnn", "smoke").digest() != replace(find("mtrnn", "smoke"), incremental=None).digest()


def test_sets_that_come_with_their_blur_are_scored_under_it():
    task = [Motion(13)]
    assert scoring.scored_under("bundled", task) == task
    assert scoring.scored_under("GoPro_samples", task) == [Recorded(0)]
    assert scoring.scored_under("DAVIS_clips", task) == [Recorded(level) for level in (7, 9, 11, 13)]


def test_a_level_that_a_picture_has_not_is_refused(noise, refused):
    pair_of = images.to_tensor(noise(24, 24, 6))  # sharp and blurred, as in GoPro_samples
    assert torch.equal(Recorded(0)(pair_of), pair_of[:, 3:])
    for level in (3, 5, 13):
        with refused(f"has 1 recorded blur and no temporal levels: there is no level {level}; leave it out"):
            Recorded(level)(pair_of)
    with refused("there is no temporal level 4"):
        Recorded(4)
