from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=0, hidden=False)
def test_vdsr(receptive_field):
    value = receptive_field(20, 3)
    assert value is not None, 'receptive_field gives nothing back yet: replace the dots by your code'
    assert value == 41, f"VDSR's twenty layers of 3x3 see 41 pixels, yours says {value}"
    assert hasattr(value, '__index__'), f'an int is expected, not {value!r}'
    larger = receptive_field(2, 5)
    assert larger == 9, f'two layers of 5x5 see 9 pixels, yours says {larger}'

