"""Reads a request body under limits while checking its signature, before anything else sees a byte of it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import Receive, Scope

from app.adapters.github.signature import SignatureCheck

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 25 * 1024 * 1024
"""GitHub's own cap on payloads. Source: GitHub Docs, "Webhook events and payloads"."""

MAX_HELD_BYTES = 128 * 1024 * 1024
"""All bodies in flight together: five of the largest, or thousands of the usual 20 KB."""

READ_SECONDS = 10.0

_LENGTH = re.compile(rb"[0-9]{1,12}")
_SIGNATURE = re.compile(rb"sha256=[0-9a-f]{64}")

Take = Callable[[int], bool]
"""Takes so many bytes more of the budget; False, and nothing is taken, when they are not there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP status and a short constant text; never an echo of the request."""

    status: int
    text: str


TOO_LARGE = Refused(413, "the body is larger than 25 MB")
BAD_SIGNATURE = Refused(401, "the signature does not match")
TOO_SLOW = Refused(408, "the body did not arrive in time")
TOO_MANY = Refused(503, "too many bodies are being received; redeliver later")
GONE = Refused(400, "the connection closed in mid-body")


class BodyBudget:
    """How much memory the bodies of all requests in flight may take together.

    A body has to be held until its last byte, because only then is it known whether GitHub signed it: without a bound,
    whoever can reach the port decides how much memory this process takes.
    """

    def __init__(self, limit: int = MAX_HELD_BYTES) -> None:
        self._limit = limit
        self._held = 0

    @property
    def held(self) -> int:
        return self._held

    @contextmanager
    def share(self) -> Iterator[Take]:
        """One request's part. It is charged for what has arrived, not for what was announced; its end gives it back."""
        mine = 0

        def take(count: int) -> bool:
            nonlocal mine
            if self._held + count > self._limit:
                return False
            mine += count
            self._held += count
            return True

        try:
            yield take
        finally:
            self._held -= mine


async def verified_body(scope: Scope, receive: Receive, secrets: tuple[bytes, ...], take: Take) -> bytes | Refused:
    """The raw body if it is small enough, fast enough and signed by GitHub."""
    length = header(scope, b"content-length")
    if not _LENGTH.fullmatch(length or b"0") or int(length or 0) > MAX_BODY_BYTES:
        return TOO_LARGE
    signature = header(scope, b"x-hub-signature-256")
    if signature is None or not _SIGNATURE.fullmatch(signature):
        return BAD_SIGNATURE  # no body could make it match, so none is read
    check = SignatureCheck(secrets)
    # One buffer, not a list of pieces: a body sent byte by byte would take forty times its size as a list.
    body = bytearray()
    more = True
    try:
        async with asyncio.timeout(READ_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return GONE
                piece, more = message.get("body", b""), message.get("more_body", False)
                if len(body) + len(piece) > MAX_BODY_BYTES:
                    return TOO_LARGE
                if not take(len(piece)):
                    _log.warning("a request refused: the bodies in flight fill their memory budget")
                    return TOO_MANY
                check.update(piece)
                body += piece
    except TimeoutError:
        return TOO_SLOW
    return bytes(body) if check.holds(signature) else BAD_SIGNATURE


def header(scope: Scope, name: bytes) -> bytes | None:
    """The header's bytes as sent, by its name in small letters; None when it is absent or given twice."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else None
