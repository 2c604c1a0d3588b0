from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_first_look(Entrance, clip):
    entrance = Entrance(4)
    names = sorted(entrance.state_dict())
    assert names, 'the module has no layers yet: fill in the dots'
    wanted = [f'{layer}.{kind}' for layer in ('conv1_1', 'conv_a', 'conv_b') for kind in ('bias', 'weight')]
    assert names == wanted, f'conv1_1, conv_a and conv_b with biases are expected, there are {names}'
    y = entrance(clip[:1], clip[1:2])
    assert y is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert y.shape == (1, 4, 96, 96), f'the shape should be (1, 4, 96, 96), it is {tuple(y.shape)}'

