from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_doubling(rednet, torch):
    double, x = (lambda z: 2 * z, torch.ones(1, 1, 2, 2))
    result = rednet([double] * 3, [double] * 3, x)
    assert result is not None, 'rednet gives nothing back yet: replace the dots by your code'
    value = result.flatten()[0].item()
    assert value == 81, f'three and three layers that double make 81 of 1, yours {value}; 65 lacks a skip, 80 the input'
    encoder = [lambda z: 2 * z, lambda z: -2 * z, lambda z: z + 5]
    value = rednet(encoder, [double] * 2 + [lambda z: z], x).flatten()[0].item()
    assert value == 21, f'with 2 x, -2 x, x + 5 and then 2 x, 2 x, x it is 21 of 1, yours {value}; 13 adds what convolution 2 gives before its ReLU'
    decoder = [lambda z: -3 * z, lambda z: 3 * z, lambda z: -3 * z]
    value = rednet([double] * 3, decoder, x).flatten()[0].item()
    assert value == -35, f'with factors 2, 2, 2 and -3, 3, -3 it is -35 of 1, yours {value}; 1 lacks the skip, adds it before the ReLU, or has a ReLU on the last layer'

