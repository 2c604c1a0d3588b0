from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_two_pictures(two_means, torch):
    black = torch.zeros(1, 1, 4, 4)
    means = two_means([(black + 0.1, black), (black + 0.01, black)])
    assert means is not None, 'two_means gives nothing back yet: replace the dots by your code'
    assert isinstance(means, tuple) and len(means) == 2, f'a tuple of two is expected, not {means!r}'
    assert abs(means[0] - 30) < 0.001, f'20 dB and 40 dB have the mean 30, yours is {means[0]:.3f}'

