"""A right answer keeps its marks, whatever its style; what is slow or dies costs its question only."""

import json

import pytest
from handed_in import code, marked, most, solved

from grading import judge
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


def test_a_function_below_its_check_is_found(marked):
    solution = read(LAB).questions[0].solution
    verdict = marked(LAB, solved(LAB, {"q1": "psnr = None"}, end=[solution]))
    assert (verdict.marks, verdict.remarks) == (most(LAB), [])


def test_a_notebook_with_large_figures_is_read(tmp_path):
    figure = {"output_type": "display_data", "data": {"image/png": "A" * 50_000_000}, "metadata": {}}
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps({"cells": [code("x = 1") | {"outputs": [figure]}]}))
    assert judge.load(path)["cells"][0]["source"] == "x = 1"
