from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=0, hidden=False)
def test_four_channels(shuffle, torch):
    y = shuffle(torch.arange(4.0).reshape(1, 4, 1, 1), 2)
    assert y is not None, 'shuffle gives nothing back yet: replace the dots by your code'
    assert y.shape == (1, 1, 2, 2), f'four channels of one pixel become 2x2 pixels, not {tuple(y.shape)}'
    assert y.flatten().tolist() == [0, 1, 2, 3], f'read row by row they are 0 1 2 3, yours {y.flatten().tolist()}'
    y = shuffle(torch.arange(9.0).reshape(1, 9, 1, 1), 3)
    assert y.flatten().tolist() == list(range(9)), f'nine channels of one pixel become 3x3 pixels, 0 to 8 row by row, yours {y.flatten().tolist()}'
    y = shuffle(torch.arange(16.0).reshape(1, 8, 1, 2), 2).flatten().tolist()
    assert y == [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15], f'eight channels of 1x2 pixels, filled with 0 to 15, begin with 0 2 1 3 4 6 5 7, yours {y[:8]}'

