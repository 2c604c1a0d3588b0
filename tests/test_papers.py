"""The papers' numbers, spot-checked against the papers; daggers; unknown cells."""

import pytest

from restorelib.papers import TABLES, Cell, parse, words

# ---------------------------------------------------------------- VDSR (Kim et al. 2016)


@pytest.mark.parametrize(
    ("row", "psnr", "checked"),
    [
        (("0.1", "residual", "epoch10"), 36.90, True),  # the paper's text repeats these three
        (("0.1", "plain", "epoch10"), 27.42, True),
        (("0.001", "residual", "epoch80"), 36.52, True),
        (("0.1", "residual", "epoch20"), 36.64, True),
        (("0.1", "plain", "epoch20"), 19.59, True),
        (("0.1", "plain", "epoch40"), 31.38, True),
        (("0.1", "residual", "epoch80"), 37.05, True),
        (("0.1", "plain", "epoch80"), 35.66, False),
        (("0.01", "residual", "epoch40"), 36.91, True),
        (("0.01", "plain", "epoch10"), 30.33, True),
        (("0.01", "plain", "epoch80"), 36.42, True),
        (("0.001", "residual", "epoch10"), 36.31, True),
        (("0.001", "plain", "epoch20"), 35.08, False),
    ],
)
def test_table_1_residual_learning(row, psnr, checked):
    assert TABLES["vdsr/1"].cells[row] == Cell(psnr, None, checked)


@pytest.mark.parametrize(
    ("tested", "trained", "psnr", "checked"),
    [
        ("2", "2", 37.10, True),
        ("2", "3", 30.05, True),
        ("2", "4", 28.13, True),
        ("2", "2,3", 37.09, True),
        ("2", "2,4", 37.03, True),
        ("2", "3,4", 32.43, True),
        ("2", "2,3,4", 37.06, True),
        ("3", "2", 30.42, True),
        ("3", "3", 32.89, True),
        ("3", "2,3", 33.22, True),
        ("3", "2,3,4", 33.27, True),
        ("4", "3", 28.73, True),
        ("4", "4", 30.84, True),
        ("4", "2,4", 30.86, True),
        ("4", "2,3,4", 30.95, True),
    ],
)
def test_table_2_scales(tested, trained, psnr, checked):
    assert TABLES["vdsr/2"].cells[tested, trained] == Cell(psnr, None, checked)


@pytest.mark.parametrize(
    ("key", "psnr", "ssim", "checked"),
    [
        (("Set5", "2", "Bicubic"), 33.66, 0.9299, True),
        (("Set5", "2", "VDSR"), 37.53, 0.9587, True),
        (("Set5", "3", "VDSR"), 33.66, 0.9213, True),
        (("Set5", "4", "VDSR"), 31.35, 0.8838, True),
        (("Set5", "4", "SRCNN"), 30.48, 0.8628, True),
        (("Set5", "3", "RFL"), 32.43, 0.9057, True),
        (("Set14", "2", "VDSR"), 33.03, 0.9124, True),
        (("Set14", "3", "SelfEx"), 29.16, 0.8196, True),
        (("Set14", "4", "A+"), 27.32, 0.7491, True),
        (("BSD100", "2", "RFL"), 31.16, 0.8840, False),
        (("BSD100", "3", "VDSR"), 28.82, 0.7976, True),
        (("BSD100", "4", "Bicubic"), 25.96, 0.6675, True),
        (("Urban100", "2", "VDSR"), 30.76, 0.9140, True),
        (("Urban100", "4", "SelfEx"), 24.79, 0.7374, False),
    ],
)
def test_table_3_benchmark(key, psnr, ssim, checked):
    assert TABLES["vdsr/3"].cells[key] == Cell(psnr, ssim, checked)


def test_tables_are_complete():
    # 3 rates x 2 networks x 4 epochs; 3 x 7 scales; 4 sets x 3 scales x 6 methods
    assert [len(TABLES[f"vdsr/{i}"].cells) for i in (1, 2, 3)] == [24, 21, 72]


def test_the_best_of_table_3_is_vdsr():
    cells = TABLES["vdsr/3"].cells
    for dataset, scale, method in cells:
        if method != "VDSR":
            assert cells[dataset, scale, method].psnr < cells[dataset, scale, "VDSR"].psnr
            assert cells[dataset, scale, method].ssim < cells[dataset, scale, "VDSR"].ssim


# ---------------------------------------------------------------- every table


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_source_and_plausible_numbers(name):
    table = TABLES[name]
    assert table.title
    assert "paper" in table.source
    for cell in table.cells.values():
        if isinstance(cell, str):
            continue
        assert 10 < cell.psnr < 60
        assert cell.ssim is None or 0 < cell.ssim < 1


def test_parsing():
    cells = parse("set scale A B C\nSet5 2 33.66/0.9299 36.54† ?\nSet14 2 ? 30.1/0.9† 1", labels=2)
    assert cells == {
        ("Set5", "2", "A"): Cell(33.66, 0.9299),
        ("Set5", "2", "B"): Cell(36.54, checked=False),
        ("Set14", "2", "B"): Cell(30.1, 0.9, checked=False),
        ("Set14", "2", "C"): Cell(1.0),
    }


def test_parsing_words():
    table = "network blocks loss\nSRResNet 16 L2\nEDSR 32 ?"
    assert words(table, labels=1) == {
        ("SRResNet", "blocks"): "16",
        ("SRResNet", "loss"): "L2",
        ("EDSR", "blocks"): "32",
    }


def test_a_row_that_lacks_a_cell_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        parse("set A B\nSet5 33.66", labels=1)
