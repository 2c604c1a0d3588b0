from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_eighty_and_ten(rate):
    value = rate(0, 80, 0.1)
    assert value is not None, 'rate gives nothing back yet: replace the dots by your code'
    for step, wanted in ((0, 0.1), (19, 0.1), (20, 0.01), (39, 0.01), (40, 0.001), (60, 0.0001), (79, 0.0001)):
        value = rate(step, 80, 0.1)
        assert abs(value / wanted - 1) < 1e-06, f'of 80 updates that begin with 0.1, number {step} has the rate {wanted:g}, yours {value:g}'
    falls = [step for step in range(1, 10) if rate(step, 10, 1) < 0.5 * rate(step - 1, 10, 1)]
    assert falls == [3, 5, 8], f'of 10 updates, those with the numbers 3, 5 and 8 are the first at a lower rate, yours {falls}'

