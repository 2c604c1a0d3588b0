from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_two_steps(step_losses, torch):
    zero = torch.zeros(1, 3, 2, 2)
    losses = step_losses(lambda x: x[:, 3:] + 0.5, zero, [zero + 0.4, zero + 0.875])
    assert losses is not None, 'step_losses gives nothing back yet: replace the dots by your code'
    assert len(losses) == 2, f'two targets make two losses, there are {len(losses)}'
    assert all((isinstance(loss, torch.Tensor) for loss in losses)), f'the losses should be tensors of one number, not {losses[0]!r}'
    values = [float(loss) for loss in losses]
    assert abs(values[0] - 0.1) + abs(values[1] - 0.125) < 1e-05, f"the losses are 0.1 and 0.125, yours {values}; is the last result the network's own?"
    factor, seen = (torch.ones((), requires_grad=True), [])
    losses = step_losses(lambda x: seen.append(x.requires_grad) or factor * x[:, 3:] + 0.5, zero, [zero + 0.4, zero + 0.9])
    assert seen == [False, False], 'the last result should be detached before the network gets it'
    assert all((loss.requires_grad for loss in losses)), 'the losses have no gradient, so nothing is learned: detach what the next iteration gets, not what the loss is taken of'

