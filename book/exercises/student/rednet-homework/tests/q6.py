from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_a_tenth_of_it(noise_psnr):
    value = noise_psnr(25.5)
    assert value is not None, 'noise_psnr gives nothing back yet: replace the dots by your code'
    assert abs(value - 20) < 0.0001, f'noise of a tenth of the peak makes 20 dB, yours says {value}'

