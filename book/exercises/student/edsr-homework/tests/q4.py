from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_changes_nothing(wrapped, small, MEAN):
    worst = (wrapped(lambda x: x, small) - small).abs().max()
    assert worst < 1e-05, f'a network that changes nothing moves a channel by {worst:.4f}'
    worst = (wrapped(lambda x: x + 1, small) - small - 1).abs().max()
    assert worst < 1e-05, f'a network that adds 1 should make the picture plus 1, yours is off by {worst:.4f}'
    left = wrapped(lambda x: 0 * x, small)[0, :, 0, 0]
    assert (left - MEAN).abs().max() < 1e-05, f"a network that gives zero should leave each channel's mean, yours leaves {left.tolist()}"

