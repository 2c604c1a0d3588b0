from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_one_output(supervised, torch):
    loss = supervised([torch.ones(1, 1, 2, 2)], [3.0], torch.zeros(1, 1, 2, 2))
    assert loss is not None, 'supervised gives nothing back yet: replace the dots by your code'
    assert abs(float(loss) - 2.5) < 1e-06, f'(9 / 2 + 1 / 2) / 2 is 2.5, yours says {float(loss)}'

