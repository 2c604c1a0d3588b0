"""The exercises: solutions, empty copies, typical wrong answers, and submissions that mean harm."""

import tomllib

import pytest

from tools.exercises import judge
from tools.exercises.master import CHAPTERS, MASTERS, Exercise, Question, read

SEEDS = (1, 2)


def wrong_answers(chapter):
    path = MASTERS / "wrong" / f"{chapter}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def changed(solution, answer):
    """A solution with the mistake that `answer` describes."""
    if "old" not in answer:
        return answer["new"]
    assert solution.count(answer["old"]) == 1, f"not once in the solution: {answer['old']}"
    return solution.replace(answer["old"], answer["new"])


def names_of(exercise: Exercise, answers: dict[str, str]) -> dict:
    """What a notebook with these answers defines; the solution stands in for the others."""
    names: dict = {}
    for cell in exercise.cells:
        source = answers.get(cell.name, cell.solution) if isinstance(cell, Question) else cell
        if not (isinstance(cell, Question) and cell.manual):
            exec(compile(source, exercise.name, "exec"), names)
    return names


def points_of(question, exercise, names, seed):
    def get(name):
        if name not in names:
            raise NameError(f"{name} is not defined")
        return names[name]

    remarks = []
    return judge.mark_question(question, exercise.provided(), get, seed, remarks), remarks


@pytest.fixture(scope="module", params=CHAPTERS)
def exercise(request):
    return read(f"{request.param}-homework")


def test_shape_of_an_exercise(exercise):
    names = [question.name for question in exercise.questions]
    assert names == [f"q{number}" for number in range(1, len(names) + 1)]
    assert 5 <= len(names) <= 8
    assert sum(question.manual for question in exercise.questions) in (1, 2)
    assert 4 <= len([question for question in exercise.questions if not question.homework]) < len(names)
    for question in exercise.questions:
        hidden = [test.hidden for test in question.tests]
        assert question.manual or (False in hidden and True in hidden), question.name
        assert not question.manual or "Rubric" in question.solution


@pytest.mark.parametrize("seed", SEEDS)
def test_solutions_get_full_marks(exercise, seed):
    names = names_of(exercise, {})
    for question in exercise.questions:
        if not question.manual:
            assert points_of(question, exercise, names, seed) == (question.worth, [])


def test_every_wrong_answer_gets_what_it_should(exercise):
    wrong = wrong_answers(exercise.name.split("-")[0])
    for question in exercise.questions:
        if question.manual:
            continue
        assert len(wrong[question.name]) >= 3, question.name
        for answer in wrong[question.name]:
            names = names_of(exercise, {question.name: changed(question.solution, answer)})
            for seed in SEEDS:
                points, remarks = points_of(question, exercise, names, seed)
                about = f"{question.name}, {answer['wrong']}: {remarks}"
                assert points == answer["points"] < question.worth, about
                assert remarks, about
