from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_paper(gate, gate_channels, torch):
    value = gate_channels(6, 6, 64)
    assert value is not None, 'gate_channels gives nothing back yet: replace the dots by your code'
    assert value == 768, f'the last gate of the paper takes 12 times 64 channels, yours says {value}'
    ones = torch.ones(1, 1, 2, 2)
    y = gate([ones], [5 * ones], torch.tensor([1.0, 0.0]).reshape(1, 2, 1, 1), torch.zeros(1))
    assert y is not None, 'gate gives nothing back yet: replace the dots by your code'
    assert y.flatten()[0] == 1, "the first channel should be the long-term memory's"
    small = gate_channels(2, 3, 4)
    assert small == 20, f'gate 2 of three recursions and width 4 takes 5 times 4 channels, not {small}'
    y = gate([-ones], [ones], torch.tensor([1.0, 0.0]).reshape(1, 2, 1, 1), torch.zeros(1))
    assert y.flatten()[0] == -1, 'the convolution is all: nothing is rectified'
    long, short = ([ones, 2 * ones], [4 * ones])
    y = gate(long, short, torch.tensor([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1), torch.full((1,), 0.5))
    assert y.flatten()[0] == 421.5, f'1, 2 and 4 with the weights 1, 10, 100 and a bias of 0.5 make 421.5, yours {y.flatten()[0]}'

