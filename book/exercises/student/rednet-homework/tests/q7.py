from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_perfect(mean_psnr, photo):
    scores = [mean_psnr(lambda x: photo + 0.1, [photo, photo], sigma) for sigma in (20, 60)]
    worst = max((abs(score - 20) for score in scores))
    assert worst < 0.001, 'a restorer that is off by 0.1 scores 20 dB at every sigma; which two are compared?'
    seen = []
    mean_psnr(lambda x: seen.append(x) or x + 0.1, [photo, photo], 60)
    assert (seen[0] - photo).abs().max() > 0.1, 'the network should get the noisy picture'
    assert (seen[0] - seen[1]).abs().max() > 0.1, 'the second picture needs noise of its own'

