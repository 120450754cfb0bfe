"""git over loopback HTTP as GitHub speaks it: a token is asked for, packs are sent while they are made, and counted."""

from __future__ import annotations

import base64
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from scripts.bench.repositories import ENVIRONMENT

TOKEN = "ghs_benchmarkbenchmarkbenchmarkbenchmark"  # noqa: S105 - of nobody
AUTHORIZATION = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

_PIECE = 1 << 16


@dataclass
class GitServer:
    """Serves the bare repositories below `root` as `/owner/name.git`."""

    root: Path
    url: str = ""
    sent_bytes: int = 0
    """Of bodies, since `forget`."""
    requests: int = 0
    first_pack_at: float | None = None
    """When the first byte of a pack was sent, on the clock of `time.perf_counter`."""

    def forget(self) -> None:
        """Count from here."""
        self.sent_bytes = self.requests = 0
        self.first_pack_at = None

    @contextmanager
    def serving(self) -> Iterator[Self]:
        with _Http(self) as http:
            self.url = f"http://127.0.0.1:{http.server_port}"
            thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                http.shutdown()
                thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, counting: GitServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.counting = counting


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        pass

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes) -> None:
        server = self._counting()
        server.requests += 1
        if self.headers.get("authorization") != AUTHORIZATION:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("git-protocol", ""),
        }
        with subprocess.Popen(
            ("git", "http-backend"),
            env={**ENVIRONMENT, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as backend:
            self._carry(backend, body)

    def _carry(self, backend: subprocess.Popen[bytes], body: bytes) -> None:
        """The length of the answer is not known before its end, so the connection ends with it (HTTP/1.0)."""
        assert backend.stdin is not None
        assert backend.stdout is not None
        backend.stdin.write(body)
        backend.stdin.close()
        server = self._counting()
        status, headers = 200, []
        while line := backend.stdout.readline().strip():
            name, _, value = line.decode().partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        while piece := backend.stdout.read1(_PIECE):  # type: ignore[attr-defined]  # a buffered reader
            if server.first_pack_at is None and b"PACK" in piece:
                server.first_pack_at = time.perf_counter()
            server.sent_bytes += len(piece)
            self.wfile.write(piece)

    def _counting(self) -> GitServer:
        assert isinstance(self.server, _Http)
        return self.server.counting
