from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_first_look(RecursiveUnit, torch):
    unit = RecursiveUnit(4, 3)
    shapes = [tuple(value.shape) for value in unit.state_dict().values()]
    assert shapes, 'the unit has no layers yet: fill in the dots'
    assert sorted(shapes) == [(4,), (4,), (4, 4, 3, 3), (4, 4, 3, 3)], f'the same two convolutions of 3x3 with biases serve all recursions; the weights of yours have the shapes {shapes}'
    found = unit(torch.randn(1, 4, 5, 6))
    assert found is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert len(found) == 3, f'three recursions give three results, there are {len(found)}'
    assert found[0].shape == (1, 4, 5, 6), f'the size should stay, it became {tuple(found[0].shape)}'

    def steps(first, second):
        unit = RecursiveUnit(1, 3)
        values = {name: 0 * value for name, value in unit.state_dict().items()}
        weights = [name for name, value in values.items() if value.dim() == 4]
        biases = [name for name, value in values.items() if value.dim() == 1]
        values[weights[first]][0, 0, 1, 1], values[weights[second]][0, 0, 1, 1] = (-1, 1)
        unit.load_state_dict(values | {biases[second]: torch.ones(1)})
        return [[y[0, 0, 1, 1].item() for y in unit(torch.full((1, 1, 3, 3), x))] for x in (-2.0, 2.0)]
    given = steps(0, 1)
    assert [[-1, 0, 1], [3, 4, 5]] in (given, steps(1, 0)), f'conv1(x) = -x and conv2(x) = x + 1 take -2 to -1, 0, 1 and 2 to 3, 4, 5, yours {given}: what comes before either convolution, and what is added to what?'

