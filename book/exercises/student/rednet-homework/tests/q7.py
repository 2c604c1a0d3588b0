from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=0, hidden=False)
def test_perfect(mean_psnr, photo, torch):
    scores = [mean_psnr(lambda x: photo + 0.1, [photo, photo], sigma) for sigma in (20, 60)]
    worst = max((abs(score - 20) for score in scores))
    assert worst < 0.001, 'a restorer that is off by 0.1 scores 20 dB at every sigma; which two are compared?'
    answers = iter([photo + 0.1, photo + 0.01])
    score = mean_psnr(lambda x: next(answers), [photo, photo], 20)
    assert abs(score - 30) < 0.01, f'pictures of 20 and 40 dB have the mean 30 dB, yours says {score:.2f}'
    seen = []
    mean_psnr(lambda x: seen.append(x) or x + 0.1, [photo, photo], 60)
    assert (seen[0] - photo).abs().max() > 0.1, 'the network should get the noisy picture'
    assert seen[0].min() < 0, 'the noisy picture should not be clipped'
    assert (seen[0] - seen[1]).abs().max() > 0.1, 'the second picture needs noise of its own'
    for number, x in enumerate(seen):
        generator = torch.Generator().manual_seed(number)
        wanted = photo + 60 / 255 * torch.randn(photo.shape, generator=generator)
        assert (x - wanted).abs().max() < 0.0001, f'the noise on picture {number} has the seed {number}'

