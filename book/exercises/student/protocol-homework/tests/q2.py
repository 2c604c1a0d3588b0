from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_black_and_white(luma, torch):
    y = luma(torch.tensor([0.0, 1.0], dtype=torch.float64).expand(1, 3, 5, 2))
    assert y is not None, 'luma gives nothing back yet: replace the dots by your code'
    assert y.shape == (1, 1, 5, 2), f'one channel is expected, the shape is {tuple(y.shape)}'
    black, white = y[0, 0, 0].tolist()
    assert abs(black - 16 / 255) < 1e-06, f'black is 16/255 = 0.0627, yours is {black:.4f}'
    assert abs(white - 235 / 255) < 1e-06, f'white is 235/255 = 0.9216, yours is {white:.4f}'
    red = luma(torch.tensor([0.5, 0, 0], dtype=torch.float64).view(1, 3, 1, 1)).item()
    assert abs(red - 49 / 255) < 1e-06, f'red of one half has 48.74, rounded 49 of 255 grey levels, yours has {255 * red:.2f}'

