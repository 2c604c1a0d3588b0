from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_changes_nothing(self_ensemble, photo, torch):
    seen = []
    result = self_ensemble(lambda x: seen.append(x) or x, photo)
    assert result is not None, 'self_ensemble gives nothing back yet: replace the dots by your code'
    assert len(seen) == 8, f'the network should see 8 pictures, it saw {len(seen)}'
    assert result.shape == photo.shape, f'the shape is {tuple(result.shape)}'
    assert (result - photo).abs().max() < 1e-06, 'a network that changes nothing should give the picture back: is every turn undone?'
    views, grid = ([], torch.arange(9, dtype=torch.float64).reshape(1, 1, 3, 3))
    self_ensemble(lambda x: views.append(x) or x, grid)
    different = {tuple(view.flatten().tolist()) for view in views}
    assert len(different) == 8, f'the eight pictures should all differ, of yours {len(different)} do: two flips are a half turn'
    corner = torch.tensor([[8, 0], [0, 0]], dtype=torch.float64)
    result = self_ensemble(lambda x: x + corner, torch.zeros(1, 1, 2, 2, dtype=torch.float64))
    assert (result - 2).abs().max() < 1e-06, f'a network that adds 8 to one corner should make 2 of each zero in 2x2 pixels, yours makes {result.flatten().tolist()}: turn each result back, and take the mean of eight'
    wide = photo[..., :40]
    assert self_ensemble(lambda x: x, wide).shape == wide.shape, 'a picture that is not square'

