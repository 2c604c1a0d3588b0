"""What the tests share: pictures, a small training, how errors are checked, and the book in a browser."""

import os
import time
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
import torch
from built import served
from pace import HANGS
from PIL import Image

from restorelib import images, runs, sets
from restorelib.degrade import Bicubic
from restorelib.errors import RestoreError
from restorelib.recipe import Recipe
from restorelib.training import Training


@pytest.fixture(autouse=True)
def seeded():
    """What a test draws without a seed of its own is the same in every run."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """Tests neither read nor fill the user's cache of downloads."""
    monkeypatch.setenv("RESTORELIB_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


load_benchmark = cache(sets.load_set)


@pytest.fixture
def benchmark_set():
    """`sets.load_set` for tests that need the real pictures; they are skipped where these are not."""
    if not os.environ.get("RESTORELIB_DATA"):
        pytest.skip("RESTORELIB_DATA is unset: no benchmark pictures")
    return load_benchmark


@pytest.fixture(scope="session")
def bundled():
    """The bundled photographs, name -> uint8 image."""
    return sets.load_set("bundled")


@pytest.fixture(scope="session")
def photograph(bundled):
    """A detail of a real photograph, as (1, 1, 96, 128) luma in float64."""
    return images.luma(images.to_tensor(bundled["chelsea"][100:196, 120:248], torch.float64))


@pytest.fixture(scope="session")
def small_set(bundled, tmp_path_factory):
    """A folder of three small pictures, two in colour and one grey."""
    folder = tmp_path_factory.mktemp("small_set")
    for name, picture in (
        ("cat", bundled["chelsea"][100:164, 120:190]),
        ("face", bundled["astronaut"][60:140, 180:260]),
        ("cup", bundled["coffee"][150:222, 200:264, 1]),
    ):
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="session")
def recipe(small_set):
    """A training of about a second on the small pictures."""
    return Recipe(
        name="tiny",
        network="vdsr",
        options={"depth": 3, "width": 8, "zero_last": True},
        task=(Bicubic(2),),
        train_on=(str(small_set),),
        validate_on=str(small_set),
        test_on=(str(small_set),),
        patch=17,
        batch=4,
        updates=20,
        validations=2,
    )


@pytest.fixture
def pictures(small_set):
    """The small pictures, name -> uint8 image."""
    return sets.load_set(str(small_set))


@pytest.fixture
def train(pictures):
    """`train(recipe, folder, ...)`: a `Training` on the small pictures."""
    return lambda recipe, folder=None, **options: Training(
        recipe, list(pictures.values()), pictures, folder, **options
    )


@pytest.fixture(scope="session")
def finished_run(recipe, tmp_path_factory):
    """The folder that training `recipe` leaves; tests that change it copy it first."""
    return runs.make(recipe, "smoke", tmp_path_factory.mktemp("runs") / "tiny-smoke")


@pytest.fixture(scope="session")
def wait_for_training():
    """`wait_for_training(folder)` returns when a training has left its first checkpoint there, or is over."""

    def wait(folder):
        until = time.monotonic() + HANGS
        # A finished training has no checkpoint any more: on a busy machine this loop may never see one.
        while not any((folder / name).exists() for name in ("checkpoint.safetensors", "record.json")):
            assert time.monotonic() < until, "no checkpoint"
            time.sleep(0.002)

    return wait


class Clock:
    """A clock for `time` in a module: it stands still until a test lets it go on."""

    now = 0.0

    def monotonic(self):
        return self.now

    perf_counter = monotonic


@pytest.fixture
def clock():
    """A clock that does not depend on how fast the machine is."""
    return Clock()


@pytest.fixture
def refused():
    """`with refused("why"):` expects a `RestoreError` of one line that says why."""

    @contextmanager
    def expect(why):
        with pytest.raises(RestoreError, match=why) as caught:
            yield
        assert "\n" not in str(caught.value)

    return expect


@pytest.fixture(scope="session")
def noise():
    """`noise(h, w)` or `noise(h, w, 3)`: a uint8 picture of independent random pixels, always the same."""
    return lambda *shape: np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def site():
    """The address of the built book, served on loopback."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    """Chromium without a network; tests that need it are skipped where there is none."""
    # Here, because machines that only train have no playwright.
    from playwright.sync_api import sync_playwright
    from print_book import chromium

    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    # No name resolves: a page that needs another host is found out instead of being served.
    flags = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield launched
        launched.close()
