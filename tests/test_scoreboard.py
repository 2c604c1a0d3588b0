"""The scoreboard is up to date, leaves nothing out, and says what each number cost."""

import re
from pathlib import Path

import pytest

from restorelib import runs, scoreboard
from restorelib.__main__ import print_scoreboard
from restorelib.papers import PAPERS, TABLES
from restorelib.tables import score_of

PAGE = Path(__file__).parents[1] / "book" / "scoreboard.md"


@pytest.fixture(scope="module")
def sections():
    """Title -> rows, each a dictionary from column to text."""
    found = {}
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", PAGE.read_text(encoding="utf-8"))  # links as their words
    for part in text.split("\n## ")[1:]:
        title, *lines = part.splitlines()
        header, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line)
        found[title] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def test_the_page_is_what_the_command_prints(capsys):
    print_scoreboard()
    # stale? restorelib scoreboard > book/scoreboard.md
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")


def test_a_table_has_all_its_rows(sections):
    scales = sections[TABLES["vdsr/2"].title]
    assert len(scales) == len(TABLES["vdsr/2"].cells) == 21
    (vdsr,) = [rows for title, rows in sections.items() if title.endswith(": VDSR")]
    assert [row["row"] for row in vdsr][:3] == ["Set5 ×2", "Set5 ×3", "Set5 ×4"]
    assert len(vdsr) == 12


def test_a_row_by_hand(sections):
    scales = sections[TABLES["vdsr/2"].title]
    (row,) = [row for row in scales if row["row"] == "trained on ×3, tested at ×2"]
    ours = score_of("vdsr-train-x3-quick", "Set5", 2)
    assert row["paper"] == "30.05"
    assert row["ours"] == f"{ours[0]:.2f} / {ours[1]:.4f}"
    assert float(row["difference"]) == pytest.approx(ours[0] - 30.05, abs=0.006)
    about = runs.record("vdsr-train-x3-quick")
    for word in ("vdsr-train-x3-quick", "T91", f"{about.updates:,} updates", about.hardware, "seed 0"):
        assert word in row["run and cost"]
    assert f"{about.minutes:.1f} minutes" in row["run and cost"]


def test_a_row_that_was_not_scored_has_a_dash(sections):
    rows = [row for rows in sections.values() for row in rows if row.get("row", "").startswith("Urban100")]
    assert rows
    assert {row["ours"] for row in rows} == {row["difference"] for row in rows} == {"–"}


def test_every_run_of_the_page_is_shipped(sections):
    named = {row["run and cost"].split(",")[0] for rows in sections.values() for row in rows if "row" in row}
    assert named <= set(runs.shipped())


def test_every_table_of_a_paper_is_on_the_page_or_has_a_reason_not_to_be(sections):
    there = {
        name for name, table in TABLES.items() if any(title.startswith(table.title) for title in sections)
    }
    without_ours = {name for paper in PAPERS for name in paper.unanswered}
    assert there | without_ours == TABLES.keys()
    assert there.isdisjoint(without_ours)


def test_each_column_and_each_paper_s_claims_are_in_one_section(sections):
    expected = [scoreboard.heading(answers) for paper in PAPERS for answers in paper.answers]
    expected += [scoreboard.orderings(paper.name).caption for paper in PAPERS if paper.claims]
    assert list(sections) == sorted(expected, key=list(sections).index)
    assert len(set(expected)) == len(expected)


def test_scores_on_other_pictures_have_no_difference(sections):
    rows = sections[TABLES["edsr/2"].title]
    assert [row["row"] for row in rows][:2] == [
        "SRResNet-L2 ×2, ours on Set5",
        "SRResNet-L1 ×2, ours on Set5",
    ]
    assert {row["difference"] for row in rows} == {"–"}
    ours = [score_of(f"edsr-ladder-srresnet-seed{seed}-quick", "Set5", 2)[0] for seed in (0, 1, 2)]
    assert rows[1]["ours"].startswith(f"{sum(ours) / 3:.2f} / ")


def test_the_self_ensemble_is_named(sections):
    (rows,) = [rows for title, rows in sections.items() if title.endswith(": EDSR+")]
    assert rows[0]["run and cost"].startswith("edsr-x2-reduced, trained on ")
    assert rows[0]["run and cost"].endswith("seed 0, scored with the self-ensemble")


def test_other_pictures_are_named_where_the_papers_cannot_be_had(sections):
    (rows,) = [
        sections[title] for title in sections if "14 common images" in title and title.endswith("RED20")
    ]
    assert [row["row"] for row in rows] == [f"σ {sigma}, ours on Set12" for sigma in (10, 30, 50, 70)]
    assert rows[2]["ours"].startswith(f"{score_of('red20-noise50-quick', 'Set12', 50)[0]:.2f} / ")
    (blind,) = [rows for title, rows in sections.items() if "for all noise levels" in title]
    assert [row["row"] for row in blind][4:6] == [
        "BSD200, ours on BSD200-half, σ 10",
        "BSD200, ours on BSD200-half, σ 30",
    ]
    assert blind[4]["run and cost"].startswith("red10-noise-blind-quick")


def test_small_differences_are_of_means_over_seeds(sections):
    rows = sections[TABLES["memnet/1"].title]
    assert [row["row"] for row in rows][:2] == ["MemNet_NL, Set5 ×2", "MemNet_NS, Set5 ×2"]
    scores = [score_of(f"memnet-no-long-seed{seed}-quick", "Set5", 2)[0] for seed in (0, 1, 2)]
    assert rows[0]["ours"].startswith(f"{sum(scores) / 3:.2f} / ")
    assert rows[0]["run and cost"].endswith(
        "seed 0; mean with memnet-no-long-seed1-quick and memnet-no-long-seed2-quick"
    )


def test_an_ordering_holds_only_where_the_seeds_decide():
    ahead, behind, unclear = "+0.10 ± 0.01", "-0.10 ± 0.01", "+0.10 ± 0.30 ?"
    words = {
        (ahead, ahead): "holds",
        (behind, behind): "does not hold",
        (ahead, behind): "depends on the blur",
        (unclear, ahead): "holds at TL13",
        (behind, unclear): "does not hold at TL7",
        (unclear, unclear): "undecided",
        ("+0.10, one seed", unclear): "undecided",
    }
    for gaps, word in words.items():
        assert scoreboard._verdict(dict(zip((7, 13), gaps, strict=True))) == word


def test_an_ordering_by_hand(sections):
    (row,) = [
        r for r in sections["Orderings of the MT-RNN paper"] if r["the paper: better with"].startswith("six")
    ]
    scores = {
        label: [score_of(f"mtrnn-{label}-seed{seed}-quick", "bundled", 13)[0] for seed in (0, 1, 2)]
        for label in ("mt", "one-step")
    }
    gap = sum(scores["mt"]) / 3 - sum(scores["one-step"]) / 3
    assert float(row["ours, TL13"].split()[0]) == pytest.approx(gap, abs=0.006)
    assert PAGE.read_text(encoding="utf-8").count("mean over 3 seeds ± half the range; one run") == 1
