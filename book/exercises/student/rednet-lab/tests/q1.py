from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_five(skips):
    value = skips(5)
    assert value is not None, 'skips gives nothing back yet: replace the dots by your code'
    pairs = [tuple(map(int, pair)) for pair in value]
    assert pairs == [(2, 3), (4, 1)], f'with five and five layers 2 joins 3 and 4 joins 1, yours {value}'
    four = [tuple(map(int, pair)) for pair in skips(4)]
    assert four == [(2, 2)], f'with four and four layers only 2 and 2 are joined, yours {four}'

