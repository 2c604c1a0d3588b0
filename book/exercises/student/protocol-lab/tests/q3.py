from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_border_is_cut(score, photo, np, torch):
    x = photo + 0.1 * torch.randn(photo.shape, dtype=photo.dtype)
    value = score(x, photo, 3)
    assert value is not None, 'score gives nothing back yet: replace the dots by your code'
    assert isinstance(value, float | np.floating), f'score should give a float, not {value!r}'
    for scale in (2, 3):
        framed = torch.rand(photo.shape, dtype=photo.dtype)
        framed[..., scale:-scale, scale:-scale] = x[..., scale:-scale, scale:-scale]
        off = abs(score(framed, photo, scale) - score(x, photo, scale))
        assert off < 1e-09, f'at x{scale}, the outer {scale} pixels of all four sides should not matter'
        framed[..., scale, scale:-scale] = 1 - photo[..., scale, scale:-scale]
        off = abs(score(framed, photo, scale) - score(x, photo, scale))
        assert off > 0.001, f'at x{scale}, row number {scale} (from 0) should matter'
    bright = score(1.7 * photo, photo, 3)
    assert abs(bright - 12.96) < 0.02, f'1.7 times as bright photo scores 12.96 dB, yours says {bright:.2f}; 12.40 lacks the clipping, 11.94 luma'
    grey = torch.full((1, 3, 12, 12), 100.4 / 255, dtype=torch.float64)
    value, whole = (score(grey + 0.2 / 255, grey, 3), score(grey + 0.6 / 255, grey, 3))
    assert abs(value - whole) < 1e-09, f'100.6 and 101 grey levels are the same when rounded to 8 bits, yours scores {value:.2f} and {whole:.2f}'

