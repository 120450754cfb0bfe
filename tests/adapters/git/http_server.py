"""`git http-backend` behind a token, which can stall, break, refuse and redirect."""

from __future__ import annotations

import base64
import gzip
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.adapters.git.stores import ENVIRONMENT

TOKEN = "ghs_0123456789abcdefghijABCDEFGHIJ456789"
OTHER_TOKEN = "not_even_shaped_like_a_token.with-dots"
_PIECE = 16_384


@dataclass
class GitServer:
    """Serves the bare repositories below `root` as `/owner/name.git`."""

    root: Path
    token: str = TOKEN
    url: str = ""
    status: int | None = None
    """Answer every request with this status."""
    location: str | None = None
    """Redirect every request to this URL."""
    stall_after: int | None = None
    """Send so many bytes of a pack, then wait for `released`."""
    break_after: int | None = None
    """Send so many bytes of a pack, then cut the connection."""
    config: tuple[str, ...] = ()
    """Configuration of the serving git, as `key=value`."""
    protocol_v2: bool = True
    files_only: bool = False
    """Serve what lies on the disk, as a plain web server would; git calls this the dumb protocol."""
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[Self]:
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as http:
            http.daemon_threads = True
            self.url = f"http://127.0.0.1:{http.server_port}"
            thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                http.shutdown()
                thread.join()


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
            pass

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def _answer(self, body: bytes) -> None:
            server.requests.append(f"{self.command} {self.path}")
            server.bodies.append(body if self.headers.get("content-encoding") != "gzip" else gzip.decompress(body))
            given = self.headers.get("authorization")
            if given is not None:
                server.authorizations.append(given)
            if server.location is not None:
                return self._brief(302, Location=server.location + self.path)
            if server.status is not None:
                return self._brief(server.status)
            if given != "Basic " + base64.b64encode(f"x-access-token:{server.token}".encode()).decode():
                return self._brief(401, **{"WWW-Authenticate": 'Basic realm="GitHub"'})
            path, _, query = self.path.partition("?")
            if not (server.root / path.split(".git")[0].lstrip("/")).with_suffix(".git").is_dir():
                return self._brief(404)
            if server.files_only:
                return self._file(server.root / path.lstrip("/"))
            return self._backend(path, query, body)

        def _file(self, path: Path) -> None:
            if not path.is_file():
                return self._brief(404)
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return None

        def _brief(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def _backend(self, path: str, query: str, body: bytes) -> None:
            configuration = [pair.split("=", 1) for pair in server.config]
            environment = {
                **ENVIRONMENT,
                "GIT_PROJECT_ROOT": str(server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
                "GIT_CONFIG_COUNT": str(len(configuration)),
                **{f"GIT_CONFIG_KEY_{at}": key for at, (key, _) in enumerate(configuration)},
                **{f"GIT_CONFIG_VALUE_{at}": value for at, (_, value) in enumerate(configuration)},
            }
            if server.protocol_v2 and "git-protocol" in self.headers:
                environment["HTTP_GIT_PROTOCOL"] = self.headers["git-protocol"]
            done = subprocess.run(
                ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self._send(content)

        def _send(self, content: bytes) -> None:
            limit = server.stall_after if server.stall_after is not None else server.break_after
            if b"PACK" not in content[:4096] or limit is None:
                self.wfile.write(content)
                return
            self.wfile.write(content[:limit])
            self.wfile.flush()
            server.stalled.set()
            if server.break_after is not None:
                self.close_connection = True
                self.connection.close()
                return
            server.released.wait(20)
            self.wfile.write(content[limit:])

    return Handler
