from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_first_look(VDSR, photo):
    network = VDSR(depth=4, width=6)
    names = list(network.state_dict())
    assert names, 'no parameters found: fill in the dots, and put the convolutions in an nn.ModuleList called self.layers (a Python list hides them)'
    wanted = [f'layers.{i}.{kind}' for i in range(4) for kind in ('weight', 'bias')]
    assert names == wanted, f'four layers in self.layers are expected, there are {names}'
    result = network(photo)
    assert result is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert result.shape == photo.shape, f'the size should stay, it became {tuple(result.shape)}'
    network.load_state_dict({name: 0 * weight for name, weight in network.state_dict().items()})
    assert (network(photo) - photo).abs().max() < 1e-06, 'with all weights and biases at zero the network should give back its input'

