from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_strength(noisy, photo, torch):
    before, state = (photo.clone(), torch.get_rng_state())
    x = noisy(photo, 25, 0)
    assert x is not None, 'noisy gives nothing back yet: replace the dots by your code'
    assert (photo - before).abs().max() == 0, '`clean` has got noise itself: += and functions with _ at the end write into what they are given'
    assert torch.equal(state, torch.get_rng_state()), 'draw from a generator of your own: torch.manual_seed and torch.randn without `generator` change the numbers that the rest of the notebook draws'
    assert x.shape == photo.shape, f'the size should stay, it became {tuple(x.shape)}'
    assert x.min() < 0, 'noise makes some dark pixels negative: do not clip'
    noise = 255 * (x - photo)
    assert 24 < noise.std() < 26, f'the noise should have 25 grey levels, it has {noise.std():.1f}'
    for one, other in ((noise[0, 0, 0], noise[0, 0, 1]), (noise[0, 0, :, 0], noise[0, 0, :, 1])):
        assert (one - other).abs().max() > 1, "every pixel needs noise of its own; draw it in clean's shape"
    assert noise.mean().abs() < 1.5, f'its mean should be about 0, it is {noise.mean():.1f}'
    assert (noisy(photo, 25, 0) - x).abs().max() < 1e-06, 'the same seed should give the same noise'
    assert (noisy(photo, 25, 1) - x).abs().max() > 0.1, 'another seed should give other noise'

