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

