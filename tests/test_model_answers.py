"""The model answers of questions that are marked by hand say what their experiments give at seed 0."""

import math
from functools import cache
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grading.master import read


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def solved(chapter):
    """The names that a chapter's homework gives and asks for."""
    exercise = read(f"{chapter}-homework")
    names = exercise.provided()
    for question in exercise.questions:
        if not question.manual:
            exec(compile(question.solution, question.name, "exec"), names)
    return names


def says(chapter, question, *values):
    """Whether a model answer holds each of these numbers, as it would be written."""
    (text,) = (q.solution for q in read(f"{chapter}-homework").questions if q.name == question)
    missing = [value for value in values if value not in text]
    assert not missing, f"{chapter} {question}: measured {missing}"


def psnr(x, y):
    return -10 * math.log10((x - y).square().mean().item())


def trained(parameters, loss, updates, rate):
    optimiser = torch.optim.Adam(list(parameters), lr=rate)
    for _ in range(updates):
        value = loss()
        optimiser.zero_grad()
        value.backward()
        optimiser.step()


def test_one_pixel_to_the_side():
    photo = solved("protocol")["photo"]
    blurred = F.avg_pool2d(photo, 3, 1, 1, count_include_pad=False)
    says("protocol", "q5", f"{psnr(photo.roll(1, -1), photo):.1f}", f"{psnr(blurred, photo):.1f}")


def test_what_vdsrs_skip_does_to_a_training():
    names = solved("vdsr")
    photo, (added, plain) = names["photo"], (names["losses"](residual) for residual in (True, False))
    enlarged = (names["enlarge_again"](photo, 2) - photo).square().mean().item()
    says("vdsr", "q5", *(f"{loss:.4f}" for loss in (enlarged, added[0], added[9], added[-1], plain[-1])))
    says("vdsr", "q5", f"{plain[0]:.3f}", f"{plain[9]:.3f}", f"{photo.square().mean().item():.3f}")
    assert added[-1] < enlarged < plain[-1] < added[0] < plain[0]


def test_what_psnr_does_not_tell_apart():
    photo = solved("protocol")["photo"]
    noise = torch.randn(photo.shape, dtype=photo.dtype, generator=torch.Generator().manual_seed(0))
    square = photo.clone()
    square[..., 43:53, 43:53] = 1
    damaged = [photo + 8 / 255, photo + 8 / 255 * noise, 0.9 * photo, square, photo.roll(4, -1)]
    says("protocol", "q9", *(f"{psnr(x.clamp(0, 1), photo):.1f}" for x in damaged))


def test_what_vdsr_is_without_relus():
    names = solved("vdsr")
    photo = names["photo"]
    x = names["enlarge_again"](photo, 2)

    def trained_network(activation):
        torch.manual_seed(0)
        widths = [1, *[16] * 5, 1]
        layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))

        def loss(activation):
            y = x
            for layer in layers[:-1]:
                y = activation(layer(y))
            return (x + layers[-1](y) - photo).square().mean()

        trained(layers.parameters(), lambda: loss(activation), 100, 2e-3)
        return loss

    with_relus, without = trained_network(torch.relu), trained_network(nn.Identity())
    says("vdsr", "q9", f"{with_relus(torch.relu).item():.5f}", f"{with_relus(nn.Identity()).item():.4f}")
    says("vdsr", "q9", f"{without(nn.Identity()).item():.5f}", f"{(x - photo).square().mean().item():.5f}")


def test_what_rednets_skips_do_to_a_training():
    losses = solved("rednet")["losses"]
    last = {(skips, depth): losses(skips, depth)[-1] for skips in (True, False) for depth in (4, 8)}
    says("rednet", "q5", f"{(30 / 255) ** 2:.4f}", *(f"{loss:.4f}" for loss in last.values()))


def test_what_sharing_costs_memnet_and_what_other_numbers_of_recursions_do():
    names = solved("memnet")
    photo, unit = names["photo"], names["RecursiveUnit"]

    def score(*units):
        torch.manual_seed(0)
        x = photo + 25 / 255 * torch.randn_like(photo)
        first, last = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)
        parts = nn.ModuleList(unit(8, many) for many in units)

        def restored():
            y = first(x)
            for part in parts:
                y = part(y)[-1]
            return x + last(y)

        def after(recursions):
            parts[0].recursions = recursions
            return f"{psnr(restored(), photo):.1f}"

        body = [*first.parameters(), *last.parameters(), *parts.parameters()]
        trained(body, lambda: (restored() - photo).square().mean(), 100, 1e-3)
        scores = psnr(restored(), photo), sum(p.numel() for p in parts.parameters()), psnr(x, photo)
        if len(units) == 1:
            says("memnet", "q8", *map(after, (3, 5, 6, 7, 12)))
        return scores

    (shared, few, noisy), (separate, many, _) = score(6), score(*[1] * 6)
    says("memnet", "q5", f"{few:,}", f"{many:,}", f"{shared:.1f}", f"{separate:.1f}", f"{noisy:.1f}")


def test_the_two_losses_of_edsr():
    names = solved("edsr")
    photo, small, block = names["photo"], names["small"], names["ResidualBlock"]
    x = F.interpolate(small, size=photo.shape[-2:], mode="bicubic")
    grey = photo.mean(1)[0]
    right, down = (grey[:-1, 1:] - grey[:-1, :-1]), (grey[1:, :-1] - grey[:-1, :-1])
    edges = (right.square() + down.square()).sqrt()
    flat = edges <= edges.median()

    def measured(loss):
        torch.manual_seed(0)
        body = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), block(16), block(16), nn.Conv2d(16, 3, 3, padding=1)
        )
        trained(body.parameters(), lambda: loss(x + body(x), photo), 150, 1e-3)
        with torch.no_grad():
            y = x + body(x)
            if loss is F.l1_loss:
                enter, first, second, leave = body
                broken = [(second,), (first,), (), (second, first)]
                results = [x + leave(nn.Sequential(*parts)(enter(x))) for parts in broken]
                says("edsr", "q9", *(f"{names['div2k_psnr'](z, photo, 2):.1f}" for z in (y, *results)))
        return names["div2k_psnr"](y, photo, 2), 255 * (y - photo).abs().mean(1)[0, :-1, :-1][flat].mean()

    (absolute, even), (squared, uneven) = measured(F.l1_loss), measured(F.mse_loss)
    says("edsr", "q8", *(f"{score:.2f}" for score in (absolute, squared, names["div2k_psnr"](x, photo, 2))))
    assert even < uneven


def test_one_network_for_all_sigmas():
    names = solved("rednet")
    photo = names["photo"]

    def scores(sigmas, depth=8, width=12):
        torch.manual_seed(0)
        widths = [1] + [width] * (2 * depth - 1) + [1]
        layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))

        def restore(x):
            return names["rednet"](layers[:depth], layers[depth:], x)

        def loss():
            sigma = sigmas[torch.randint(len(sigmas), ()).item()]
            return (restore(photo + sigma / 255 * torch.randn_like(photo)) - photo).square().mean()

        trained(layers.parameters(), loss, 200, 2e-3)
        with torch.no_grad():
            return [names["mean_psnr"](restore, [photo] * 4, sigma) for sigma in (10, 30, 50)]

    special, blind = scores([30]), scores([10, 30, 50])
    says("rednet", "q8", *(f"{score:.1f}" for score in (*special, *blind)))


def test_which_skip_of_rednet_carries_the_details():
    photo, depth = solved("rednet")["photo"], 8
    torch.manual_seed(0)
    widths = [1] + [12] * (2 * depth - 1) + [1]
    layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
    x = photo + 30 / 255 * torch.randn(photo.shape)

    def loss(*cut):
        y, kept = x, {}
        for number, layer in enumerate(layers[:-1], 1):
            y = torch.relu(layer(y))
            partner = 2 * depth - number
            if number > depth and partner % 2 == 0 and partner not in cut:
                y = y + kept[partner]
            kept[number] = y
        return (x + layers[-1](y) - photo).square().mean()

    trained(layers.parameters(), loss, 60, 2e-3)
    with torch.no_grad():
        says("rednet", "q9", *(f"{loss(*cut):.4f}" for cut in ((), (2,), (4,), (6,), (2, 4, 6))))


def test_how_blurred_a_level_is():
    names = solved("mtrnn")
    levels = [names["level"](names["clip"], n) for n in range(1, 14, 2)]
    scores = [psnr(x, levels[0]) for x in levels[1:]]
    steps = [psnr(x, y) for x, y in pairwise(levels)]
    says("mtrnn", "q5", *(f"{score:.1f}" for score in (*scores, steps[1], steps[-1])))
    falls = [a - b for a, b in pairwise(scores)]
    assert falls == sorted(falls, reverse=True)
    assert falls[-1] > 0
    assert steps == sorted(steps)


def test_which_feedback_of_mtrnn_carries_the_steps_and_runs_away():
    names = solved("mtrnn")
    level, deblur, small = names["level"], names["deblur"], names["small"]
    pictures = [level(small, n) for n in range(13, 0, -2)]
    network = names["trained"](deblur, pictures)

    def after(result, features):
        """PSNR before and after each of 24 iterations; what goes back into the network is told."""

        def cut(x, old):
            x = x if result else torch.cat([x[:, :3], x[:, :3]], 1)
            return network(x, old if features else None)

        with torch.no_grad():
            return [psnr(x, pictures[-1]) for x in (pictures[0], *deblur(cut, pictures[0], 24))]

    whole, alone, without, neither = after(1, 1), after(0, 1), after(1, 0), after(0, 0)
    photograph, first = whole[:2]
    says("mtrnn", "q8", f"{photograph:.2f}", "25.1 to 28.4", "at most 0.8 less", "never gains 0.2")
    assert photograph < first
    assert 25.1 <= whole[6] <= 28.4
    assert alone[6] > whole[6] - 0.8
    assert max(without) < first + 0.2
    assert max(without[6:]) - min(without[6:]) < 0.05
    assert neither[1:] == [first] * 24
    # How far values run away depends on the last bit of a training, and on the machine with it.
    assert max(whole[24], alone[24]) < 0
