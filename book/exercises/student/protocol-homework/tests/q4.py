from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=0, hidden=False)
def test_fifty_levels_too_dark(psnr_8bit, np):
    for restored, clean, wanted in ((50, 100, 14.15), (250, 10, 0.53), (100, 90, 28.13)):
        x, y = (np.full((6, 8), level, dtype=np.uint8) for level in (restored, clean))
        value = psnr_8bit(x, y)
        assert value is not None, 'psnr_8bit should return the dB, it returns nothing'
        assert abs(value - wanted) < 0.01, f'{restored} everywhere instead of {clean} is {wanted} dB, yours says {value:.2f}; which numbers can the type of the difference hold, and that of its square?'

