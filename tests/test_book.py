"""The notebooks as they are stored: executed in order, small, clean, and readable in Colab too."""

import json
import re
from pathlib import Path

import pytest
from address import configured

BOOK = Path(__file__).parents[1] / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
MACHINE_PATH = re.compile(r"/(?:home|work|Users|tmp|root)/|[A-Z]:\\\\?Users")
EMBEDDED = re.compile(r"data:[\w/+.-]+;base64,[\w+/=\s\\]*")
MYST = re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{|\{[\w:+.-]+\}`", re.MULTILINE)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request):
    return request.param


@pytest.fixture
def cells(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


@pytest.fixture
def code(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def text_of(output):
    """Everything a reader sees of an output, without its pictures."""
    data = {kind: text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")}
    return EMBEDDED.sub("", json.dumps([output.get("text"), data]))


def is_picture(output):
    data = output.get("data", {})
    return "text/html" not in data and any(kind.startswith("image/") for kind in data)


BEGINNING = """\
try:
    import restorelib
except ImportError:  # an empty Colab runtime
    %pip install -q "git+https://github.com/{}/{}"
    import restorelib
""".format(*configured(BOOK.parent))


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_small(notebook):
    assert notebook.stat().st_size <= 1.5e6


def test_executed_from_top_to_bottom(code):
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))


def test_no_times_of_cells(code):
    assert [cell["id"] for cell in code if "execution" in cell["metadata"]] == []


def test_begins_with_what_an_empty_runtime_needs(code):
    first, second = ("".join(cell["source"]) for cell in code[:2])
    assert first.startswith(BEGINNING)
    assert "restorelib.begin()" in [*first.splitlines(), *second.splitlines()]


def test_a_first_screen_has_its_picture_before_all_code(cells, code):
    """Above the picture that a notebook begins with stand a title and a sentence; its code is folded."""
    if "restorelib.begin()" in "".join(code[0]["source"]):
        pytest.skip("begins without a picture")
    title, sentence = "".join(cells[0]["source"]).split("\n\n")
    assert title.startswith("# ")
    assert sentence.rstrip()[-1] in ".?"
    assert cells[1] is code[0]
    assert {kind for output in code[0]["outputs"] for kind in output["data"]} & {"text/html", "image/png"}
    assert [cell["metadata"]["tags"] for cell in code[:2]] == [["hide-input"], ["hide-cell"]]


def test_no_error_and_no_stderr(code):
    for cell in code:
        for output in cell["outputs"]:
            assert output["output_type"] != "error", output["evalue"]
            assert output.get("name") != "stderr", output["text"]


def test_code_cells_are_short(code):
    for cell in code:
        source = "".join(cell["source"]).removeprefix(BEGINNING).strip("\n")
        assert len(source.splitlines()) <= 15, source


def test_pictures_have_alt_text_and_caption(code):
    for cell in code:
        if any(map(is_picture, cell["outputs"])):
            about = cell["metadata"].get("mystnb", {})
            assert about.get("image", {}).get("alt"), "".join(cell["source"])
            assert about.get("figure", {}).get("caption"), "".join(cell["source"])


def test_plots_turn_dark_with_the_page_and_photographs_do_not(code):
    for cell in code:
        if any(map(is_picture, cell["outputs"])):
            photographs = re.search(r"imshow|figures\.row|figures\.explore", "".join(cell["source"]))
            classes = cell["metadata"]["mystnb"]["image"].get("classes")
            assert classes == (None if photographs else "plot"), "".join(cell["source"])


def test_no_path_of_the_machine_that_ran_it(code):
    for cell in code:
        for output in cell["outputs"]:
            assert not MACHINE_PATH.search(text_of(output)), text_of(output)


def test_plain_markdown(cells):
    for cell in cells:
        if cell["cell_type"] == "markdown":
            source = "".join(cell["source"])
            assert not MYST.search(source), source


def test_exercises_of_a_chapter_lead_to_its_lab_and_homework(notebook, cells):
    if (BOOK / "exercises" / notebook.name).exists():
        (end,) = [c for c in cells if "## Exercises\n" in c["source"]]
        assert "(students.md)" in "".join(end["source"])


# Tables that hold times, which no two machines agree on.
TIMED = {"costs.ipynb", "side_by_side.ipynb"}
FROM_RECORDS = re.compile(r"tables\.(?:benchmark|spread|gap|score_of)|scoreboard\.orderings")


def test_a_table_from_records_is_compared_with_its_stored_output(notebook, code):
    unchecked = [
        cell["id"]
        for cell in code
        if any('class="rl-table"' in "".join(o.get("data", {}).get("text/html", "")) for o in cell["outputs"])
        and FROM_RECORDS.search("".join(cell["source"]))
        and "nbval-check-output" not in cell["metadata"].get("tags", [])
    ]
    assert notebook.name in TIMED or unchecked == []


CHAPTERS = {"VDSR": "vdsr", "RED-Net": "rednet", "EDSR": "edsr", "MemNet": "memnet", "MT-RNN": "mtrnn"}


def test_another_chapter_is_named_by_a_link(notebook, cells):
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    named = re.findall(rf"(.?)\b({'|'.join(CHAPTERS)})(?:'s)?\s+chapter\b(.{{2}})", text, re.DOTALL)
    others = [(first + name, end) for first, name, end in named if CHAPTERS[name] != notebook.stem]
    assert [name for name, end in others if not name.startswith("[") or end != "]("] == []
