from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_shape(as_convolution, torch):
    w = as_convolution(torch.rand(2, 5, 3, 3))
    assert w is not None, 'as_convolution gives nothing back yet: replace the dots by your code'
    assert w.shape == (5, 2, 3, 3), f'the shape should be (5, 2, 3, 3), it is {tuple(w.shape)}'

