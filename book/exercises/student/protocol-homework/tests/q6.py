from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_two_pictures(two_means, np, torch):
    small, large = (torch.zeros(1, 1, side, side, dtype=torch.float64) for side in (4, 8))
    means = two_means([(small + 0.1, small), (large + 0.01, large)])
    assert means is not None, 'two_means gives nothing back yet: replace the dots by your code'
    assert isinstance(means, tuple) and len(means) == 2, f'a tuple of two is expected, not {means!r}'
    assert all((isinstance(mean, float | np.floating) for mean in means)), f'two floats are expected, not {means!r}'
    assert abs(means[0] - 30) < 0.001, f'20 dB and 40 dB have the mean 30, yours is {means[0]:.3f}'
    assert abs(means[1] - 26.82) < 0.01, f'16 pixels off by 0.1 and 64 off by 0.01 make 26.82 dB, yours says {means[1]:.2f}; every pixel should count the same'

