from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_changes_nothing(self_ensemble, photo):
    seen = []
    result = self_ensemble(lambda x: seen.append(x) or x, photo)
    assert result is not None, 'self_ensemble gives nothing back yet: replace the dots by your code'
    assert len(seen) == 8, f'the network should see 8 pictures, it saw {len(seen)}'
    assert result.shape == photo.shape, f'the shape is {tuple(result.shape)}'
    assert (result - photo).abs().max() < 1e-06, 'a network that changes nothing should give the picture back: is every turn undone?'
    wide = photo[..., :40]
    assert self_ensemble(lambda x: x, wide).shape == wide.shape, 'a picture that is not square'

