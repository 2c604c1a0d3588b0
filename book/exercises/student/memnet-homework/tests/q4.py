from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_main_network(weights):
    value = weights(6, 6, 64)
    assert value == 676992, f'six blocks, six recursions, 64 channels have 676,992 weights, yours {value:,}'

