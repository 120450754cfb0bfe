"""Stations: the moments when a certain call arrives at a stand-in, or when its answer is about to leave.

An ASGI layer before the stand-ins logs every call and holds those at which a scenario wants something to happen, so
that it happens in mid-run and not by luck of timing.
"""

from __future__ import annotations

import asyncio
import json
import queue
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

When = Literal["before", "after"]
"""Before the stand-in has acted on the call, or after: the effect is there, the answer is not."""

STATIONS: dict[str, tuple[str, re.Pattern[str]]] = {
    "mint a token": ("POST", re.compile(r"/access_tokens$")),
    "create a check run": ("POST", re.compile(r"/check-runs$")),
    "update a check run": ("PATCH", re.compile(r"/check-runs/\d+$")),
    "read the pull request": ("GET", re.compile(r"/pulls/\d+$")),
    "connect git": ("GET", re.compile(r"/info/refs$")),
    "talk git": ("POST", re.compile(r"/git-upload-pack$")),
    "ask the model": ("POST", re.compile(r"^/v1/responses$")),
    "post a review": ("POST", re.compile(r"/pulls/\d+/reviews$")),
    "post a comment": ("POST", re.compile(r"/issues/\d+/comments$")),
    "edit the comment": ("PATCH", re.compile(r"/issues/comments/\d+$")),
}
_HOLD_SECONDS = 30.0
_GONE_SECONDS = 3.0


@dataclass(slots=True, eq=False)
class Exchange:
    """One call. Times are of the monotonic clock."""

    method: str
    path: str
    body: bytes
    port: int
    """The caller's."""
    arrived: float = field(default_factory=time.monotonic)
    left: float | None = None
    """When the answer left, or None if none did."""
    status: int | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else {}

    def at(self, station: str) -> bool:
        method, path = STATIONS[station]
        return self.method == method and path.search(self.path) is not None


@dataclass(slots=True, eq=False)
class Stop:
    """A station at which the scenario `name`s something to happen, at the `nth` call that `concerns` it."""

    name: int
    station: str
    when: When
    nth: int
    concerns: Callable[[Exchange], bool]


@dataclass(slots=True, eq=False)
class Held:
    """A call that stands at its station until it is let go."""

    stop: Stop
    exchange: Exchange
    go: Future[bool] = field(default_factory=Future)

    def release(self, *, lost: bool = False) -> None:
        """`lost`: the call does not reach the stand-in, if its caller is indeed gone."""
        if not self.go.done():
            self.go.set_result(not lost)


class Board:
    """What was called, and what is held; shared by the threads of the stand-ins and the thread of the scenario."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Stop] = []
        self.held: queue.Queue[Held] = queue.Queue()
        self.log: list[Exchange] = []

    def arm(self, stops: list[Stop]) -> None:
        with self._lock:
            self._stops = list(stops)
            self.log = []

    def disarm(self) -> set[int]:
        """The names of the stops that nothing came by; nothing is held from now on."""
        with self._lock:
            left, self._stops = {stop.name for stop in self._stops}, []
        return left

    def note(self, exchange: Exchange) -> None:
        with self._lock:
            self.log.append(exchange)

    def hold(self, exchange: Exchange, when: When) -> Held | None:
        with self._lock:
            for stop in self._stops:
                if stop.when == when and exchange.at(stop.station) and stop.concerns(exchange):
                    stop.nth -= 1
                    if stop.nth == 0:
                        self._stops.remove(stop)
                        held = Held(stop, exchange)
                        self.held.put(held)
                        return held
        return None


@dataclass(frozen=True, slots=True)
class Stations:
    """The layer: an ASGI application around a stand-in's."""

    app: ASGIApp
    board: Board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        if body is None:
            return
        exchange = Exchange(scope["method"], scope["raw_path"].decode("ascii"), body, scope["client"][1])
        self.board.note(exchange)
        if not await self._passes(exchange, "before") and await _gone(receive):
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._passes(exchange, "after")
                exchange.left, exchange.status = time.monotonic(), message["status"]
            await send(message)

        await self.app(scope, again, answer)

    async def _passes(self, exchange: Exchange, when: When) -> bool:
        held = self.board.hold(exchange, when)
        if held is None:
            return True
        return await asyncio.wait_for(asyncio.wrap_future(held.go), _HOLD_SECONDS)


async def _whole(receive: Receive) -> bytes | None:
    """The body; None when the caller left before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _gone(receive: Receive) -> bool:
    """Whether the caller has closed the connection."""
    try:
        async with asyncio.timeout(_GONE_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
