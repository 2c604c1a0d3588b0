"""The built book as the page tests see it: its pages and a server on loopback."""

from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

HTML = Path(__file__).parents[1] / "_build" / "html"


def pages():
    """Every page of the built book, as paths relative to its root; none built skips the tests."""
    if not (HTML / "index.html").exists():
        pytest.skip("the book is not built: run make book first", allow_module_level=True)
    found = (path.relative_to(HTML) for path in HTML.rglob("*.html"))
    return sorted(path.as_posix() for path in found if path.parts[0] != "_static")


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *args):
        pass  # a browser that moves on breaks off what it was loading


@contextmanager
def served():
    """Serve the book on a free port of loopback; gives the address, ending in a slash."""
    with Server(("127.0.0.1", 0), partial(Handler, directory=HTML)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
