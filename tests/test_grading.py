"""Grading reads a submission as Jupyter does, and writes what nothing in a submission can break."""

import csv
import io
import json
import multiprocessing

import pytest

from grading import cells, results
from grading import grade as marking
from grading.judge import Verdict
from grading.master import read

PERCENT_IN_AN_EXPRESSION = """
x = ("%d of %d"
     % (1, 2))
"""
PERCENT_IN_A_TEXT = '''
x = """
% is a sign
!and so is this
"""
'''
WITHOUT_LINES_FOR_THE_MACHINERY = """%matplotlib inline
!rm -rf /
print?
try:
    import otter_that_is_not_there
except ImportError:
    %pip install -q otter-grader
x = 1
"""


@pytest.mark.parametrize(
    ("cell", "x"),
    [
        (PERCENT_IN_AN_EXPRESSION, "1 of 2"),
        (PERCENT_IN_A_TEXT, "\n% is a sign\n!and so is this\n"),
        (WITHOUT_LINES_FOR_THE_MACHINERY, 1),
        ("y = 7\nx = (y\n     %2)", 1),
        ("%%time\nx = 3", 3),
        ("%%capture said\n%time x = 4", 4),
        ("x = %time 2 + 3", 5),
        ("x = %timeit -n 1 2", None),
        ("x = !ls", []),
        ("x = %env HOME", None),
        (">>> x = 6", 6),
        ("    x = 7", 7),
        ("async def f():\n    return 8\nx = await f()", 8),
        ("display(1)\nx = get_ipython().anything(2)", None),
    ],
)
def test_a_cell_runs_as_in_jupyter(cell, x):
    names = cells.prepare({})
    cells.run(cell, names)
    assert names["x"] == x


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("x =", SyntaxError),
        ("x = '\ud83d'.encode()", UnicodeEncodeError),
        ("x = 1 \0", SyntaxError),
        ("%time x", NameError),
    ],
)
def test_a_cell_raises_as_in_jupyter(cell, error):
    with pytest.raises((error, ValueError) if error is SyntaxError else error):
        cells.run(cell, cells.prepare({}))


def test_cells_in_other_languages_are_not_run():
    names = cells.prepare({})
    for magic in ("bash", "html", "writefile x.py", "timeit"):
        assert cells.run(f"%%{magic}\nx = 1", names) is None
    assert "x" not in names


def test_an_error_that_cannot_be_told():
    class Spoiled(Exception):
        def __str__(self):
            raise SystemExit

    assert "cannot be told" in cells.in_one_line(Spoiled())
    assert cells.in_one_line(ValueError("a\nb")) == "ValueError: a"


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\ud83d", r"\ud83d"),
        ("b\udce9", r"b\xe9"),  # a file name in latin-1, as Python gives it
        ("\r\x1b[2Kmallory: 19 of 19", r"\x0d\x1b[2Kmallory: 19 of 19"),
        ("a\nb\tc\0", r"a\x0ab\x09c\x00"),
        ("é 漢 \N{GRINNING FACE} \xa0", "é 漢 \N{GRINNING FACE} \xa0"),
        ("\u202etxt", r"\u202etxt"),
        ("=1+1", "'=1+1"),
        ("ada", "ada"),
    ],
)
def test_text_for_a_table(text, told):
    assert results.cell(text) == told
    told.encode()


def test_a_cell_is_not_longer_than_spreadsheets_take():
    assert len(results.cell("x" * 100_000)) < 32_767
    assert results.cell("x" * 100_000).endswith("x ... (cut)")


def test_rows_of_any_text_can_be_read_back():
    rows = [[results.cell(text) for text in ('a,"b"\r\n', "\udcff\0", "")]]
    assert list(csv.reader(io.StringIO(results.table(rows)))) == rows


def test_a_file_is_written_whole_or_not_at_all(tmp_path, refused, monkeypatch):
    path = tmp_path / "marks.csv"
    results.write(path, "old \ud83d")
    assert path.read_text(encoding="utf-8") == r"old \ud83d"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.os, "fsync", full)
    with refused("marks.csv: cannot be written .No space left on device"):
        results.write(path, "new")
    assert path.read_text(encoding="utf-8") == r"old \ud83d"
    assert [file.name for file in tmp_path.iterdir()] == ["marks.csv"]


def test_where_nothing_can_be_written_nothing_is_marked(tmp_path, refused):
    (tmp_path / "ada.ipynb").touch()
    for out in (tmp_path, tmp_path / "no_folder" / "marks.csv", tmp_path / ("x" * 300)):
        with refused("cannot be written|is a folder"):
            marking.grade("protocol-lab", tmp_path, out, trusted=True)
    with refused("no such folder"):
        marking.submissions(tmp_path / ("x" * 300))
    with refused("no plain file"):
        results.check(results.Path("/dev/null"))


@pytest.fixture
def verdict(monkeypatch):
    """`verdict(name -> verdict)`: what marking finds, without marking."""

    def give(found):
        monkeypatch.setattr(marking, "verdicts", lambda *_: found.items())
        monkeypatch.setattr(marking, "submissions", lambda _: dict.fromkeys(found, "a path"))
        monkeypatch.setattr(marking.walls, "missing", lambda _: [])

    return give


SPOILED = Verdict({"q1": 2.0}, ["q1: \ud83d", "code cell 1: \x1b[2K"], {"q5": "I\r\nguess \udce9\x1b"})


def test_one_submission_does_not_stop_the_marking_of_the_next(verdict, tmp_path, capsys):
    verdict({"b\udce9": SPOILED, "zoe": Verdict({"q1": 3.0})})
    marking.grade("protocol-lab", tmp_path, tmp_path / "marks.csv", seed=1)
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["submission"], row["total"], row["of"]) for row in rows] == [
        (r"b\xe9", "2", "13"),
        ("zoe", "3", "13"),
    ]
    assert rows[0]["remarks"] == r"q1: \ud83d; code cell 1: \x1b[2K"
    assert capsys.readouterr().out.splitlines() == [
        r"b\xe9: 2 of 13; q1: \ud83d; code cell 1: \x1b[2K",
        "zoe: 3 of 13",
    ]
    answers = (tmp_path / "marks.answers.md").read_text(encoding="utf-8")
    assert "## b\\xe9\n\n> I\n> guess \\xe9\\x1b\n" in answers


def test_gradescope_reads_what_is_written(verdict, tmp_path):
    verdict({"it": SPOILED})
    marking.gradescope_results("protocol-lab", tmp_path, tmp_path / "results.json")
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert told["output"] == r"code cell 1: \x1b[2K"
    assert told["tests"][0] == {"name": "q1", "score": 2.0, "max_score": 3, "output": r"q1: \ud83d"}
    assert len(told["tests"]) == sum(not question.manual for question in read("protocol-lab").questions)


def half_a_verdict(pipe, *_):
    """A judge that is killed while it tells its verdict."""
    import os

    os.write(pipe.fileno(), b"\0\0\1\0half")
    os._exit(1)


def test_a_judge_that_dies_in_the_middle_costs_its_own_submission(monkeypatch):
    monkeypatch.setattr(marking, "_judge", half_a_verdict)
    context = multiprocessing.get_context("fork")
    context.set_forkserver_preload = lambda _: None
    monkeypatch.setattr(marking.multiprocessing, "get_context", lambda _: context)
    found = dict(marking.verdicts("protocol-lab", {"ada": None, "bob": None}, 1, 1, 1, "none"))
    assert [verdict.remarks for verdict in found.values()] == [["not marked: its judge died or hung"]] * 2
