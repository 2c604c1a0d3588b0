from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_border(div2k_psnr, np, torch):
    clean = torch.full((1, 3, 40, 44), 0.4)
    x = torch.full((1, 3, 40, 44), 0.601)
    value = div2k_psnr(x, clean, 2)
    assert value is not None, 'div2k_psnr gives nothing back yet: replace the dots by your code'
    assert isinstance(value, float | np.floating), f'a float is expected, not {value!r}'
    assert abs(value - 13.979) < 0.01, f'0.601 for 0.4 is 13.98 dB after rounding, 13.94 without, yours {value:.2f}'
    x[..., :8] = x[..., :8, :] = 0
    assert abs(div2k_psnr(x, clean, 2) - value) < 0.0001, 'eight pixels on each side should not count at scale 2'

