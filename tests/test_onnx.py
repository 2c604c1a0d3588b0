"""What the page "Restore a photo of your own" brings along is what the library would compute with."""

import re

import export_onnx
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from restorelib import images, runs

STATIC = export_onnx.FILE.parent


@pytest.fixture(scope="module")
def network():
    return runs.load(export_onnx.RUN)


def largest_difference(file, network, picture):
    """Between torch and the ONNX file, on a uint8 picture."""
    small = images.to_tensor(picture)
    (restored,) = onnxruntime.InferenceSession(file).run(None, {"small": small.numpy()})
    with torch.no_grad():
        return np.abs(restored - network(small, export_onnx.SCALE).numpy()).max()


@pytest.mark.parametrize("size", [(24, 40), (33, 17), (1, 50), (129, 3)])
def test_the_file_computes_what_torch_does_for_any_size(network, noise, size):
    assert largest_difference(export_onnx.FILE, network, noise(*size, 3)) < 1e-4


def test_the_file_is_of_the_shipped_weights(network):
    about = {entry.key: entry.value for entry in onnx.load(export_onnx.FILE).metadata_props}
    stale = "the run was trained again: run tools/export_onnx.py"
    assert about["weights_sha256"] == network.record.weights_sha256, stale
    assert export_onnx.FILE.stat().st_size < 1e6
    assert b".py" not in export_onnx.FILE.read_bytes()  # no paths of the machine that made it


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # torch's own, of itself
def test_the_tool_makes_such_a_file(network, noise, tmp_path):
    export_onnx.export(tmp_path / "again.onnx")
    assert largest_difference(tmp_path / "again.onnx", network, noise(19, 31, 3)) < 1e-4


def test_the_page_cuts_tiles_with_the_networks_reach(network):
    script = (STATIC / "restoring.js").read_text(encoding="utf-8")
    assert re.findall(r"REACH = (\d+)", script) == [str(network.reach)]
    assert re.findall(r"SCALE = (\d+)", script) == [str(export_onnx.SCALE)]


def test_the_sample_is_the_bundled_photograph(bundled):
    assert (images.read(STATIC / "chelsea.png") == bundled["chelsea"]).all()
