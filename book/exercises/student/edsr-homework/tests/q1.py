from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_first_look(ResidualBlock, torch):
    block = ResidualBlock(4, 0.5)
    names = sorted(block.state_dict())
    assert names, 'the block has no layers yet: fill in the dots and call them self.conv1 and self.conv2'
    wanted = ['conv1.bias', 'conv1.weight', 'conv2.bias', 'conv2.weight']
    assert names == wanted, f'conv1 and conv2 with biases are expected, there are {names}'
    x = torch.randn(1, 4, 7, 9)
    y = block(x)
    assert y is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert y.shape == x.shape, f'the size should stay, it became {tuple(y.shape)}'
    block = ResidualBlock(1, 0.5)
    values = {name: 0 * value for name, value in block.state_dict().items()}
    values['conv1.weight'][0, 0, 1, 1], values['conv2.weight'][0, 0, 1, 1] = (-1, -2)
    block.load_state_dict(values | {'conv2.bias': torch.ones(1)})
    given = [block(torch.full((1, 1, 3, 3), x))[0, 0, 1, 1].item() for x in (2.0, -2.0)]
    assert given == [2.5, -3.5], f'conv1(x) = -x and conv2(x) = 1 - 2x with a scaling of 0.5 take 2 to 2.5 and -2 to -3.5, yours {given}; 4.5 lacks the ReLU between, -1.5 has one before conv1, -2 after conv2, 0 after the sum; 3 lacks the scaling'

