from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = None

@test_case(points=0, hidden=False)
def test_all_of_it(noise_psnr):
    value = noise_psnr(255)
    assert value is not None, 'noise_psnr gives nothing back yet: replace the dots by your code'
    assert abs(value) < 1e-06, f'noise as strong as the peak makes 0 dB, yours says {value}'

