from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_sharp(level, clip, torch):
    x = level(clip, 1)
    assert x is not None, 'level gives nothing back yet: replace the dots by your code'
    assert x.shape == (1, 3, 96, 96), f'the shape should be (1, 3, 96, 96), it is {tuple(x.shape)}'
    assert (x[0] - clip[6]).abs().max() < 1e-06, 'level 1 is the middle frame, number 6 of 0..12'
    squares = torch.arange(13.0).square().reshape(13, 1, 1, 1)
    three = level(squares, 3).item()
    assert abs(three - 110 / 3) < 0.001, f'level 3 of frames with the values 0, 1, 4, 9, ... is the mean of 25, 36, 49, yours {three:.3f}'
    short = level(squares[:5], 3).item()
    assert abs(short - 14 / 3) < 0.001, f'of the first five of them, it is the mean of 1, 4 and 9, yours {short:.3f}'

