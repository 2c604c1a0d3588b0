"""What the page "Restore a photo of your own" brings along is what the library would compute with."""

import re

import export_onnx
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from export_onnx import FOLDER, RUNS, Answering

from restorelib import images, runs
from restorelib.cuts import cuts_of, without

LIST = (FOLDER / "networks.js").read_text(encoding="utf-8")
MOST = 15e6  # bytes of all networks
STALE = "the run was trained again: run tools/export_onnx.py"


def answered(file, picture, network, cut=()):
    """What an ONNX file makes of a picture, with the skips from some layers cut."""
    given = {"damaged": picture.numpy()}
    if skips := export_onnx.skips(network):
        given["skips"] = np.float32([start not in cut for start, _ in skips])
    return onnxruntime.InferenceSession(file).run(None, given)


def largest_differences(file, network, rows, columns):
    """Between torch and an ONNX file, for a picture of so many multiples: of the result, and of the steps."""
    m = network.multiple
    picture = torch.rand(1, network.channels, rows * m, columns * m)
    found = answered(file, picture, network)
    with torch.no_grad():
        expected = Answering(network)(picture)
    expected = expected if isinstance(expected, tuple) else (expected,)
    return [np.abs(a - b.numpy()).max() for a, b in zip(found, expected, strict=True)]


@pytest.mark.parametrize("run", RUNS)
def test_a_file_computes_what_torch_does_for_any_size(run):
    network, file = runs.load(run), FOLDER / f"{run}.onnx"
    for size in (17, 9), (1, 30):
        assert max(largest_differences(file, network, *size)) < 1e-4


def test_the_skips_that_are_cut_are_those_of_the_library():
    network, file = runs.load("red20-noise50-quick"), FOLDER / "red20-noise50-quick.onnx"
    assert export_onnx.skips(network) == [(8, 12), (6, 14), (4, 16), (2, 18)]
    picture = torch.rand(1, 1, 24, 33)
    whole = answered(file, picture, network)[0]
    for cut in cuts_of(network)[1:]:
        with torch.no_grad():
            expected = without(network, cut)(picture).numpy()
        (found,) = answered(file, picture, network, cut)
        assert np.abs(found - expected).max() < 1e-4 < np.abs(found - whole).max()


@pytest.mark.parametrize("run", RUNS)
def test_a_file_is_of_the_shipped_weights(run):
    file = FOLDER / f"{run}.onnx"
    about = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert about["weights_sha256"] == runs.record(run).weights_sha256, STALE
    assert b".py" not in file.read_bytes()  # no paths of the machine that made it


def test_the_list_is_of_these_files(tmp_path):
    for run in RUNS:
        (tmp_path / f"{run}.onnx").write_bytes((FOLDER / f"{run}.onnx").read_bytes())
    export_onnx.write_list(tmp_path)
    assert (tmp_path / "networks.js").read_text(encoding="utf-8") == LIST, STALE
    assert {file.stem for file in FOLDER.glob("*.onnx")} == set(RUNS)
    assert sum(file.stat().st_size for file in FOLDER.glob("*.onnx")) < MOST


def test_a_reader_finds_one_network_of_a_name_for_a_damage():
    offered = [
        (entry["name"], *damage.values()) for entry in export_onnx.listed(FOLDER) for damage in entry["mends"]
    ]
    assert len(offered) == len(set(offered))
    assert {kind for _, kind, _ in offered} == {"shrunk", "noise", "jpeg", "shake"}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # torch's own, of itself
@pytest.mark.parametrize("run", ["edsr-x2-quick", "memnet-jpeg-quick", "red20-noise30-quick"])
def test_the_tool_makes_such_a_file(run, tmp_path):
    network = runs.load(run)
    export_onnx.export(network, tmp_path / "again.onnx")
    assert max(largest_differences(tmp_path / "again.onnx", network, 19, 31)) < 1e-4


def test_what_half_precision_holds_is_stored_in_it():
    halves = torch.rand(9, 9).half().float().numpy()
    for values, stored in ((halves, np.float16), (halves / 3, np.float32)):
        weights = onnx.numpy_helper.from_array(values, "weights")
        shape = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [9, 9])
        sums = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [9, 9])
        node = onnx.helper.make_node("Add", ["x", "weights"], ["y"])
        graph = onnx.helper.make_graph([node], "sum", [shape], [sums], [weights])
        # Of an opset and a version that onnxruntime knows, which may be older than onnx.
        opset = [onnx.helper.make_opsetid("", 20)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10)
        export_onnx.store_halves(model)
        assert onnx.numpy_helper.to_array(model.graph.initializer[0]).dtype == stored
        (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": 0 * halves})
        assert (found == values).all()


def test_the_sample_is_the_bundled_photograph(bundled):
    assert (images.read(FOLDER.parent / "chelsea.png") == bundled["chelsea"]).all()


def test_the_page_names_every_kind_of_damage():
    words = (FOLDER / "choices.js").read_text(encoding="utf-8")
    assert set(re.findall(r"^  (\w+): \(level\)", words, re.MULTILINE)) == set(export_onnx.KINDS.values())
