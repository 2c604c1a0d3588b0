"""Tables: what is compared with what, how numbers are printed, and what stands below them."""

import json
import shutil

import pytest
from test_figures import Page

from restorelib import REPOSITORY, runs, tables
from restorelib.papers import TABLES, Cell
from restorelib.tables import Grid, benchmark, best, cost, difference, linked, score_of, show


@pytest.fixture
def scored(finished_run, tmp_path, monkeypatch):
    """A shipped run, "tiny-smoke", whose record has only these scores."""
    folder = shutil.copytree(finished_run, tmp_path / "tiny-smoke")
    about = json.loads((folder / "record.json").read_text())
    rest = {"images": [], "protocol": {}}
    about["scores"] = [
        {"set": "Set5", "scale": 2, "psnr": 37.004, "ssim": 0.95, **rest},
        {"set": "Set5", "scale": 3, "psnr": 33.6589, "ssim": 0.9217, **rest},
        {"set": "Set14", "scale": 4, "psnr": 28.5, "ssim": 0.8, **rest},
    ]
    about |= {"minutes": 12.34, "updates": 12345, "hardware": "an abacus", "precision": "bf16", "seed": 7}
    about["recipe"] |= {"train_on": ["T91", "BSDS500_train"], "batch": 16}
    (folder / "record.json").write_text(json.dumps(about))
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    return "tiny-smoke"


def test_numbers_as_printed():
    assert show(None) == "–"
    assert show((37.126, 0.95871)) == "37.13 / 0.9587"
    assert show(Cell(37.5)) == "37.50"
    assert show(Cell(37.5, checked=False)) == "37.50†"
    assert show(Cell(37.53, 0.9587, checked=False)) == "37.53 / 0.9587†"


def test_differences_are_ours_minus_the_papers():
    assert difference((37.0, 0.9), Cell(37.53)) == "-0.53"
    assert difference((38.0, 0.9), Cell(37.53)) == "+0.47"
    assert difference((37.5289, 0.9), Cell(37.53)) == "+0.00"  # not -0.00
    assert difference(None, Cell(37.53)) == "–"
    assert difference((37.0, 0.9), None) == "–"


def test_scores_are_looked_up_in_records(scored):
    assert score_of(scored, "Set5", 2) == (37.004, 0.95)
    assert score_of(scored, "Set5", 4) is None
    assert score_of(scored, "BSD100", 2) is None
    assert score_of("bicubic", "Set5", 2) == pytest.approx((33.66, 0.9299), abs=0.01)


def test_the_cost_of_a_run_is_one_line(scored):
    assert cost(scored) == (
        "tiny-smoke, trained on T91 + BSDS500_train: 12,345 updates of 16 patches, "
        "12.3 minutes on an abacus, bf16, seed 7"
    )


def test_the_cost_says_what_a_run_started_from():
    assert cost("edsr-x3-reduced").startswith(
        "edsr-x3-reduced, trained from edsr-x2 on T91 + BSDS500_train + BSDS500_test: "
    )


def test_a_benchmark_table(scored):
    table = benchmark("vdsr/3", "VDSR", scored, others={"bicubic": "bicubic"}, sets=("Set5",))
    assert table.header == ("set", "paper: VDSR", "bicubic", "ours", "difference")
    assert table.rows == [
        ("Set5 ×2", "37.53 / 0.9587", "33.66 / 0.9299", "37.00 / 0.9500", "-0.53"),
        ("Set5 ×3", "33.66 / 0.9213", "30.39 / 0.8682", "33.66 / 0.9217", "+0.00"),
        ("Set5 ×4", "31.35 / 0.8838", "28.42 / 0.8104", "–", "–"),
    ]
    assert table.notes == [f"Paper: {TABLES['vdsr/3'].source}.", f"Ours: {cost(scored)}."]


def test_daggers_are_explained_where_there_are_any(scored):
    table = benchmark("vdsr/3", "RFL", scored)
    assert len(table.rows) == 12
    assert table.rows[5] == ("Set14 ×4", "27.24 / 0.7451†", "28.50 / 0.8000", "+1.26")
    assert table.notes[-1] == "† not checked against the paper"
    plain = benchmark("vdsr/3", "RFL", scored, sets=("Set5",))
    assert not any("†" in note for note in plain.notes)


def test_a_table_as_html_is_escaped_and_can_be_read_aloud():
    grid = Grid("A < B & C", ("name", "dB"), [("<b>x</b>", "1 & 2"), ("y", "3†")], ["a note > 0"])
    page = Page(grid._repr_html_())
    assert page.all("b") == []
    for said in ("A < B & C", "<b>x</b>", "1 & 2", "a note > 0", "† not checked against the paper"):
        assert said in page.text
    assert [cell["scope"] for cell in page.all("th")] == ["col", "col", "row", "row"]
    assert len(page.all("caption")) == 1
    (region,) = page.all("div")
    assert (region["tabindex"], region["aria-label"]) == ("0", "A < B & C")


def test_a_table_as_text_is_aligned():
    grid = Grid("Caption", ("name", "dB"), [("VDSR", "37.53"), ("a", "–")], ["Note."])
    assert repr(grid).splitlines() == ["Caption", "name  dB", "VDSR  37.53", "a     –", "Note."]


def test_the_largest_numbers_are_found_and_bold():
    rows = [
        ("a 99.9", "1,000.5 / 0.9", "36.10 ± 0.20", "+99.99"),
        ("b", "999.9", "36.10†", "–"),
        ("c", "7", "2.0", "x"),
    ]
    assert best(rows) == {(0, 1), (1, 1), (2, 2)}
    assert best(rows, "column") == {(0, 1), (0, 2), (1, 2)}
    assert best(rows, "column", columns=(2,)) == {(0, 2), (1, 2)}
    page = Page(Grid("Caption", ("name", "x", "y", "gain"), rows, marked={(1, 2), (2, 0)})._repr_html_())
    assert [cell.get("class") for cell in page.all("td")] == [None] * 4 + ["marked"] + [None] * 4


def test_a_benchmark_marks_the_best_of_each_row(scored):
    table = benchmark("vdsr/3", "RFL", scored)
    assert (5, 2) in table.marked  # 28.50 of 27.24 and 28.50
    assert all(column in (1, 2) for _, column in table.marked)


def test_sources_are_folded_and_other_notes_are_not():
    notes = ["Open.", tables.Source("Paper: its table 3.")]
    page = Page(Grid("Caption", ("name", "dB"), [("VDSR", "37.53")], notes)._repr_html_())
    assert [fold["class"] for fold in page.all("details")] == ["rl-notes"]
    opened, folded = page.text.split("Where the numbers come from")
    assert "Open." in opened
    assert "Paper: its table 3." in folded
    plain = Grid("Caption", ("name", "dB"), [("VDSR", "37.53")], ["Open."])
    assert Page(plain._repr_html_()).all("details") == []


def test_a_number_of_ours_leads_to_its_record():
    names = ("vdsr-quick", "vdsr-reduced")
    rows = [(name, tables.ours(name, "Set5", 2), "+0.1") for name in names]
    grid = Grid("Ours", ("run", "dB", "gain"), [*rows, ("both", tables.spread(names, "Set5", 2), "0")])
    first, second = (f"{REPOSITORY}/blob/main/restorelib/runs/{name}/record.json" for name in names)
    assert grid.runs() == list(names)
    links = [link["href"] for link in Page(grid._repr_html_()).all("a")]
    # The names and numbers of two rows, the mean of both, and the list below.
    assert links == [first, first, second, second, first, first, second]
    assert "Records (2)" in grid._repr_html_()
    assert repr(grid).splitlines()[2] == f"vdsr-quick    {rows[0][1]}  +0.1"


def test_what_the_book_does_not_ship_has_no_link(scored):
    assert linked("a word, 0.1 dB, x-y and bicubic") == "a word, 0.1 dB, x-y and bicubic"
    assert linked(tables.Ours("37.0", "runs/my-run")) == "37.0"
    assert linked("<edsr-x2>") == "&lt;edsr-x2&gt;"


def test_names_of_runs_lead_to_records_in_text_and_in_markdown():
    address = f"{REPOSITORY}/blob/main/restorelib/measured/bm3d-30.json"
    assert linked("Ours: bm3d/30.") == f'Ours: <a href="{address}">bm3d/30</a>.'
    assert linked("Ours: bm3d/30.", markdown=True) == f"Ours: [bm3d/30]({address})."
    assert "measured/edsr-x2-reduced+.json" in linked("edsr-x2-reduced+")
    assert "runs/vdsr-residual-lr0.1-seed0-quick/" in linked("(vdsr-residual-lr0.1-seed0-quick)")


def test_the_spread_over_seeds_is_half_the_range(monkeypatch):
    scores = {"a": 36.9, "b": 37.0, "c": 37.3}
    monkeypatch.setattr(tables, "score_of", lambda name, dataset, parameter: (scores[name], 0.95))
    assert tables.spread(["a", "b", "c"], "Set5", 2) == "37.07 ± 0.20"
    assert tables.spread(["a"], "Set5", 2) == "36.90 ± 0.00"


def test_a_gap_is_taken_seed_by_seed_and_says_when_it_is_undecided(monkeypatch):
    scores = {
        "a0": 36.9,
        "a1": 37.4,
        "a2": 37.9,
        "b0": 36.8,
        "b1": 37.31,
        "b2": 37.79,
        "c0": 37,
        "c1": 37,
        "c2": 38,
    }
    monkeypatch.setattr(tables, "score_of", lambda name, dataset, parameter: (scores[name], 0.95))
    a, b, c = ([f"{label}{seed}" for seed in (0, 1, 2)] for label in "abc")
    assert tables.gap(a, b, "Set5", 2) == "+0.10 ± 0.01"  # 0.10, 0.09, 0.11, though the seeds are 1 dB apart
    assert tables.gap(a, c, "Set5", 2) == "+0.07 ± 0.25 ?"  # -0.1, 0.4, -0.1
    assert tables.gap(a[:1], b[:1], "Set5", 2) == "+0.10, one seed"


def test_a_benchmark_with_a_run_for_each_scale():
    ours = {2: "vdsr-quick", 3: "vdsr-reduced", 4: "vdsr-reduced"}
    grid = benchmark("vdsr/3", "VDSR", ours, sets=("Set5",))
    expected = [show(score_of(run, "Set5", scale)) for scale, run in ours.items()]
    assert [row[2] for row in grid.rows] == expected
    assert [note.split(",")[0] for note in grid.notes[1:]] == ["Ours: vdsr-quick", "Ours: vdsr-reduced"]


def test_minutes_until_a_level(monkeypatch):
    curve = ((10, 1.04, 33.0), (20, 2.0, 34.0), (30, 3.0, 33.5))
    about = runs.record("vdsr-quick").model_copy(update={"hardware": "a machine", "validation": curve})
    monkeypatch.setattr(tables.runs, "record", lambda name: about)
    grid = tables.minutes_to((32.9, 33.5, 35), ["one"])
    assert grid.rows == [("one", "a machine", "1.0", "2.0", "–")]
