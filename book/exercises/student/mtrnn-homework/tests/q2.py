from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_seven(targets):
    value = targets(7, 5)
    assert value is not None, 'targets gives nothing back yet: replace the dots by your code'
    assert [int(level) for level in value] == [5, 3, 1, 1, 1], f'from level 7 the targets are 5, 3, 1, 1, 1, yours {value}'

