from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_a_tenth(psnr, np, torch):
    picture = torch.full((1, 1, 4, 6), 0.4, dtype=torch.float64)
    value = psnr(picture + 0.1, picture)
    assert value is not None, 'psnr gives nothing back yet: replace the dots by your code'
    assert isinstance(value, float | np.floating), f'psnr should give a float, not {value!r}; .item() makes one of a tensor of one number'
    assert abs(value - 20) < 0.0001, f'an error of 0.1 everywhere is 20 dB, yours says {value:.3f}'
    colour = picture.expand(1, 3, 4, 6)
    value = psnr(colour + torch.tensor([0.3, 0.1, 0.2]).reshape(1, 3, 1, 1), colour)
    assert abs(value - 13.31) < 0.01, f'errors of 0.3, 0.1 and 0.2 in three channels are 13.31 dB, yours says {value:.2f}: take one mean of all squared errors before the logarithm'
    same = psnr(picture, picture.clone())
    assert same == float('inf'), f'two equal pictures have math.inf dB, yours says {same}'

