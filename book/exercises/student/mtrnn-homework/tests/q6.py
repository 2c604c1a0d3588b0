from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_first_look(Entrance, clip, torch):
    entrance = Entrance(4)
    shapes = sorted((tuple(value.shape) for value in entrance.state_dict().values()))
    assert shapes, 'the module has no layers yet: fill in the dots'
    assert shapes == [(4,), (4,), (4,), (4, 4, 3, 3), (4, 4, 3, 3), (4, 6, 3, 3)], f'three convolutions of 3x3 with biases are expected, and conv1_1 takes the two pictures joined, six channels, to 4; the weights of yours have the shapes {shapes}'
    y = entrance(clip[:1], clip[1:2])
    assert y is not None, 'forward gives nothing back yet: replace the dots by your code'
    assert y.shape == (1, 4, 96, 96), f'the shape should be (1, 4, 96, 96), it is {tuple(y.shape)}'

    def results(first, second):
        entrance = Entrance(1)
        values = {name: 0 * value for name, value in entrance.state_dict().items()}
        weights, biases = ([n for n, v in values.items() if v.dim() == dim] for dim in (4, 1))
        enter = [values[name].shape[1] for name in weights].index(6)
        inner = [place for place in range(3) if place != enter]
        values[weights[enter]][0, 0, 1, 1], values[weights[enter]][0, 3, 1, 1] = (1, 10)
        values[weights[inner[first]]][0, 0, 1, 1] = -1
        values[weights[inner[second]]][0, 0, 1, 1] = 2
        entrance.load_state_dict(values | {biases[inner[second]]: torch.full((1,), -50.0)})
        one = torch.ones(1, 3, 3, 3)
        return [round(entrance(k * one, 2 * k * one)[0, 0, 1, 1].item(), 2) for k in (1, -1)]
    given = results(0, 1)
    assert [-33.2, -29] in (given, results(1, 0)), f'with conv1_1 = photograph + 10 last, conv_a(x) = -x and conv_b(x) = 2x - 50, the photograph 1 and the last result 2 make -33.2, and -1 and -2 make -29; yours {given}: look at what is joined first, at the slope, and at what the leaky ReLU follows'

