from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_first_look(VDSR, photo, torch):
    network = VDSR(depth=4, width=6)
    state = network.state_dict()
    assert list(state), 'no parameters found: fill in the dots, and put the convolutions in an nn.ModuleList called self.layers (a Python list hides them)'
    wanted = [f'layers.{i}.{kind}' for i in range(4) for kind in ('weight', 'bias')]
    assert list(state) == wanted, f'four layers in self.layers, with biases, are expected, there are {list(state)}'
    shapes = [tuple(state[f'layers.{i}.weight'].shape) for i in range(4)]
    assert shapes == [(6, 1, 3, 3), (6, 6, 3, 3), (6, 6, 3, 3), (1, 6, 3, 3)], f'1, 6, 6, 6 and 1 channels are expected before, between and after, your weights have {shapes}'
    result = network(photo)
    assert result is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert result.shape == photo.shape, f'the size should stay, it became {tuple(result.shape)}'
    numbers = {name: torch.rand(value.shape) for name, value in state.items()}
    network.load_state_dict(numbers)
    loaded = network.state_dict()
    assert all(((loaded[name] - numbers[name]).abs().max() < 1e-06 for name in wanted)), 'every layer needs weights of its own: two of yours share them'
    network = VDSR(depth=3, width=1)
    numbers = {name: 0 * value for name, value in network.state_dict().items()}
    for layer, (weight, bias) in enumerate([(-1, 0), (-2, 1), (-2, 0)]):
        numbers[f'layers.{layer}.weight'][0, 0, 1, 1] = weight
        numbers[f'layers.{layer}.bias'][0] = bias
    network.load_state_dict(numbers)
    values = [network(torch.full((1, 1, 3, 3), x))[0, 0, 1, 1].item() for x in (2.0, -1.0)]
    assert values == [0, -1], f'layers that make -x, 1 - 2x and -2x of x should turn 2 and -1 into 0 and -1, yours {values}; -8 or 1 lack a ReLU, 2 has one after the last layer, a second 0 after the sum, -2 or 0 forget the input'

