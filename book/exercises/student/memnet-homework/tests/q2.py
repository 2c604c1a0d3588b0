from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_first_look(RecursiveUnit, torch):
    unit = RecursiveUnit(4, 3)
    names = sorted(unit.state_dict())
    assert names, 'the unit has no layers yet: fill in the dots and call them self.conv1 and self.conv2'
    wanted = ['conv1.bias', 'conv1.weight', 'conv2.bias', 'conv2.weight']
    assert names == wanted, f'two convolutions serve all recursions, there are {names}'
    found = unit(torch.randn(1, 4, 5, 6))
    assert found is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert len(found) == 3, f'three recursions give three results, there are {len(found)}'
    unit = RecursiveUnit(1, 3)
    values = {name: 0 * value for name, value in unit.state_dict().items()}
    values['conv1.weight'][0, 0, 1, 1], values['conv2.weight'][0, 0, 1, 1] = (-1, 1)
    unit.load_state_dict(values | {'conv2.bias': torch.ones(1)})
    given = [y[0, 0, 1, 1].item() for y in unit(torch.full((1, 1, 3, 3), -2.0))]
    assert given == [-1, 0, 1], f'conv1(x) = -x and conv2(x) = x + 1 take -2 to -1, 0, 1, yours {given}: what comes before conv1, and what is added to what?'

