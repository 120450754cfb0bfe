"""Stands between the emulator's webhooks and the product and writes both sides down; no byte is changed.

The emulator throws the answers to its webhooks away, and they are what tells whether the signature was accepted.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.foreign.serving import serving, wait_until

_PASSED_ON = ("content-type", "x-github-event", "x-github-delivery", "x-hub-signature-256")


@dataclass(frozen=True, slots=True)
class Relayed:
    """One delivery as it came, and the product's answer."""

    event: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: dict[str, Any]

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def about(self) -> tuple[str | None, int | None]:
        """The action, and the id of what it was done to; the payload names that after the event."""
        payload = self.payload
        return payload.get("action"), payload.get(self.event, {}).get("id")


@dataclass
class Relay:
    """`target` is the product's webhook URL, known only after the emulator was told ours."""

    url: str = ""
    target: str = ""
    _taken: list[Relayed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def deliveries(self) -> list[Relayed]:
        with self._lock:
            return list(self._taken)

    def the(self, event: str, action: str, id_: int) -> Relayed:
        """The one delivery of this event about the thing with this id; waited for, as nothing orders it with us."""

        def found() -> list[Relayed]:
            return [d for d in self.deliveries if d.event == event and d.about == (action, id_)]

        wait_until(lambda: bool(found()), seconds=15, what=lambda: f"{event}.{action} about {id_} is delivered")
        (delivery,) = found()
        return delivery

    def send(self, headers: dict[str, str], body: bytes) -> httpx.Response:
        """A delivery of our own making, straight to the product."""
        with httpx.Client(trust_env=False) as client:
            return client.post(self.target, content=body, headers=headers)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        async with httpx.AsyncClient(trust_env=False, timeout=15) as client:
            answer = await client.post(self.target, content=body, headers=headers)
        with self._lock:
            self._taken.append(Relayed(headers["x-github-event"], headers, body, answer.status_code, answer.json()))
        return Response(answer.content, answer.status_code)


@contextmanager
def relaying() -> Iterator[Relay]:
    """A relay that listens."""
    relay = Relay()
    with serving(Starlette(routes=[Route("/", relay.take, methods=["POST"])])) as url:
        relay.url = url + "/"
        yield relay
