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
def told():
    """Title of a table -> its section; links are their words."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", PAGE.read_text(encoding="utf-8"))
    return dict(part.split("\n", 1) for part in text.split("\n### ")[1:])


def table(text):
    """The rows of a Markdown table, each a dictionary from column to text."""
    lines = ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line)
    header, _, *rows = lines
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def sections(told):
    """Title of a table -> its rows."""
    return {title: table(text) for title, text in told.items()}


def test_papers_come_in_order_and_tables_in_theirs():
    headings = re.findall(r"^## (.*)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [paper.name for paper in PAPERS if paper.answers or paper.claims]
    assert headings[0] == "VDSR"
    assert headings[-1] == "MT-RNN"
    numbers = [answers.table for paper in PAPERS if paper.name == "RED-Net" for answers in paper.answers]
    assert list(dict.fromkeys(numbers)) == [*(f"rednet/{n}" for n in range(1, 8)), "rednet/figure-3c"]


def test_the_summary_counts_what_the_tables_show(sections):
    summary = table(PAGE.read_text(encoding="utf-8").split("\n## ")[0])
    (vdsr,) = [row for row in summary if row["paper"] == "VDSR"]
    titles = [scoreboard.heading(answers) for answers in PAPERS[0].answers]
    gaps = [row["difference"] for title in titles for row in sections[title]]
    apart = [abs(float(gap)) for gap in gaps if gap != "–"]
    assert (vdsr["rows"], vdsr["on the paper's pictures"]) == (str(len(gaps)), str(len(apart)))
    assert vdsr["within 0.5 dB"] == str(sum(gap <= 0.5 for gap in apart))
    (claims,) = [row["claims hold / fail / undecided"] for row in summary if row["paper"] == "MT-RNN"]
    assert sum(map(int, claims.split(" / "))) == len(sections["Orderings of the MT-RNN paper"])


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


def test_a_row_by_hand(sections, told):
    scales = sections[TABLES["vdsr/2"].title]
    (row,) = [row for row in scales if row["row"] == "trained on ×3, tested at ×2"]
    three = [score_of(f"vdsr-train-x3-seed{seed}-quick", "Set5", 2) for seed in (0, 1, 2)]
    psnr, ssim = (sum(column) / 3 for column in zip(*three, strict=True))
    assert row["paper"] == "30.05"
    assert row["ours"] == f"{psnr:.2f} / {ssim:.4f}"
    assert float(row["difference"]) == pytest.approx(psnr - 30.05, abs=0.006)
    first = "vdsr-train-x3-seed0-quick"
    about = runs.record(first)
    assert row["run"] == f"{first}, mean of 3 seeds"
    (cost,) = [line for line in told[TABLES["vdsr/2"].title].splitlines() if line.startswith(f"- {first}")]
    for word in ("T91", f"{about.updates:,} updates", about.hardware, "seed 0"):
        assert word in cost
    assert f"{about.minutes:.1f} minutes" in cost


def test_a_row_that_was_not_scored_has_a_dash(sections):
    rows = [row for rows in sections.values() for row in rows if row.get("row", "").startswith("Urban100")]
    assert rows
    assert {row["ours"] for row in rows} == {row["difference"] for row in rows} == {"–"}


def test_every_run_of_the_page_is_shipped(sections):
    named = {row["run"].split(",")[0] for rows in sections.values() for row in rows if "row" in row}
    assert {name.removesuffix("+") for name in named} <= set(runs.shipped())


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


def test_the_self_ensemble_is_named(told, sections):
    (title,) = [title for title in told if title.endswith(": EDSR+")]
    assert sections[title][0]["run"] == "edsr-x2-reduced+"
    assert re.search(r"- edsr-x2-reduced, trained on .*, scored with the self-ensemble\n", told[title])


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
    assert blind[4]["run"] == "red10-noise-blind-quick"


def test_small_differences_are_of_means_over_seeds(sections):
    rows = sections[TABLES["memnet/1"].title]
    assert [row["row"] for row in rows][:2] == ["MemNet_NL, Set5 ×2", "MemNet_NS, Set5 ×2"]
    scores = [score_of(f"memnet-no-long-seed{seed}-quick", "Set5", 2)[0] for seed in (0, 1, 2)]
    assert rows[0]["ours"].startswith(f"{sum(scores) / 3:.2f} / ")
    assert rows[0]["run"] == "memnet-no-long-seed0-quick, mean of 3 seeds"


def test_an_ordering_holds_only_where_the_seeds_decide():
    ahead, behind, unclear = "+0.10 ± 0.01", "-0.10 ± 0.01", "+0.10 ± 0.30 ?"
    words = {
        (ahead, ahead): "holds",
        (behind, behind): "does not hold",
        (ahead, behind): "depends",
        (unclear, ahead): "holds at TL13",
        (behind, unclear): "does not hold at TL7",
        (unclear, unclear): "undecided",
        ("+0.10, one seed", unclear): "undecided",
    }
    for gaps, word in words.items():
        assert scoreboard._verdict(dict(zip(("TL7", "TL13"), gaps, strict=True))) == word


def test_claims_stand_beside_what_the_paper_prints(sections):
    rows = {row["the paper: better with"]: row for row in sections["Orderings of the EDSR paper"]}
    both = rows["neither batch normalisation nor outer ReLUs"]
    assert both["paper"] == "+0.11, DIV2K"  # 34.55 less 34.44
    gaps = [
        score_of(f"edsr-ladder-edsr-seed{seed}-quick", "BSD100", 2)[0]
        - score_of(f"edsr-ladder-srresnet-seed{seed}-quick", "BSD100", 2)[0]
        for seed in (0, 1, 2)
    ]
    assert both["ours, BSD100"].startswith(f"{sum(gaps) / 3:+.2f}\u00a0±\u00a0")
    assert rows["×4 from ×2 rather than from scratch"]["paper"] == "–"
    memory = sections["Orderings of the MemNet paper"][0]
    assert memory["paper"] == "+0.10† / +0.13† / +0.14†"
    assert "paper" not in sections["Orderings of the MT-RNN paper"][0]


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
    said = PAGE.read_text(encoding="utf-8").count("mean over 3 seeds ± half the range; one run")
    assert said == sum(bool(paper.claims) for paper in PAPERS)
