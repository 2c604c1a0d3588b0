"""What is stored of a notebook that was run."""

import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image
from run_notebooks import opaque, slim


def encoded(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode() + "\n"


def decoded(png):
    return Image.open(io.BytesIO(base64.b64decode(png)))


@pytest.fixture
def plot(noise):
    return np.concatenate([noise(9, 12, 3), np.full((9, 12, 1), 255, np.uint8)], 2)


def test_an_opaque_plot_keeps_its_pixels_and_loses_its_alpha(plot):
    before, after = encoded(plot), opaque(encoded(plot))
    assert decoded(after).mode == "RGB"
    assert np.array_equal(np.asarray(decoded(after).convert("RGBA")), plot)
    assert len(after) < len(before)
    assert opaque(after) == after


def test_a_grey_plot_keeps_its_pixels_in_one_channel(noise):
    grey = np.repeat(noise(9, 12)[..., None], 3, 2)
    after = opaque(encoded(grey))
    assert decoded(after).mode == "L"
    assert np.array_equal(np.asarray(decoded(after).convert("RGB")), grey)
    assert opaque(after) == after


def test_what_is_seen_through_stays(plot):
    plot[0, 0, 3] = 254
    assert opaque(encoded(plot)) == encoded(plot)


def test_all_plots_of_a_notebook_are_written_again(plot):
    output = nbformat.v4.new_output("display_data", {"image/png": encoded(plot), "text/plain": "a plot"})
    cells = [nbformat.v4.new_markdown_cell("text"), nbformat.v4.new_code_cell("", outputs=[output])]
    notebook = nbformat.v4.new_notebook(cells=cells)
    slim(notebook)
    assert notebook.cells[1].outputs[0].data == {"image/png": opaque(encoded(plot)), "text/plain": "a plot"}
