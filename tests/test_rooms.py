"""The library's modules import each other in one direction."""

import ast
from pathlib import Path

LIBRARY = Path(__file__).parents[1] / "restorelib"

# Each imports from those before it only. A folder is one room.
ROOMS = [
    "errors",
    "compiling",
    "machine",
    "output",
    "blocks",
    "checkpoints",
    "opening",
    "saving",
    "images",
    "folders",
    "downloads",
    "sets",
    "tiles",
    "networks",
    "bicubic",
    "motion",
    "degrade",
    "metrics",
    "patches",
    "evaluation",
    "recipe",
    "records",
    "baselines",
    "objectives",
    "optimisers",
    "progress",
    "accidents",
    "averaging",
    "scoring",
    "training",
    "recipes",
    "runs",
    "notebook",
    "figures",
    "front",
    "reach",
    "questions",
    "diagrams",
    "pace",
    "queue",
    "plan",
    "papers",
    "tables",
    "cuts",
    "gates",
    "norms",
    "bench",
    "scoreboard",
    "__main__",
]


def files_of(room):
    return sorted((LIBRARY / room).glob("*.py")) or [LIBRARY / f"{room}.py"]


def imported(path):
    """The rooms a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        parts = [name.split(".") for name in names if name.startswith("restorelib.")]
        yield from (found[1] for found in parts if found[1] in ROOMS)


def test_every_module_is_in_a_room():
    modules = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    assert modules | folders == set(ROOMS)


def test_a_room_imports_only_from_those_before_it():
    backward = [
        (path.name, other)
        for place, room in enumerate(ROOMS)
        for path in files_of(room)
        for other in imported(path)
        if ROOMS.index(other) > place
    ]
    assert backward == []
    assert "errors" in list(imported(LIBRARY / "images.py"))


def test_rooms_are_small():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in LIBRARY.rglob("*.py")}
    assert [path for path, lines in lengths.items() if lines > 350] == []
