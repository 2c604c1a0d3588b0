from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_m6r6(depth):
    value = depth(6, 6)
    assert value is not None, 'depth gives nothing back yet: replace the dots by your code'
    assert value == 80, f'six blocks of six recursions make the 80 layers of the paper, yours says {value}'
    small = depth(1, 2)
    assert small == 7, f'one block of two recursions: entrance, two by two, gate, exit make 7, yours {small}'

