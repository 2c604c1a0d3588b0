"""Run notebooks and store their outputs in them: python tools/run_notebooks.py [book/vdsr.ipynb ...]

Times of cells are not stored: they would change with every run and say nothing to a reader. Nor is the
fourth channel of plots, which is opaque everywhere and a tenth of their size, nor are three channels where
all are grey, which take twice as much.
"""

import base64
import io
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parents[1]


def run(path: Path) -> None:
    """Run one notebook in its folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": path.parent}}
    told = {"timeout": None, "record_timing": False, "coalesce_streams": True}
    NotebookClient(notebook, resources=where, **told).execute()
    slim(notebook)
    nbformat.write(notebook, path)


def slim(notebook: nbformat.NotebookNode) -> None:
    """Write the plots of a notebook again, without an opaque alpha channel, and grey ones in one channel."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = opaque(data["image/png"])


def opaque(png: str) -> str:
    """A PNG in base64 with the same pixels, without an alpha of 255 everywhere and without unused colour."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        less = picture.convert("RGB")
    elif picture.mode == "RGB":
        less = picture
    else:
        return png
    red, green, blue = less.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        less = red
    if less.mode == picture.mode:
        return png
    buffer = io.BytesIO()
    less.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode() + "\n"


if __name__ == "__main__":
    os.environ |= {"RESTORELIB_STATIC": "1", "TQDM_DISABLE": "1"}
    for path in [Path(word) for word in sys.argv[1:]] or sorted((ROOT / "book").glob("*.ipynb")):
        print(path)
        run(path)
