from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_second_pair(pairs, photo, enlarge_again):
    found = pairs(photo, (3, 2))
    assert len(found) == 2, f'two scales make two pairs, there are {len(found)}'
    worst = (found[1][0] - enlarge_again(photo, 2)).abs().max()
    assert worst < 0.0001, 'the pair for x2 is more blurred after the pair for x3 than without it'
    assert (found[1][1] - photo).abs().max() < 1e-06, 'the target is the clean picture'

