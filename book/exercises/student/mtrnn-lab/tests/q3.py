from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=0, hidden=False)
def test_no_correction(deblur, clip):
    results = deblur(lambda x, features: (0 * x[:, :3], None), clip[:1], 3)
    assert results is not None, 'deblur gives nothing back yet: replace the dots by your code'
    assert len(results) == 3, f'three iterations give three results, there are {len(results)}'
    assert (results[2] - clip[:1]).abs().max() < 1e-06, 'without correction the photograph stays as it is'
    ones = 0 * clip[:1] + 1

    def network(x, features):
        return (100 * x[:, :3] + x[:, 3:] + (0 if features is None else features), 10)
    values = [result.flatten()[0].item() for result in deblur(network, ones, 3)]
    assert values == [102, 213, 324], f'with 100 times the photograph, the last result and the last features (10) as correction, 1 becomes 102, 213, 324; yours {values}'

