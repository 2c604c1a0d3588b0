"""The page on the library leaves no public module, function or class out, and no command."""

import importlib
import inspect
import pkgutil
import re

import pytest
import reference
from built import HTML, pages

import restorelib
from restorelib.__main__ import app

PAGE = "book/library.html"
pages()  # skips this module where the book is not built

MODULES = ["restorelib", *(found.name for found in pkgutil.walk_packages(restorelib.__path__, "restorelib."))]


@pytest.fixture(scope="module")
def page():
    return (HTML / PAGE).read_text(encoding="utf-8")


def public(module):
    """Full names of the functions and classes that a module defines, and of these classes' own methods."""
    for name, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")
        if own and (inspect.isclass(thing) or inspect.isroutine(thing)):
            yield f"{module.__name__}.{name}"
            methods = vars(thing) if inspect.isclass(thing) else {}
            for method, value in methods.items():
                if value.__doc__ and not method.startswith("_") and inspect.isfunction(value):
                    yield f"{module.__name__}.{name}.{method}"


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_a_module_is_on_the_page(name, page):
    module = importlib.import_module(name)
    wanted = [f"module-{name}", *public(module)]
    assert [place for place in wanted if f'id="{place}"' not in page] == []


def test_every_command_is_on_the_page(page):
    text = re.sub("<[^>]*>", "", page)
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert len(names) > 5
    assert [name for name in names if f"Usage: restorelib {name}" not in text] == []


def test_no_command_says_too_much_of_itself():
    texts = reference.help_texts()
    assert "vdsr, edsr-x2, " in texts["train"]
    assert all(len(text.splitlines()) < 40 for text in texts.values())
