"""What only a GPU can show; skipped elsewhere."""

from dataclasses import replace

import pytest
import torch

from restorelib import load
from restorelib.degrade import Bicubic
from restorelib.evaluation import evaluate
from restorelib.sets import load_set
from restorelib.training import Training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@pytest.fixture
def train(small_set):
    pictures = load_set(str(small_set))
    return lambda recipe, **options: Training(recipe, list(pictures.values()), pictures, **options)


def test_a_step_never_waits_for_the_gpu(recipe, train):
    training = train(recipe, precision="bf16")
    for _ in range(3):
        training.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            training.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_half_precision_trains_as_well_as_full(recipe, train):
    longer = replace(recipe, updates=300, lr=3e-3)
    scores = {kind: train(longer, precision=kind).run().validation[-1][2] for kind in ("no", "fp16", "bf16")}
    assert scores["fp16"] == pytest.approx(scores["no"], abs=0.1)
    assert scores["bf16"] == pytest.approx(scores["no"], abs=0.1)


def test_a_network_scores_the_same_on_gpu_and_cpu(bundled):
    network = load("vdsr-quick")
    on_cpu = evaluate(network, bundled, Bicubic(2))["psnr"]
    assert evaluate(network.cuda(), bundled, Bicubic(2))["psnr"] == pytest.approx(on_cpu, abs=0.001)
