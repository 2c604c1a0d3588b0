"""Submissions for the tests of marking, and a worker that starts at once because torch is there already."""

import json
import os
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
import torch
from pace import PATIENCE

from grading import judge, walls
from grading.build import STUDENT
from grading.judge import CHECK
from grading.master import MASTERS, read


class ForkedWorker:
    """A worker without walls, forked from the test; it looks like `subprocess.Popen` to the judge."""

    def __init__(self, folder: Path, confinement: str):
        theirs, self.stdin = (
            os.fdopen(end, mode, 0) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True)
        )
        self.stdout, answers = (
            os.fdopen(end, mode, 0) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True)
        )
        with warnings.catch_warnings():  # of fork beside threads: the child uses none of them
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            self.become_worker(folder, theirs.fileno(), answers.fileno())
        theirs.close()
        answers.close()

    def become_worker(self, folder: Path, source: int, sink: int) -> None:
        try:
            os.setsid()
            warnings.simplefilter("ignore")  # pytest makes errors of them
            torch.set_num_threads(1)  # the threads of the test are not there after a fork
            for pipe in (self.stdin, self.stdout):
                pipe.close()
            os.dup2(source, 0)
            os.dup2(sink, 1)
            os.chdir(folder)
            sys.path.insert(0, str(Path(walls.__file__).parent))
            sys.argv = ["worker.py", "60000"]  # megabytes: the tests' own are in it
            import worker

            worker.main()
        finally:
            os._exit(0)

    def wait(self) -> None:
        os.waitpid(self.pid, 0)


def wrong_answers(chapter):
    path = MASTERS / "wrong" / f"{chapter}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def right_answers(chapter):
    path = MASTERS / "right" / f"{chapter}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def changed(solution, answer):
    """A solution with the mistake that `answer` describes."""
    if "old" not in answer:
        return answer["new"]
    assert solution.count(answer["old"]) == 1, f"not once in the solution: {answer['old']}"
    return solution.replace(answer["old"], answer["new"])


def code(source: str) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def solved(exercise: str, answers: dict[str, str], begin=(), end=()) -> dict:
    """The student's copy with an answer above each check: the one in `answers`, or the solution."""
    path = STUDENT / exercise / f"{exercise}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    solutions = {question.name: question.solution for question in read(exercise).questions} | answers
    cells = [code(source) for source in begin]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (found := CHECK.search("".join(cell["source"]))):
            cells.append(code(solutions[found[1]]))
        cells.append(cell)
    return notebook | {"cells": [*cells, *(code(source) for source in end)]}


@pytest.fixture
def marked(monkeypatch, tmp_path):
    """`marked(exercise, notebook)`: the verdict on a notebook, marked without walls."""
    monkeypatch.setattr(walls, "start", ForkedWorker)
    monkeypatch.setattr(judge.resource, "setrlimit", lambda *_: None)

    def give(exercise: str, notebook: dict, step: float = 20 * PATIENCE, limit: float = 120 * PATIENCE):
        path = tmp_path / "submission.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return judge.mark(exercise, path, 5, step, limit, "none")

    return give


def most(exercise: str) -> dict[str, float]:
    """All marks that can be had."""
    return {question.name: question.worth for question in read(exercise).questions if not question.manual}
