"""The exercises: solutions, empty copies, typical wrong answers, and submissions that mean harm."""

import ast
import csv
import io
import json
import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from handed_in import changed, wrong_answers
from pace import PATIENCE, slow

from grading import judge, link, walls, wire
from grading.build import STUDENT, start_cell
from grading.grade import grade, to_mark
from grading.master import CHAPTERS, EXERCISES, MASTERS, read
from restorelib.output import shown

SEEDS = (1, 2)


@cache
def provided(exercise):
    """The names that a notebook gives to everyone."""
    return read(exercise).provided()


def points_for(answer, question, exercise, seed):
    """Points and remarks for an answer to one question; what a question needs, the notebook provides."""
    names = dict(provided(exercise.name))
    exec(compile(answer, exercise.name, "exec"), names)
    return points_of(question, exercise, names, seed)


def points_of(question, exercise, names, seed):
    def get(name):
        if name not in names:
            raise NameError(f"{name} is not defined")
        return names[name]

    return judge.mark_question(question, provided(exercise.name), get, seed)


def red(answer, question, exercise):
    """Whether a student who checks this answer is told that it is wrong."""
    public = replace(question, tests=[test for test in question.tests if not test.hidden])
    _, remarks = points_for(answer, public, exercise, SEEDS[0])
    return bool(remarks)


@pytest.fixture(scope="module", params=CHAPTERS)
def exercise(request):
    return read(f"{request.param}-homework")


def test_shape_of_an_exercise(exercise):
    names = [question.name for question in exercise.questions]
    assert names == [f"q{number}" for number in range(1, len(names) + 1)]
    assert 5 <= len(names) <= 9
    assert sum(question.manual for question in exercise.questions) in (1, 2, 3)
    assert 4 <= len([question for question in exercise.questions if not question.homework]) < len(names)
    for question in exercise.questions:
        hidden = [test.hidden for test in question.tests]
        assert question.manual or (False in hidden and True in hidden), question.name
        assert not question.manual or "Rubric" in question.solution


@pytest.mark.parametrize("seed", SEEDS)
def test_solutions_get_full_marks(exercise, seed):
    for question in exercise.questions:
        if not question.manual:
            assert points_for(question.solution, question, exercise, seed) == (question.worth, [])


def test_every_wrong_answer_is_red_and_gets_what_it_should(exercise):
    wrong = wrong_answers(exercise.name.split("-")[0])
    for question in exercise.questions:
        if question.manual:
            continue
        assert len(wrong[question.name]) >= 3, question.name
        for answer in wrong[question.name]:
            for seed in SEEDS:
                source = changed(question.solution, answer)
                points, remarks = points_for(source, question, exercise, seed)
                about = f"{question.name}, {answer['wrong']}: {remarks}"
                assert points == answer["points"] < question.worth, about
                assert red(source, question, exercise), f"{about}: green"


# ---------------------------------------------------------------- student copies


def code_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", EXERCISES)
def test_student_copies_are_up_to_date(name):
    """All that a student is given is as the master has it, and nothing of what is hidden."""
    about = read(name)
    folder = STUDENT / name
    code = code_of(folder / f"{name}.ipynb")
    given = [cell for cell in about.cells if isinstance(cell, str)]
    # strip(): otter-grader drops a cell's last empty lines
    assert [cell.strip() for cell in code if cell.strip() in {g.strip() for g in given}] == [
        cell.strip() for cell in given
    ]
    assert start_cell(about) in code
    questions = [question for question in about.questions if not question.manual]
    assert [cell.strip() for cell in code if cell.startswith("grader.check")] == [
        f'grader.check("{question.name}")' for question in questions
    ]
    assert {path.stem for path in (folder / "tests").iterdir()} == {question.name for question in questions}
    for question in questions:
        assert question.solution.strip() not in "\n\n".join(code)
        tests = (folder / "tests" / f"{question.name}.py").read_text(encoding="utf-8")
        for test in question.tests:
            body = ast.unparse(ast.parse(test.source))
            assert (body in tests) != test.hidden, f"{name}, {question.name}: run make assignments"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_empty_copy_gets_nothing_and_is_told_what_to_do(chapter):
    about = read(f"{chapter}-homework")
    names: dict = {}
    path = STUDENT / about.name / f"{about.name}.ipynb"
    code = code_of(path)
    for source in code:
        if source != start_cell(about) and not source.startswith("grader"):
            exec(compile(source, about.name, "exec"), names)
    for question in about.questions:
        if not question.manual:
            points, remarks = points_of(question, about, names, 1)
            assert points == 0, question.name
            given = code[[source.strip() for source in code].index(f'grader.check("{question.name}")') - 1]
            if given.rstrip().endswith("..."):  # else it comes with code that has a bug
                assert "replace the dots" in remarks[0] or "fill in the dots" in remarks[0], remarks


# ---------------------------------------------------------------- grading a folder

LAB = "protocol-lab"
FULL = 13
ENDLESS = "while True:\n    pass"
NO_ALARM = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
ALWAYS_EQUAL = """
class Always(float):
    __eq__ = __lt__ = __gt__ = lambda self, other: True
    __sub__ = __abs__ = __rsub__ = lambda self, *other: self
def psnr(restored, clean):
    return Always()
"""
READ_MASTER = f"""
import json
cells = json.load(open({str(MASTERS / "protocol.ipynb")!r}))["cells"]
for cell in cells:
    if "def psnr" in "".join(cell["source"]):
        exec("".join(cell["source"]))
"""
WRITE_FRAMES = """
import json, os, struct
frame = json.dumps({"value": {"object": 0}}).encode()
for pipe in range(3, 64):
    try:
        os.write(pipe, struct.pack("!I", len(frame)) + frame)
    except OSError:
        pass
"""
KILL_ALL = "import os, signal\nos.kill(-1, signal.SIGKILL)"
LEAVE_A_CHILD = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
"""
TURN_TESTS_OFF = """
import builtins, sys, torch
builtins.AssertionError = type("Never", (Exception,), {})
torch.rand = lambda *size, **options: torch.zeros(*size)
for module in list(sys.modules.values()):
    if hasattr(module, "Worker"):
        module.Worker.answer = lambda self, message: {"value": True}
"""


MACHINERY = """%matplotlib inline
print("%d of %d"
      % (1, 2))
print?
"""


def notebook(cells):
    cells = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def with_answers(answers, first=""):
    """A notebook that holds the solutions, these answers in their places, and `first` before all."""
    about = read(LAB)
    cells = [first]
    for cell in about.cells:
        if isinstance(cell, str):
            cells.append(cell)
        elif not cell.manual:
            cells.append(answers.get(cell.name, cell.solution))
    return notebook(cells)


def few():
    """Submissions of every kind: name -> (content, marks, what the remarks hold)."""
    empty = STUDENT / LAB / f"{LAB}.ipynb"
    return {
        "right": (with_answers({}), FULL, ""),
        "empty": (empty.read_text(encoding="utf-8"), 0, "replace the dots by your code"),
        "no notebook": ("this is no notebook", 0, "not a notebook"),
        "endless": (with_answers({"q1": ENDLESS}), FULL - 3, "TimeoutError"),
        "endless, deaf": (with_answers({"q4": NO_ALARM + ENDLESS}), FULL - 3, "did not stop"),
        "kills all it sees": (with_answers({}, KILL_ALL), FULL, "ProcessLookupError"),
        "always equal": (with_answers({"q1": ALWAYS_EQUAL}), FULL - 3, "q1"),
        "a lone surrogate": (with_answers({}, 'raise ValueError("\\ud83d")'), FULL, r"ValueError: \ud83d"),
        "in latin-1 \udce9": (with_answers({}, MACHINERY), FULL, ""),
        "reads the master": (with_answers({"q1": READ_MASTER}), FULL - 3, "FileNotFoundError"),
    }


def many():
    """Thirty or more."""
    found = few()
    worth = {question.name: question.worth for question in read(LAB).questions}
    solutions = {question.name: question.solution for question in read(LAB).questions}
    for name, answers in wrong_answers("protocol").items():
        for answer in answers if name in worth else ():
            content = with_answers({name: changed(solutions[name], answer)})
            found[f"{name}, {answer['wrong']}"] = (content, FULL - worth[name] + answer["points"], name)
    large = "def psnr(restored, clean): return torch.zeros(3 * 10**7)"
    call = "import urllib.request\nurllib.request.urlopen('http://1.1.1.1')"
    sleepy = "import time\ndef psnr(restored, clean): time.sleep(1000)"
    return found | {
        "empty file": ("", 0, "not a notebook"),
        "a list": ("[]", 0, "not a notebook"),
        "cells of another kind": ('{"cells": [{"cell_type": "code", "source": 5}]}', 0, "not a notebook"),
        "a syntax error": (with_answers({"q2": "def luma(rgb:"}), FULL - 3, "SyntaxError"),
        "an unknown module": (with_answers({"q3": "import no_such_module"}), FULL - 4, "ModuleNotFoundError"),
        "magic": (with_answers({}, "%matplotlib inline\n!rm -rf /"), FULL, ""),
        "borrows": (with_answers({"q1": "from restorelib.metrics import psnr"}), FULL - 3, "ModuleNotFound"),
        "exits": (with_answers({}, "import sys\nsys.exit()"), FULL, "SystemExit"),
        "leaves": (with_answers({}, "import os\nos._exit(0)"), FULL, "stopped: it ended by itself"),
        "sleeps": (with_answers({"q1": sleepy}), FULL - 3, "TimeoutError"),
        "eats memory": (with_answers({"q1": "x = bytearray(10**11)"}), FULL - 3, "MemoryError"),
        "leaves a child": (with_answers({}, LEAVE_A_CHILD), FULL, ""),
        "turns tests off": (with_answers({}, TURN_TESTS_OFF), FULL, ""),
        "writes frames": (with_answers({}, WRITE_FRAMES), FULL, ""),
        "returns too much": (
            with_answers({"q1": large}),
            FULL - 3,
            "bytes",
        ),
        "calls for a network": (
            with_answers({}, call),
            FULL,
            "URLError",
        ),
    }


def graded(submissions, folder, **options):
    """The table's rows by name."""
    (folder / "in").mkdir()
    for name, (content, _, _) in submissions.items():
        (folder / "in" / f"{name}.ipynb").write_text(content, encoding="utf-8")
    # Trusted, because not every machine of CI can bound memory.
    grade(LAB, folder / "in", folder / "marks.csv", seed=5, trusted=True, **options)
    with open(folder / "marks.csv", encoding="utf-8", newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


needs_bubblewrap = pytest.mark.skipif(not walls.usable("bwrap"), reason="bubblewrap does not work here")


@needs_bubblewrap
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("collection", [few, pytest.param(many, marks=slow)])
def test_a_folder_of_submissions(collection, tmp_path):
    submissions = collection()
    rows = graded(submissions, tmp_path, step=20 * PATIENCE, limit=60 * PATIENCE)
    assert set(rows) == set(map(shown, submissions))
    for name, (_, marks, remark) in submissions.items():
        row = rows[shown(name)]
        assert (float(row["total"]), row["of"]) == (marks, str(FULL)), (name, row)
        assert remark in row["remarks"], (name, row)
        assert remark or not row["remarks"], (name, row)
        assert row["q5 (3)"] == ""  # by hand


def test_a_worker_that_does_not_start_leaves_nothing_behind(tmp_path, monkeypatch):
    def never(_):
        raise link.StoppedError("no answer")

    monkeypatch.setattr(link.Link, "receive", never)
    monkeypatch.setattr(link.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(judge.resource, "setrlimit", lambda *_: None)
    verdict = judge.mark(LAB, STUDENT / LAB / f"{LAB}.ipynb", 0, 1, 1, "none")
    assert verdict.remarks == ["not marked: the worker did not start (no answer)"]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_graded_is_refused_in_one_line(tmp_path, refused):
    with refused("no exercise is called 'vdsr'"):
        grade("vdsr", tmp_path, tmp_path / "marks.csv")
    with refused("holds no notebook"):
        grade(LAB, tmp_path, tmp_path / "marks.csv", trusted=True)


def test_written_answers_stand_below_their_rubric():
    about = read(LAB)
    (question,) = (question for question in about.questions if question.manual)
    cells = [("markdown", "## Question 5: one pixel"), ("markdown", "I guess\n20 dB"), ("code", "1 + 1")]
    cells = [{"cell_type": kind, "source": source} for kind, source in cells]
    cells.append({"cell_type": "markdown", "source": "<!-- END -->\n\n## Question 6: more"})
    answers = judge.written_answers({"cells": cells}, about)
    assert answers == {"q5": "I guess\n20 dB\n\n1 + 1"}
    text = to_mark([question], {"ada": answers, "bob": {}})
    assert text.index("Rubric") < text.index("## ada") < text.index("> 20 dB") < text.index("(nothing)")


# ---------------------------------------------------------------- the wire


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, math.inf, "text", ..., (1, "a"), [1, (2,)], {"a": [1], 2: None}, np.float32(0.5)],
)
def test_values_travel(value):
    assert wire.unpack(json.loads(json.dumps(wire.pack(value, None))), None) == value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8, torch.bool, torch.int64])
def test_tensors_travel(dtype):
    tensor = (torch.rand(2, 0, 3) if dtype == torch.bool else 9 * torch.rand(2, 3)).to(dtype)
    given = wire.unpack(json.loads(json.dumps(wire.pack(tensor, None))), None)
    assert given.dtype == dtype
    assert torch.equal(given, tensor)


@pytest.mark.parametrize(
    "packed",
    [
        {"tensor": "", "dtype": "object", "shape": [0], "gradient": False},
        {"array": "AAAA", "dtype": "uint8", "shape": [-1, -3]},
        {"array": "AAAA", "dtype": "uint8", "shape": [10**9, 10**9]},
        {"array": "AAAA", "dtype": "uint8", "shape": "xyz"},
        {"dict": [[{"list": []}, 1]]},
        {"dict": 5},
    ],
)
def test_what_is_no_value_is_refused(packed):
    with pytest.raises(wire.WireError):
        wire.unpack(packed, None)


def test_frames():
    stream = io.BytesIO()
    wire.send(stream, {"a": 1})
    stream.seek(0)
    assert wire.receive(stream.read) == {"a": 1}
    with pytest.raises(EOFError):
        wire.receive(stream.read)
    for wrong in (b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\1{"):
        with pytest.raises(wire.WireError):
            wire.receive(io.BytesIO(wrong).read)


# ---------------------------------------------------------------- what lecturers are told


def test_lecturers_find_each_question_and_its_time():
    text = (MASTERS.parent / "lecturers.md").read_text(encoding="utf-8")
    total = re.findall(r"^\| ([\w-]+) \| .* \| (\d+) / (\d+) \|$", text, re.MULTILINE)
    for name, lab, homework in total:
        exercise = read(f"{name.lower().replace('-', '')}-homework")
        part = text.split(f"### {name[0].upper()}{name[1:]}\n")[1].split("##")[0]
        rows = re.findall(r"^\| (q\d+) (.*?)(, lab)? \| .*? \| [123] \| (\d+) \| ", part, re.MULTILINE)
        assert [(q.name, q.homework) for q in exercise.questions] == [(row[0], not row[2]) for row in rows]
        assert sum(int(row[3]) for row in rows) == int(homework), name
        assert sum(int(row[3]) for row in rows if row[2]) == int(lab), name
    assert len(total) == len(CHAPTERS)
