from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_first_look(Entrance, clip, torch):
    entrance = Entrance(4)
    state = entrance.state_dict()
    names = sorted(state)
    assert names, 'the module has no layers yet: fill in the dots'
    wanted = [f'{layer}.{kind}' for layer in ('conv1_1', 'conv_a', 'conv_b') for kind in ('bias', 'weight')]
    assert names == wanted, f'conv1_1, conv_a and conv_b with biases are expected, there are {names}'
    shape = tuple(state['conv1_1.weight'].shape)
    assert shape == (4, 6, 3, 3), f'conv1_1 takes the two pictures joined, six channels; its weight should be (4, 6, 3, 3), it is {shape}'
    y = entrance(clip[:1], clip[1:2])
    assert y is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert y.shape == (1, 4, 96, 96), f'the shape should be (1, 4, 96, 96), it is {tuple(y.shape)}'
    entrance = Entrance(1)
    values = {name: 0 * value for name, value in entrance.state_dict().items()}
    values['conv1_1.weight'][0, 0, 1, 1], values['conv1_1.weight'][0, 3, 1, 1] = (1, 10)
    values['conv_a.weight'][0, 0, 1, 1], values['conv_b.weight'][0, 0, 1, 1] = (-1, 2)
    entrance.load_state_dict(values | {'conv_b.bias': torch.full((1,), -50.0)})
    one = torch.ones(1, 3, 3, 3)
    given = [round(entrance(k * one, 2 * k * one)[0, 0, 1, 1].item(), 2) for k in (1, -1)]
    assert given == [-33.2, -29], f'with conv1_1 = photograph + 10 last, conv_a(x) = -x and conv_b(x) = 2x - 50, the photograph 1 and the last result 2 make -33.2, and -1 and -2 make -29; yours {given}: look at what is joined first, at the slope, and at what the leaky ReLU follows'

