from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_one_output(supervised, torch):
    one = torch.ones(1, 1, 2, 2, requires_grad=True)
    loss = supervised([one], [3.0], torch.zeros(1, 1, 2, 2))
    assert loss is not None, 'supervised gives nothing back yet: replace the dots by your code'
    assert isinstance(loss, torch.Tensor), f'a tensor of one number is expected, not {loss!r}'
    assert loss.requires_grad, 'the loss has no gradient, so no network can learn from it: leave out detach, item, data and numpy'
    assert abs(loss.item() - 2.5) < 1e-06, f'(9 / 2 + 1 / 2) / 2 is 2.5, yours says {loss.item()}'
    ones = torch.ones(1, 1, 2, 2)
    loss = float(supervised([ones, 3 * ones], [1, 0.5], 0 * ones))
    assert abs(loss - 2.7083) < 0.001, f'1 and 3 with the weights 1 and 0.5: 3.125 / 3 + (0.5 + 4.5) / 3 is 2.7083, yours {loss:.4f}'

