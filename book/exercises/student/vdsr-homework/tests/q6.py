from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_second_pair(pairs, photo, enlarge_again):
    found = pairs(photo, (3, 2))
    assert found is not None, 'pairs should return the list of pairs, it returns nothing'
    assert [len(pair) for pair in found] == [2, 2], f'two scales make two pairs (enlarged, clean), yours have the lengths {[len(pair) for pair in found]}'
    for (x, y), scale in zip(found, (3, 2)):
        assert x.shape == y.shape == photo.shape, 'the size should stay'
        worst = (x - enlarge_again(photo, scale)).abs().max()
        assert worst < 0.0001, f'the input for x{scale} is off by up to {worst:.2f}: it should not depend on the other scales'
        assert (y - photo).abs().max() < 1e-06, 'the target is the clean picture'

