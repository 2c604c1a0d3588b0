from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_two_layers(parameters):
    value = parameters(2, 8)
    assert value is not None, 'parameters gives nothing back yet: replace the dots by your code'
    assert value == 153, f'two layers with 8 channels between have 80 + 73 numbers, yours says {value}'
    three = parameters(3, 8)
    assert three == 737, f'three layers have 80 + 584 + 73 numbers, yours says {three}'

