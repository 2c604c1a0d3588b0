from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_border_is_cut(score, photo, np, torch):
    x = photo + 0.1 * torch.randn(photo.shape, dtype=photo.dtype)
    framed = torch.rand(photo.shape, dtype=photo.dtype)
    framed[..., 3:-3, 3:-3] = x[..., 3:-3, 3:-3]
    value = score(framed, photo, 3)
    assert value is not None, 'score gives nothing back yet: replace the dots by your code'
    assert isinstance(value, float | np.floating), f'score should give a float, not {value!r}'
    assert abs(value - score(x, photo, 3)) < 1e-09, 'what happens in the border should not matter'
    assert value != score(photo, photo, 3), 'what happens inside the border should matter'
    bright = score(1.7 * photo, photo, 3)
    assert abs(bright - 12.96) < 0.02, f'1.7 times as bright photo scores 12.96 dB, yours says {bright:.2f}; 12.40 lacks the clipping, 11.94 luma'

