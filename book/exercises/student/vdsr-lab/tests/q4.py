from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_a_few_numbers(clipped, torch):
    given = clipped(torch.tensor([-3.0, 0.05, 1.0]), 0.01, 0.1)
    assert given is not None, 'clipped gives nothing back yet: replace the dots by your code'
    wanted = torch.tensor([-0.1, 0.05, 0.1])
    assert given.shape == wanted.shape, 'the shape should stay'
    assert (given - wanted).abs().max() < 1e-06, f'-3, 0.05 and 1 become -0.1, 0.05 and 0.1, yours {given}'

