from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_a_half(fold, torch):
    weight, bias = (torch.ones(2, 2, 3, 3), torch.ones(2))
    folded = fold(weight, bias, 0.5)
    assert folded is not None, 'fold gives nothing back yet: replace the dots by your code'
    assert isinstance(folded, tuple), f'a tuple of weight and bias is expected, not {type(folded).__name__}'
    assert len(folded) == 2, f'a tuple of two is expected, not of {len(folded)}'
    assert folded[0].shape == weight.shape and folded[1].shape == bias.shape, 'the shapes should stay'
    assert folded[0].min() == folded[0].max() == 0.5, 'weights of 1 with a scaling of 0.5 become 0.5'
    assert folded[1].min() == folded[1].max() == 0.5, 'and so do biases'
    assert weight.min() == bias.min() == 1, 'the given weight or bias has changed: *= and functions with _ at the end write into what they are given'

