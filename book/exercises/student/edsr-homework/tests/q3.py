from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_no_blocks(parameters):
    value = parameters(0, 1)
    assert value is not None, 'parameters gives nothing back yet: replace the dots by your code'
    assert value == 108, f'without blocks and with one channel there are 28 + 10 + 40 + 30 numbers, yours {value}'
    more = parameters(1, 1) - value
    assert more == 20, f'a block of one channel adds 2 * 10 numbers, yours {more}'

