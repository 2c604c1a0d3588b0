from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_changes_nothing(self_ensemble, photo):
    result = self_ensemble(lambda x: x, photo[..., :40])
    assert result is not None, 'self_ensemble gives nothing back yet: replace the dots by your code'
    assert result.shape == photo[..., :40].shape, f'the shape is {tuple(result.shape)}'
    assert (result - photo[..., :40]).abs().max() < 1e-06, 'a network that changes nothing should give the picture back: is every turn undone?'

