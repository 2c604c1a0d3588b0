from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_a_slow_gpu(seconds):
    now, left = ([0.0], [7.0])

    def step():
        left[0] += 2.0

    def synchronise():
        now[0] += left[0]
        left[0] = 0.0
    value = seconds(step, synchronise, lambda: now[0], 5)
    assert value is not None, 'seconds should return the mean, it returns nothing'
    assert abs(value - 2) < 1e-06, f'every step keeps this GPU busy for 2 seconds, yours says {value}; 3.4 counts work that was waiting when the clock started'
    calls = []
    seconds(lambda: calls.append('step'), lambda: calls.append('wait'), lambda: len(calls), 2)
    assert calls == ['wait', 'step', 'step', 'wait'], f"wait, all steps, wait: that is the order of two steps, yours is {', '.join(calls)}"

