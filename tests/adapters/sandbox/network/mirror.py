"""A server of packages on this machine's loopback, which only a proxy of a runner can reach from within a sandbox."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = b"a package of a mirror\n"

FETCH = (
    "env -u no_proxy -u NO_PROXY python3 -c 'import sys, urllib.request;"
    ' print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode(), end="")\''
)
"""Followed by an address. 127.0.0.1 stands for a host elsewhere, so the variables that exempt it are taken away."""


@dataclass
class Mirror:
    """What was asked of it, by path."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def entry(self) -> str:
        """For REVWRIGHT_SETUP_HOSTS."""
        return f"{self.place}/private"

    def fetch(self, path: str) -> str:
        """A command that prints what is there."""
        return f"{FETCH} http://{self.place}{path}"


@contextlib.contextmanager
def mirror() -> Iterator[Mirror]:
    made = Mirror(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base's
            """Nobody is to read it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield made
        finally:
            server.shutdown()
            serving.join()
