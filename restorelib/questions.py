"""Questions that a reader answers before looking: a guess stays beside the answer.

A question is plain HTML, and works in a static page and offline. Without JavaScript, and on paper, it is its
choices, and a fold that holds the answer.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from restorelib.errors import RestoreError

_CSS = """<style>
.rl-guess{max-width:44rem;margin:1em 0;padding:.6em 1em .8em;border-inline-start:3px solid #0072B2}
.rl-guess fieldset{min-width:0;margin:0;padding:0;border:0}
.rl-guess legend{float:none;width:auto;padding:0;font:inherit;font-weight:600}
.rl-guess label{display:flex;gap:.6em;align-items:baseline;width:fit-content;margin:0;padding:.2em 0}
.rl-guess input{flex:none;margin:0;accent-color:#0072B2}
.rl-guess details{margin:.4em 0 0}
.rl-guess summary{width:fit-content;cursor:pointer;font-weight:600}
.rl-guess p{margin:.4em 0 0}
.rl-said:empty{display:none}
.rl-said{font-weight:600}
.rl-said:not(:empty)+details .rl-right{display:none}
</style>"""
_LOOK = (
    "const f=this.closest('form'),s=f.querySelector('.rl-said'),c=f.querySelector(':checked'),"
    "r=this.dataset.right;"
    "if(this.open&&!s.textContent)s.textContent=!c?'It is: '+r+'.':"
    "c.value==r?'You said: '+c.value+'. So it is.':'You said: '+c.value+'. It is: '+r+'.'"
)


@dataclass(repr=False)
class Guess:
    """A question with choices, and an answer that unfolds and keeps the guess beside it.

    The guess at the first look is the one that is kept.

    Args:
        question: what is asked, as text.
        choices: what can be guessed.
        right: the choice that is right; raises `RestoreError` if it is not among them.
        answer: why, as text; an empty line begins a new paragraph.
    """

    question: str
    choices: Sequence[str]
    right: str
    answer: str

    def __post_init__(self) -> None:
        if self.right not in self.choices:
            raise RestoreError(f"'{self.right}' is none of the choices: {', '.join(self.choices)}")

    def __repr__(self) -> str:
        choices = "".join(f"\n- {choice}" for choice in self.choices)
        return f"{self.question}{choices}\nAnswer: {self.right}. {self.answer}"

    def _repr_html_(self) -> str:
        choices = "".join(
            f'<label><input type="radio" name="guess" value="{choice}">{choice}</label>'
            for choice in map(html.escape, self.choices)
        )
        answer = "".join(f"<p>{html.escape(part)}</p>" for part in self.answer.split("\n\n"))
        return (
            f'{_CSS}<form class="rl-guess" autocomplete="off" onsubmit="return false">'
            f"<fieldset><legend>{html.escape(self.question)}</legend>{choices}</fieldset>"
            f'<p class="rl-said" aria-live="polite"></p>'
            f'<details data-right="{html.escape(self.right)}" ontoggle="{_LOOK}">'
            f'<summary>Look at the answer</summary><p class="rl-right">It is: {html.escape(self.right)}.</p>'
            f"{answer}</details></form>"
        )
