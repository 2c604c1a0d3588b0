from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_a_tenth(psnr, torch):
    value = psnr(torch.full((1, 1, 4, 6), 0.5), torch.full((1, 1, 4, 6), 0.4))
    assert value is not None, 'psnr gives nothing back yet: replace the dots by your code'
    assert isinstance(value, float), f'psnr should give a float, not {value!r}'
    assert abs(value - 20) < 0.0001, f'an error of 0.1 everywhere is 20 dB, yours says {value:.3f}'
    same = psnr(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
    assert same == float('inf'), f'two equal pictures have math.inf dB, yours says {same}'

