"""What the page on the library needs beyond autodoc: the directives `modules` and `commands`."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import typer
from docutils import nodes
from docutils.statemachine import StringList
from pydantic import BaseModel
from sphinx.util.docutils import SphinxDirective

from restorelib.__main__ import app


class Modules(SphinxDirective):
    """A section for each module of a package: its docstring, its functions and classes."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections."""
        package = importlib.import_module(self.arguments[0])
        names = (f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__))
        return [self.section(importlib.import_module(name)) for name in names]

    def section(self, module: ModuleType) -> nodes.section:
        """One of them. Where a module holds nothing but data, its docstring may have tables in Markdown."""
        public = [thing for name, thing in vars(module).items() if not name.startswith("_")]
        code = any(getattr(thing, "__module__", None) == module.__name__ for thing in public)
        kind, below = ("automodule", "") if code else ("py:module", inspect.getdoc(module))
        text = f"```{{eval-rst}}\n.. {kind}:: {module.__name__}\n```\n\n{below}"
        title = module.__name__.removeprefix("restorelib.")
        section = nodes.section("", nodes.title(title, title), ids=[nodes.make_id(title)], names=[title])
        self.state.nested_parse(StringList(text.splitlines(), module.__file__), 0, section)
        return section


class Commands(SphinxDirective):
    """The help of every command of `restorelib`, a block of text each."""

    def run(self) -> list[nodes.Node]:
        """The blocks."""
        return [nodes.literal_block(text, text, language="text") for text in help_texts().values()]


def help_texts() -> dict[str, str]:
    """What `restorelib COMMAND --help` says, without colours and boxes."""
    texts = {}
    for name, command in typer.main.get_command(app).commands.items():
        command.rich_markup_mode = None
        context = typer.Context(command, info_name=f"restorelib {name}", terminal_width=80)
        texts[name] = command.get_help(context)
    return texts


def readable(sphinx, what, name, thing, options, signature: str | None, returns: str | None) -> tuple:
    """A signature that Sphinx can read, also of a dataclass that makes a default anew each time.

    The fields of a pydantic model stand in its docstring; as a signature they would fill a page.
    """
    if what == "class" and issubclass(thing, BaseModel):
        return "", None
    return signature and signature.replace("<factory>", "..."), returns


def setup(sphinx) -> dict:
    """Called by Sphinx."""
    sphinx.connect("autodoc-process-signature", readable)
    sphinx.add_directive("modules", Modules)
    sphinx.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
