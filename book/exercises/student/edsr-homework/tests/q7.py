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
    for scale in (2, 4):
        cut = scale + 6
        framed = torch.zeros(1, 3, 40, 44)
        framed[..., cut:-cut, cut:-cut] = x[..., cut:-cut, cut:-cut]
        off = abs(div2k_psnr(framed, clean, scale) - value)
        assert off < 0.001, f'{cut} pixels on each side should not count at scale {scale}'
        framed[..., cut, cut:-cut] = 0.4
        off = abs(div2k_psnr(framed, clean, scale) - value)
        assert off > 0.1, f'all pixels that are further inside should count at scale {scale}'
    x = clean.clone()
    x[:, 0] += 0.2
    value = div2k_psnr(x, clean, 2)
    assert abs(value - 18.751) < 0.01, f'an error of 0.2 in red alone is 18.75 dB over RGB, yours says {value:.2f}'
    value = div2k_psnr(clean + 0.9, clean + 0.4, 2)
    assert abs(value - 13.979) < 0.01, f'1.3 for 0.8 is 13.98 dB when 1.3 is clipped to 1, yours says {value:.2f}'

