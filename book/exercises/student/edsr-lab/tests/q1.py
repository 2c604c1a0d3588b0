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
    values = {name: 0 * value for name, value in block.state_dict().items()}
    block.load_state_dict(values | {'conv2.bias': torch.ones(4)})
    value = block(-torch.ones(1, 4, 2, 2)).flatten()[0].item()
    assert value == -0.5, f'-1 and half of a branch that gives 1 make -0.5, yours {value}; 0 has forgotten the scaling, or has a ReLU after the sum'

