"""Run notebooks and store their outputs in them: python tools/run_notebooks.py [book/vdsr.ipynb ...]

Times of cells are not stored: they would change with every run and say nothing to a reader.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


def run(path: Path) -> None:
    """Run one notebook in its folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=None, record_timing=False, resources=where).execute()
    nbformat.write(notebook, path)


if __name__ == "__main__":
    os.environ |= {"RESTORELIB_STATIC": "1", "TQDM_DISABLE": "1"}
    for path in [Path(word) for word in sys.argv[1:]] or sorted((ROOT / "book").glob("*.ipynb")):
        print(path)
        run(path)
