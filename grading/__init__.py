"""Hands out and grades the exercises in book/exercises: `python -m grading --help`.

A master notebook holds questions, solutions and tests. `build` makes the student copies from it, with
otter-grader. `grade` runs each submission in a confined process of its own (`worker`), while the tests run
outside of it (`judge`) and see nothing of the submission but the values its functions give back.
"""
