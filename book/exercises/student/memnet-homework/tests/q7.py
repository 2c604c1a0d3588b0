from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_two_groups(attention, torch):
    weight = torch.tensor([3.0, 4.0, 0.0, 1.0]).reshape(1, 4, 1, 1)
    norms = attention(weight, 2)
    assert norms is not None, 'attention gives nothing back yet: replace the dots by your code'
    assert len(norms) == 2, f'two groups of two channels have two norms, not {len(norms)}'
    assert abs(norms[0] - 1) + abs(norms[1] - 0.2) < 1e-05, f'the norms 5 and 1 become 1.0 and 0.2, yours {norms}'
    norms = attention(torch.tensor([[3.0, 1.0], [4.0, 0.0]]).reshape(2, 2, 1, 1), 1)
    assert abs(norms[1] - 0.2) < 1e-05, 'all weights that leave a group count, to whichever output'

