"""A question keeps the reader's guess beside its answer, and is a fold where no script runs."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from restorelib.questions import Guess

QUESTION = Guess(
    "Which <one> is it?",
    ("grain & noise", 'a "blur"', "specks"),
    right='a "blur"',
    answer="It loses 3.14 dB.\n\nThe others lose < 1 dB.",
)


def test_the_right_choice_is_among_the_choices(refused):
    with refused("'JPEG' is none of the choices: grain, blur"):
        Guess("Which?", ("grain", "blur"), "JPEG", "")


def test_as_text_it_has_question_choices_and_answer():
    lines = repr(QUESTION).split("\n")
    assert lines[:4] == ["Which <one> is it?", "- grain & noise", '- a "blur"', "- specks"]
    assert lines[4] == 'Answer: a "blur". It loses 3.14 dB.'


@pytest.fixture
def asked(browser):
    """`asked(javascript, width)`: a page with the question, twice."""
    pages = []

    def ask(javascript=True, width=600):
        size = {"width": width, "height": 700}
        pages.append(browser.new_page(viewport=size, java_script_enabled=javascript))
        pages[-1].set_content(
            f"<html lang=en><title>t</title><main><h1>h</h1>{QUESTION._repr_html_() * 2}</main>"
        )
        return pages[-1]

    yield ask
    for page in pages:
        page.close()


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (None, 'It is: a "blur".'),
        ("grain & noise", 'You said: grain & noise. It is: a "blur".'),
        ('a "blur"', 'You said: a "blur". So it is.'),
    ],
)
def test_a_look_unfolds_the_answer_beside_the_guess(asked, guess, said):
    page = asked()
    form, other = page.locator("form").all()
    assert form.get_by_role("group", name="Which <one> is it?").count() == 1
    assert not form.get_by_text("3.14 dB").is_visible()
    if guess:
        form.get_by_label(guess).check()
    form.get_by_text("Look").press("Enter")
    form.locator(".rl-said").get_by_text(said, exact=True).wait_for()
    assert not form.locator(".rl-right").is_visible()
    assert form.get_by_text("It loses 3.14 dB.", exact=True).is_visible()
    assert form.get_by_text("The others lose < 1 dB.", exact=True).is_visible()
    form.get_by_label("specks").check()
    form.get_by_text("Look").click(click_count=2)
    assert form.locator(".rl-said").inner_text() == said  # the first guess is kept
    assert other.locator(".rl-said").inner_text() == ""
    assert other.locator(":checked").count() == 0


def test_without_javascript_it_is_a_fold(asked):
    page = asked(javascript=False)
    answer = page.get_by_text("It loses 3.14 dB.").first
    assert not answer.is_visible()
    page.get_by_text("Look").first.click()
    assert answer.is_visible()
    assert page.get_by_text('It is: a "blur".').first.is_visible()


def test_accessible_and_narrow(asked):
    page = asked(width=300)
    page.get_by_label("specks").first.check()
    page.get_by_text("Look").first.click()
    page.get_by_text("You said: specks.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 300
    assert Axe().run(page).response["violations"] == []
