from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_strength(noisy, photo):
    x = noisy(photo, 25, 0)
    assert x is not None, 'noisy gives nothing back yet: replace the dots by your code'
    assert x.shape == photo.shape, f'the size should stay, it became {tuple(x.shape)}'
    assert x.min() < 0, 'noise makes some dark pixels negative: do not clip'
    sigma = 255 * (x - photo).std().item()
    assert 24 < sigma < 26, f'the noise should have 25 grey levels, it has {sigma:.1f}'

