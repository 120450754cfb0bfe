"""The storage of GitHub Actions' logs: links that are signed, and good without a token only."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from tests.fakes.github.state import FakeGitHub

STORAGE: Final = "/_storage/"
_RANGE: Final = re.compile(r"bytes=(\d*)-")
_SUFFIX: Final = re.compile(r"bytes=-(\d+)")


@dataclass(frozen=True, slots=True)
class StorageCall:
    """One request to the storage, as tests look at it."""

    host: str
    authorization: str | None
    range: str | None
    status: int


class JobLogs:
    """What jobs printed. As of the real storage, it depends on the place whether the end of a log can be asked for."""

    def __init__(self, fake: FakeGitHub) -> None:
        """Start without logs, on the stand-in's own host, with a storage that knows all ranges."""
        self._fake = fake
        self._logs: dict[str, bytes] = {}
        self.origin: str | None = None
        self.ranges = True
        self.suffixes = True
        self.requests: list[StorageCall] = []

    def put(self, job: int, log: bytes) -> None:
        """Keep the log of a job, which has the id of its check run."""
        self._logs[str(job)] = log

    def link(self, job: int) -> str | None:
        """A link to the log, if there is one."""
        if str(job) not in self._logs:
            return None
        return f"{self.origin or self._fake.url}{STORAGE}{job}?sig={self._signature(str(job))}"

    def answer(self, request: Request) -> Response:
        """The log, or the part of it that was asked for."""
        job, authorization = request.url.path.removeprefix(STORAGE), request.headers.get("authorization")
        wanted = request.headers.get("range")
        response = Response("two ways to sign in", 400)
        if authorization is None:
            allowed = request.query_params.get("sig") == self._signature(job) and job in self._logs
            response = self._part(self._logs[job], wanted) if allowed else Response("no", 403)
        self.requests.append(StorageCall(request.headers["host"], authorization, wanted, response.status_code))
        return response

    def _part(self, log: bytes, wanted: str | None) -> Response:
        headers = {"accept-ranges": "bytes"} if self.ranges else {}
        suffix, begins = _SUFFIX.fullmatch(wanted or ""), _RANGE.fullmatch(wanted or "")
        if not self.ranges or (suffix is None and begins is None) or (suffix is not None and not self.suffixes):
            return Response(log, 200, headers, "text/plain")
        start = max(len(log) - int(suffix[1]), 0) if suffix else int(begins[1]) if begins else 0
        if start >= len(log):
            return Response("", 416, headers | {"content-range": f"bytes */{len(log)}"})
        headers["content-range"] = f"bytes {start}-{len(log) - 1}/{len(log)}"
        return Response(log[start:], 206, headers, "text/plain")

    def _signature(self, job: str) -> str:
        return hashlib.sha256(f"{self._fake.app.id} {job}".encode()).hexdigest()[:32]
