from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_shape(as_convolution, torch, F):
    weight, x = (torch.rand(2, 5, 3, 3), torch.rand(1, 2, 6, 7))
    w = as_convolution(weight)
    assert w is not None, 'as_convolution gives nothing back yet: replace the dots by your code'
    assert w.shape == (5, 2, 3, 3), f'the shape should be (5, 2, 3, 3), it is {tuple(w.shape)}'
    worst = (F.conv2d(x, w, padding=1) - F.conv_transpose2d(x, weight, padding=1)).abs().max()
    assert worst < 0.0001, f'the two results differ by {worst:.2f}: what else has to be turned round?'

