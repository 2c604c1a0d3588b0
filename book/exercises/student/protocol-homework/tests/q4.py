from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_one_level_too_dark(psnr_8bit, np):
    clean = np.full((6, 8), 100, dtype=np.uint8)
    value = psnr_8bit(clean - 1, clean)
    assert value is not None, 'psnr_8bit gives nothing back yet: replace the dots by your code'
    assert abs(value - 48.1308) < 0.001, f'one grey level too dark is 48.13 dB, yours says {value:.2f}'

