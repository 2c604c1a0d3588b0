from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_ends(rate):
    value = rate(0, 80, 0.1)
    assert value is not None, 'rate gives nothing back yet: replace the dots by your code'
    assert abs(value - 0.1) < 1e-09, f'the first rate is 0.1, yours says {value}'
    last = rate(79, 80, 0.1)
    assert abs(last - 0.0001) < 1e-09, f'after three falls 0.1 has become 0.0001, yours says {last}'

