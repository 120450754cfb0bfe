"""Reads a request body under limits while checking its signature, before anything else sees a byte of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from app.adapters.github.signature import SignatureCheck

MAX_BODY_BYTES = 25 * 1024 * 1024
"""GitHub's own cap on payloads. Source: GitHub Docs, "Webhook events and payloads"."""

READ_SECONDS = 10.0

_LENGTH = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP status and a short constant text; never an echo of the request."""

    status: int
    text: str


TOO_LARGE = Refused(413, "the body is larger than 25 MB")
BAD_SIGNATURE = Refused(401, "the signature does not match")
TOO_SLOW = Refused(408, "the body did not arrive in time")
GONE = Refused(400, "the connection closed in mid-body")


async def verified_body(request: Request, secrets: tuple[bytes, ...]) -> bytes | Refused:
    """The raw body if it is small enough, fast enough and signed by GitHub."""
    length = request.headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length) or int(length) > MAX_BODY_BYTES:
        return TOO_LARGE
    check = SignatureCheck(secrets)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > MAX_BODY_BYTES:
                    return TOO_LARGE
                check.update(piece)
                pieces.append(piece)
    except TimeoutError:
        return TOO_SLOW
    except ClientDisconnect:
        return GONE
    if not check.holds(_raw_header(request, b"x-hub-signature-256")):
        return BAD_SIGNATURE
    return b"".join(pieces)


def _raw_header(request: Request, name: bytes) -> bytes | None:
    """The header's bytes as sent; None when it is absent or given twice."""
    found = [value for key, value in request.headers.raw if key == name]
    return found[0] if len(found) == 1 else None
