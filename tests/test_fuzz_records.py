"""Records that were spoiled at random: each is read, or refused in one line; there is no traceback.

Seeded. RESTORELIB_FUZZ says how many are tried, in place of the few thousand of a usual run.
"""

import contextlib
import copy
import io
import json
import os
import random
import shutil

import pytest

from restorelib import runs
from restorelib.__main__ import evaluate, show
from restorelib.errors import RestoreError
from restorelib.output import shown

MANY = int(os.environ.get("RESTORELIB_FUZZ", "2000"))
HOSTILE = (
    *(None, True, False, "", "x", "vdsr", "\ud83d", "a\nb\0", "9" * 5000, "Infinity", "../..", "x" * 300),
    *(0, -1, 1, 2, 3, 7, 10**9, -(10**9), 2**63, 10**400, 0.5, -0.0, 1e308, -1e308, 1e-320),
    *(float("nan"), float("inf"), [], {}, [[]], [1, 2], {"kind": "noise"}, {"kind": "bicubic", "scale": 0}),
    *({"kind": "jpeg", "quality": 101}, {"kind": [1]}, [None] * 3, {"": ""}),
)
PIECES = (b"\0", b"\xff", b'"', b"{", b"[" * 2000, b"-", b"1e999", b"9" * 5000, b"\\u", b"\\ud83d")


def places(inside, way=()):
    """The ways to all values of a record."""
    if isinstance(inside, dict | list):
        for key, value in inside.items() if isinstance(inside, dict) else enumerate(inside):
            yield (*way, key)
            yield from places(value, (*way, key))


def spoil_a_value(about, draw):
    """Change, remove, double or move one value."""
    *way, last = draw.choice(list(places(about)))
    inside = about
    for step in way:
        inside = inside[step]
    value, kind = copy.deepcopy(inside[last]), draw.randrange(5)  # a record holds nothing twice, nor itself
    if kind == 0:
        del inside[last]
    elif kind == 1 and isinstance(inside, dict):
        inside[draw.choice(["kind", "name", "scale", "level", "x", ""])] = value
    elif kind == 2:
        inside[last] = [copy.deepcopy(value) for _ in range(draw.randrange(3))]
    elif kind == 3 and isinstance(inside[last], int | float):
        inside[last] *= draw.choice([-1, 0, 0.5, 2, 10**6, 10**30])
    else:
        inside[last] = copy.deepcopy(draw.choice(HOSTILE))


def spoil_bytes(text, draw):
    """Cut, change, insert or repeat bytes."""
    at, until = sorted(draw.randrange(len(text) + 1) for _ in range(2))
    return draw.choice(
        [
            text[:at],
            text[:at] + text[until:],
            text[:at] + draw.randbytes(draw.randrange(1, 4)) + text[at + 1 :],
            text[:at] + draw.choice(PIECES) + text[at:],
            text[:until] + text[at:],
        ]
    )


def spoiled(text, number):
    """Record number `number`, as bytes."""
    draw = random.Random(number)
    if draw.random() < 0.25:
        return spoil_bytes(text, draw)
    about = json.loads(text)
    for _ in range(draw.choice([1, 1, 1, 2, 5])):
        if about:
            spoil_a_value(about, draw)
    return json.dumps(about).encode()


@pytest.fixture
def folder(finished_run, tmp_path, monkeypatch):
    """A run to spoil; the book's pages are not looked through."""
    monkeypatch.setattr(runs, "BOOK", tmp_path)
    return shutil.copytree(finished_run, tmp_path / "run")


def tried(folder, small_set, recipe, often):
    """All that is done with a run's folder; raises `RestoreError` if the record was refused."""
    with contextlib.redirect_stdout(io.StringIO()):
        show(str(folder))
        show(str(folder), as_json=True)
        runs.make(recipe, "smoke", folder)
        runs.load(folder)
        if often:  # it takes longer than all the others
            evaluate(str(folder), str(small_set))


@pytest.mark.timeout(0)
def test_no_spoiled_record_ends_in_a_traceback(folder, small_set, recipe):
    path = folder / "record.json"
    text, outcomes, lines = path.read_bytes(), {"read": 0, "refused": 0}, set()
    for number in range(MANY):
        path.write_bytes(spoiled(text, number))
        try:
            tried(folder, small_set, recipe, number % 10 == 0)
            outcomes["read"] += 1
        except RestoreError as error:
            lines.add(len(shown(str(error)).splitlines()))  # as the command says it
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(f"record {number}: {type(error).__name__}: {error}") from error
    assert lines == {1}
    print(outcomes)
    assert min(outcomes.values()) > 0
