"""Tiles change nothing, look as far around as needed and no farther, and help when memory ends."""

import numpy as np
import pytest
import torch

from restorelib import build
from restorelib.degrade import bicubic_up
from restorelib.evaluation import restore, restore_image
from restorelib.networks import NETWORKS
from restorelib.networks.base import Restorer
from restorelib.tiles import apply, apply_in_tiles, apply_within_memory

SMALL = {
    "vdsr": {"depth": 5, "width": 8},
    "edsr": {"blocks": 2, "width": 8},
    "srresnet": {"blocks": 2, "width": 8},
    "mdsr": {"blocks": 2, "width": 8},
    "rednet": {"depth": 20, "width": 8},
    "memnet": {"blocks": 2, "recursions": 3, "width": 8},
    "drcn": {"recursions": 4, "width": 8},
    "mtrnn": {"width": 4, "iterations": 2},
    "dmphn": {"width": 4},
    "mt-dmphn": {"width": 4, "iterations": 2},
    "fpn": {"width": 4},
    "srn": {"width": 4},
}
# They look farther than the test's picture goes; test_mtrnn.py measures how far.
FAR = ("mtrnn", "dmphn", "mt-dmphn", "fpn", "srn")


def small(name, **options):
    """A network in few parameters, in eval mode and float64."""
    return build(name, **SMALL.get(name, {}), **options).eval().double()


def scale_of(network):
    return 1 if network.takes_enlarged else 2


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("tile", [16, 37, 64, 1000])
def test_tiles_give_what_the_whole_picture_gives(name, tile):
    network = small(name)
    x = torch.rand(1, network.channels, 70, 101, dtype=torch.float64)
    with torch.no_grad():
        whole = apply(network, x, scale_of(network))
        tiled = apply_in_tiles(network, x, scale_of(network), tile)
    assert tiled.shape == whole.shape
    assert torch.allclose(tiled, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "options", "scale"),
    [
        *((name, {}, 1) for name, network in NETWORKS.items() if network.takes_enlarged and name not in FAR),
        *((name, {"scale": scale}, scale) for name in ("edsr", "srresnet") for scale in (2, 3, 4)),
        *(("mdsr", {}, scale) for scale in (2, 3, 4)),
    ],
)
def test_the_reach_is_how_far_a_result_looks(name, options, scale):
    network = small(name, **options)
    for key, parameter in network.named_parameters():
        parameter.data.fill_(0.01 if key.endswith("weight") else 0)  # positive: no ReLU is silent
    middle = 60
    x = torch.ones(1, network.channels, 121, 121, dtype=torch.float64, requires_grad=True)
    here = slice(middle * scale, (middle + 1) * scale)
    apply(network, x, scale)[..., here, here].sum().backward()
    columns = x.grad.abs().sum((0, 1, 2)).nonzero()
    assert network.reach == max(middle - columns.min(), columns.max() - middle)


def test_float32_tiles_of_a_shipped_network_agree(bundled):
    from restorelib import load

    network = load("vdsr-quick")
    picture = bundled["chelsea"][:150, :200]
    whole, tiled = restore_image(network, picture, 1), restore_image(network, picture, 1, tile=48)
    assert abs(whole.astype(int) - tiled).max() <= 1
    assert (whole != tiled).mean() < 1e-4  # rounding of values that lie between two grey levels


class Limited(Restorer):
    """Takes no more than so many pixels, like a small GPU."""

    channels, takes_enlarged, reach = 1, True, 3

    def __init__(self, pixels, error):
        super().__init__()
        self.pixels, self.error, self.sizes = pixels, error, []

    def forward(self, x):
        self.sizes.append(tuple(x.shape[-2:]))
        if x.shape[-2] * x.shape[-1] > self.pixels:
            raise self.error
        return 2 * x


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("could not create a primitive"),  # oneDNN
    MemoryError("Unable to allocate 3.2 GiB for an array"),  # numpy
    MemoryError(),
    OSError(12, "Cannot allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("std::bad_alloc"),
    ImportError("libscipy_openblas.so: failed to map segment from shared object"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_memory_that_runs_out_means_smaller_tiles_and_one_line_each(error, capsys):
    network = Limited(40 * 40, error)
    x = torch.rand(1, 1, 100, 130)
    assert torch.equal(restore(network, x), 2 * x)
    assert network.sizes[:3] == [(100, 130), (68, 68), (35, 35)]  # all, tiles of 65, tiles of 32
    assert capsys.readouterr().err.splitlines() == [
        "Memory is short: going on in tiles of 65 pixels.",
        "Memory is short: going on in tiles of 32 pixels.",
    ]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("colour", [True, False])
def test_a_picture_is_restored_in_tiles_from_the_file_to_the_result(noise, capsys, error, scale, colour):
    image = noise(50, 65, 3) if colour else noise(50, 65)
    whole = restore_image(Limited(10**9, error), image, scale)
    network = Limited((40 * scale) ** 2, error)
    tiled = restore_image(network, image, scale)
    assert tiled.shape == whole.shape
    assert abs(tiled.astype(int) - whole).max() <= 1  # rounding of what lies between two levels
    assert (tiled != whole).mean() < 1e-3
    assert "Memory is short: going on in tiles" in capsys.readouterr().err


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_in_tiles_is_the_whole_image(name, bundled):
    network = small(name).float()
    scale = 2 if network.takes_enlarged else scale_of(network)
    image = bundled["chelsea"][100:145, 120:190].astype(np.uint16) * 257
    whole, tiled = restore_image(network, image, scale), restore_image(network, image, scale, tile=48)
    assert whole.dtype == tiled.dtype == np.uint16
    assert whole.shape == (90, 140, 3)
    assert abs(whole.astype(int) - tiled).max() <= 257


def test_where_enlarging_fails_for_want_of_memory_it_is_done_in_tiles(noise, monkeypatch, capsys):
    def poor(x, scale):
        if x.shape[-1] > 40:
            raise MemoryError
        return bicubic_up(x, scale)

    whole = restore_image(Limited(10**9, None), noise(50, 65, 3), 2)
    monkeypatch.setattr("restorelib.evaluation.bicubic_up", poor)
    tiled = restore_image(Limited(10**9, None), noise(50, 65, 3), 2)
    assert abs(tiled.astype(int) - whole).max() <= 1
    assert "Memory is short" in capsys.readouterr().err


def test_no_memory_at_all_for_an_image_is_one_line(noise, refused, capsys):
    with refused("no memory even for tiles of 32 pixels"):
        restore_image(Limited(10, MemoryError()), noise(50, 65, 3), 2)
    capsys.readouterr()


def test_no_memory_at_all_is_one_line(refused):
    with refused("no memory even for tiles of 32 pixels"):
        apply_within_memory(Limited(10, ERRORS[0]), torch.rand(1, 1, 100, 100), 1, None)


def test_other_errors_are_not_hidden():
    with pytest.raises(RuntimeError, match="shapes"):
        apply_within_memory(Limited(10, RuntimeError("shapes")), torch.rand(1, 1, 100, 100), 1, None)
