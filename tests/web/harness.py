"""A web process in memory for the webhook tests: a real application over an intake that only remembers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from app.domain.errors import LedgerUnavailable
from app.domain.events import Delivery
from app.domain.jobs import RowKey
from app.domain.row import Note, Wanted
from app.domain.sandbox import Isolation
from app.web.main import create_app
from app.wiring.web import WebServices

SECRET = b"a-test-secret-of-more-than-32-bytes!"
OLD_SECRET = b"the-previous-secret-of-the-same-kind"
OUR_APP = 42
"""Of the App for which this process takes webhooks in."""


def signature(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def payload(**changes: Any) -> dict[str, Any]:
    plain = {
        "action": "opened",
        "pull_request": {"number": 7, "state": "open", "draft": False, "head": {"sha": "b" * 40}},
        "repository": {"id": 22, "full_name": "acme/web", "owner": {"id": 5}},
        "installation": {"id": 11},
    }
    return plain | changes


@dataclass
class Taken:
    """Implements ports.Intake in memory."""

    rows: list[tuple[RowKey, Wanted]]
    seen: set[str]
    down: bool = False
    isolations: tuple[Isolation, ...] = ()
    receipts: dict[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    also: list[RowKey] = field(default_factory=list)

    async def accept(
        self,
        delivery: Delivery,
        row: RowKey,
        wanted: Wanted,
        *,
        also: tuple[RowKey, ...] = (),
        note: Note | None = None,
    ) -> bool:
        if self.down:
            raise LedgerUnavailable("Redis: ConnectionError: refused")
        if {delivery.id, delivery.digest} & self.seen:
            return False
        self.seen |= {delivery.id, delivery.digest}
        self.rows.append((row, wanted))
        self.also += also
        self.notes += [note] if note is not None else []
        return True

    async def recall(self, run_id: str) -> bytes | None:
        """Of ports.Receipts, as `keep` is."""
        if self.down:
            raise LedgerUnavailable("Redis: ConnectionError: refused")
        return self.receipts.get(run_id)

    async def keep(self, run_id: str, receipt: bytes) -> bool:
        self.receipts[run_id] = receipt
        return True


@dataclass
class Web:
    client: httpx.AsyncClient
    taken: Taken
    app: FastAPI
    count: int = 0

    async def post(self, body: object, *, event: str = "pull_request", **headers: str) -> httpx.Response:
        """A signed delivery; keyword arguments replace headers, an empty value takes one away."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.count += 1
        sent = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-github-delivery": f"delivery-{self.count}",
            "x-hub-signature-256": signature(raw),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/webhooks/github", content=raw, headers={k: v for k, v in sent.items() if v})


@asynccontextmanager
async def open_web(*, allowed_accounts: frozenset[int] = frozenset()) -> AsyncIterator[Web]:
    taken = Taken([], set())

    @asynccontextmanager
    async def services() -> AsyncIterator[WebServices]:
        async def ready() -> None:
            if taken.down:
                raise LedgerUnavailable("down")

        async def isolations() -> tuple[Isolation, ...]:
            return taken.isolations

        yield WebServices(taken, ready, isolations, (SECRET, OLD_SECRET), allowed_accounts, OUR_APP, taken)

    app = create_app(services)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://web.test") as client:
            yield Web(client, taken, app)
