"""A right answer keeps its marks, whatever its style; what is slow or dies costs its question only."""

import json

import pytest
from handed_in import changed, code, marked, most, right_answers, solved, wrong_answers
from pace import PATIENCE

from grading import judge, link
from grading.master import CHAPTERS, read

__all__ = ["marked"]  # a fixture

LAB = "protocol-lab"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_solutions_in_a_students_copy_get_full_marks_without_a_remark(marked, chapter):
    """Also if later cells give the functions' names to something else."""
    exercise = f"{chapter}-homework"
    names = {name for q in read(exercise).questions for t in q.tests for name in arguments(t)}
    tested = sorted(names - set(read(exercise).provided()))
    verdict = marked(exercise, solved(exercise, {}, end=[" = ".join([*tested, "0"])]))
    assert (verdict.marks, verdict.remarks) == (most(exercise), [])


def arguments(test):
    head = test.source[test.source.index("(") + 1 :]
    return [name.strip() for name in head[: head.index(")")].split(",")]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_second_style_gets_full_marks_in_every_question(marked, chapter):
    exercise, answers = f"{chapter}-homework", right_answers(chapter)
    assert set(answers) == set(most(exercise))
    verdict = marked(exercise, solved(exercise, answers))
    assert (verdict.marks, verdict.remarks) == (most(exercise), [])


RIGHT = {
    "a % on a continued line": (
        LAB,
        "q1",
        'def psnr(restored, clean):\n    print("%d"\n          % 2)\n'
        "    error = (restored - clean).square().mean()\n"
        "    return -10 * math.log10(error) if error else math.inf",
    ),
    "timed": (
        LAB,
        "q1",
        "taken = %timeit -n 3 -o 1 + 1\nassert taken.best > 0\n"
        "def psnr(x, y):\n    error = ((x - y) ** 2).mean()\n"
        "    return float(-10 * np.log10(error)) if error else np.inf\npsnr?",
    ),
    "float64 inside": (
        "protocol-homework",
        "q7",
        "def self_ensemble(network, x):\n    mean = torch.zeros(x.shape, dtype=torch.float64)\n"
        "    for k in range(4):\n        mean += network(x.rot90(k, (2, 3))).rot90(-k, (2, 3)) / 8\n"
        "        y = network(x.flip(3).rot90(k, (2, 3)))\n        mean += y.rot90(-k, (2, 3)).flip(3) / 8\n"
        "    return mean",
    ),
    "arguments by their names": (
        "mtrnn-lab",
        "q3",
        "def deblur(network, blurry, iterations):\n    found, memory = [blurry], None\n"
        "    for _ in range(iterations):\n"
        "        change, memory = network(features=memory, x=torch.cat([blurry, found[-1]], 1))\n"
        "        found.append(blurry + change)\n    return found[1:]",
    ),
    "numpy's integers": (
        "mtrnn-lab",
        "q2",
        "def targets(a, n): return np.maximum(a - 2 * np.arange(1, n + 1), 1)",
    ),
    "a tensor of pairs": (
        "rednet-lab",
        "q1",
        "def skips(n):\n    i = torch.arange(2, n, 2)\n    return torch.stack([i, n - i], 1)",
    ),
    "a number from a tensor": (
        "rednet-homework",
        "q6",
        "def noise_psnr(s): return 20 * torch.log10(torch.tensor(255 / s))",
    ),
    "compiled by torch": (
        "vdsr-lab",
        "q4",
        "@torch.jit.script\ndef clipped(gradient: torch.Tensor, theta: float, rate: float) -> torch.Tensor:\n"
        "    return torch.clamp(gradient, -theta / rate, theta / rate)",
    ),
    "parts of other names, the second written first": (
        "memnet-lab",
        "q2",
        "class RecursiveUnit(nn.Module):\n    def __init__(self, width, recursions):\n"
        "        super().__init__()\n"
        "        self.out, self.into = (nn.Conv2d(width, width, 3, padding=1) for _ in 'ab')\n"
        "        self.many = recursions\n    def forward(self, x):\n        found = [x]\n"
        "        for _ in range(self.many):\n"
        "            found.append(found[-1] + self.out(self.into(found[-1].relu()).relu()))\n"
        "        return found[1:]",
    ),
    "a block in a module of its own, its last convolution written first": (
        "mtrnn-homework",
        "q6",
        "class Block(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.last, self.first = (nn.Conv2d(n, n, 3, 1, 1) for _ in 'ab')\n"
        "    def forward(self, x):\n        return x + self.last(F.leaky_relu(self.first(x), 0.1))\n"
        "class Entrance(nn.Sequential):\n    def __init__(self, width):\n"
        "        super().__init__(nn.Conv2d(6, width, 3, padding='same'), Block(width))\n"
        "    def forward(self, blurry, last):\n        return super().forward(torch.hstack([blurry, last]))",
    ),
    "sizes as an array": (
        "memnet-homework",
        "q7",
        "def attention(weight, width):\n    w = weight.numpy().reshape(len(weight), -1, width)\n"
        "    norms = np.sqrt((w**2).sum((0, 2)))\n    return norms / norms.max()",
    ),
    "weights of float64": (
        "edsr-homework",
        "q6",
        "def fold(weight, bias, scaling): return scaling * weight.double(), scaling * bias.double()",
    ),
}


@pytest.mark.parametrize("style", RIGHT)
def test_a_right_answer_keeps_its_marks(marked, style):
    exercise, question, answer = RIGHT[style]
    verdict = marked(exercise, solved(exercise, {question: answer}))
    assert (verdict.marks, verdict.remarks) == (most(exercise), [])


WRONG = {
    "protocol-homework": {"q1": "a tensor", "q6": "a list", "q7": "two flips and half turns"},
    "vdsr-homework": {"q1": "a float", "q3": "no ReLU", "q6": "the inputs only"},
    "rednet-homework": {"q2": "in place", "q4": "skips from before the ReLU", "q7": "one generator for all"},
    "rednet-lab": {"q2": "the seed of everybody"},
    "edsr-homework": {"q1": "ReLU first", "q6": "the bias in place", "q7": "not clipped"},
    "memnet-homework": {"q2": "one ReLU", "q3": "the bias forgotten", "q6": "detached"},
    "mtrnn-homework": {
        "q4": "waits after each step",
        "q6": "added for joining",
        "q7": "the losses as floats",
    },
}


@pytest.mark.parametrize("exercise", WRONG)
def test_a_wrong_answer_gets_the_same_from_afar(marked, exercise):
    """What a test can see in the notebook, as a change in place, it sees from outside of it, too."""
    wrong, answers, marks = wrong_answers(exercise.split("-")[0]), {}, most(exercise)
    for question in read(exercise).questions:
        for answer in wrong.get(question.name, ()):
            if answer["wrong"] == WRONG[exercise].get(question.name):
                answers[question.name] = changed(question.solution, answer)
                marks[question.name] = answer["points"]
    verdict = marked(exercise, solved(exercise, answers))
    assert verdict.marks == marks
    assert {remark.split(":")[0] for remark in verdict.remarks} == set(WRONG[exercise])


NAN = """
nan = float("nan")
psnr = score = psnr_8bit = lambda *_: nan
luma = lambda rgb: torch.full((1, 1, *rgb.shape[-2:]), nan, dtype=torch.float64)
two_means = lambda _: (nan, nan)
def self_ensemble(network, x):
    for dims in ([], [-1], [-2], [-1, -2]):
        network(x.flip(dims)), network(x.flip(dims).transpose(-1, -2))
    return x * nan
"""


def test_nan_gets_nothing(marked):
    exercise = "protocol-homework"
    verdict = marked(exercise, solved(exercise, dict.fromkeys(most(exercise), NAN)))
    assert set(verdict.marks.values()) == {0.0}
    assert any("NaN" in remark for remark in verdict.remarks)


def test_a_function_below_its_check_is_found(marked):
    solution = read(LAB).questions[0].solution
    verdict = marked(LAB, solved(LAB, {"q1": "psnr = None"}, end=[solution]))
    assert (verdict.marks, verdict.remarks) == (most(LAB), [])


def test_a_notebook_with_large_figures_is_read(tmp_path):
    figure = {"output_type": "display_data", "data": {"image/png": "A" * 50_000_000}, "metadata": {}}
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps({"cells": [code("x = 1") | {"outputs": [figure]}]}))
    assert judge.load(path)["cells"][0]["source"] == "x = 1"


# ---------------------------------------------------------------- slow, endless, dead

SHORT = {"step": 4 * PATIENCE, "limit": 10 * PATIENCE}
SLEEP = "import time\ntime.sleep(10**6)"
SWALLOWED = """
import time
for rate in range(50):
    try:
        time.sleep(10**6)
    except {kind}:
        pass
"""
DEAF = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
ENDLESS = """
def deblur(network, blurry, iterations):
    features, last = None, blurry
    while True:
        correction, features = network(torch.cat([blurry, last], 1), features)
"""
TOO_MUCH = "def psnr(restored, clean): return torch.zeros(3 * 10**7)"
NO_SHAPE = """
import wire
pack = wire.pack
wire.pack = lambda value, name: (
    pack(value, name) if value is not None else {"array": "", "dtype": "uint8", "shape": [10**30, 0]}
)
def psnr(restored, clean): return None
"""


def less(exercise, question):
    """All marks but those of a question."""
    return most(exercise) | {question: 0.0}


@pytest.mark.parametrize("kind", ["Exception", "BaseException"])
def test_what_runs_for_too_long_is_broken_off_whatever_it_catches(marked, kind):
    verdict = marked(LAB, solved(LAB, {}, end=[SWALLOWED.format(kind=kind)]), **SHORT)
    assert verdict.marks == most(LAB)
    assert [remark.split(": ", 1)[1][:21] for remark in verdict.remarks] == ["TimeoutError: stopped"]


def test_long_cells_take_the_time_of_their_own_question(marked):
    verdict = marked(LAB, solved(LAB, {}, begin=[SLEEP] * 16), **SHORT)
    assert verdict.marks == most(LAB)
    assert [remark for remark in verdict.remarks if "is used up" in remark]


def test_an_endless_loop_around_a_given_function_shifts_no_answer(marked):
    verdict = marked("mtrnn-lab", solved("mtrnn-lab", {"q3": ENDLESS}), **SHORT)
    assert verdict.marks == less("mtrnn-lab", "q3")
    assert all(remark.startswith("q3: ") for remark in verdict.remarks)


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        (DEAF, "did not stop"),
        ("import os\nos._exit(0)", "ended by itself"),
        ("import os\ndef psnr(restored, clean): os._exit(0)", "ended by itself"),
        (TOO_MUCH, "bytes"),
        (NO_SHAPE, "a value of no known kind"),
    ],
)
def test_what_ends_the_worker_costs_its_own_question(marked, monkeypatch, answer, remark):
    monkeypatch.setattr(link, "GRACE", 2.0 * PATIENCE)
    verdict = marked(LAB, solved(LAB, {"q1": answer}), **SHORT)
    assert verdict.marks == less(LAB, "q1")
    assert any(remark in line for line in verdict.remarks), verdict.remarks
