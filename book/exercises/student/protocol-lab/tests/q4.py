from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_fifty_levels_too_dark(psnr_8bit, np):
    clean = np.full((6, 8), 100, dtype=np.uint8)
    value = psnr_8bit(clean - 50, clean)
    assert value is not None, 'psnr_8bit gives nothing back yet: replace the dots by your code'
    assert abs(value - 14.1514) < 0.001, f'50 grey levels too dark is 14.15 dB, yours says {value:.2f}; what is 50 - 100 in uint8?'

