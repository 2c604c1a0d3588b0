"""The scoreboard is up to date, leaves nothing out, and says what each number cost."""

from pathlib import Path

import pytest

from restorelib import runs, scoreboard
from restorelib.__main__ import print_scoreboard
from restorelib.published import TABLES
from restorelib.tables import score_of

PAGE = Path(__file__).parents[1] / "book" / "scoreboard.md"


@pytest.fixture(scope="module")
def sections():
    """Title -> rows, each a dictionary from column to text."""
    found = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
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


# Tables of the papers that have no row of ours, and why.
WITHOUT_OURS = {
    "edsr/1": "sizes of networks",
    "edsr/4": "a challenge whose test pictures were never published",
    "edsr/pytorch": "the authors' second training, quoted nowhere yet",
    "memnet/2": "sizes of networks; its scores are those of table 4",
    "memnet/6": "ours have other numbers of blocks and recursions",
    "mtrnn/5-cost": "sizes and times",
    "mtrnn/later": "scores of other papers' networks",
    "mtrnn/ours-z": "times",
    "mtrnn/timers": "times",
    "dmphn/1": "stands beside the authors' weights in the MT-RNN chapter",
    "rednet/burger": "a network that is not built here",
}


def test_every_table_of_a_paper_is_on_the_page_or_has_a_reason_not_to_be(sections):
    there = {
        name for name, table in TABLES.items() if any(title.startswith(table.title) for title in sections)
    }
    assert there | WITHOUT_OURS.keys() == TABLES.keys()
    assert there.isdisjoint(WITHOUT_OURS)


def test_each_benchmark_is_in_one_section(sections):
    # And two tables of VDSR, one each of MemNet, EDSR and RED-Net, two of MT-RNN; RED10 and RED20 where other
    # pictures stand in.
    expected = len(scoreboard.BENCHMARKS) + 7 + 2 * len(scoreboard.NOISE) + len(scoreboard.ONE_FOR_ALL)
    assert len(sections) == expected
    for table, column in scoreboard.BENCHMARKS:
        assert f"{TABLES[table].title}: {column}" in sections


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
    assert rows[0]["run and cost"].endswith("seed 0; mean of 3 seeds")


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
