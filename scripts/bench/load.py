"""A small load generator over kept connections: so many requests in flight, or so many a second."""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ACCEPTED = (b"HTTP/1.1 202 ", b"HTTP/1.1 200 ")
"""The second is what other products say."""
_STAGE_SECONDS = 60.0


class WrongAnswer(Exception):
    """A server did something else than its work; what it was measured at means nothing then."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took."""

    seconds: float
    latencies: tuple[float, ...]
    """Seconds from the moment a request was due, so that waiting for a free connection counts."""


async def in_flight(port: int, requests: Sequence[bytes], *, connections: int, expect: bytes) -> Stage:
    """Sends all requests, `connections` at a time, as fast as they are answered. Raises WrongAnswer."""
    latencies: list[float] = []
    waiting = iter(requests)

    async def drive(connection: _Connection) -> None:
        for request in waiting:
            began = time.perf_counter()
            await connection.ask(request)
            latencies.append(time.perf_counter() - began)

    async with _connected(port, connections, expect) as opened:
        with _undisturbed():
            began = time.perf_counter()
            async with asyncio.timeout(_STAGE_SECONDS), asyncio.TaskGroup() as group:
                for connection in opened:
                    group.create_task(drive(connection))
            return Stage(time.perf_counter() - began, tuple(latencies))


async def at_rate(port: int, requests: Sequence[bytes], *, rate: int, connections: int, expect: bytes) -> Stage:
    """Sends `rate` requests a second whether or not earlier ones were answered. Raises WrongAnswer."""
    latencies: list[float] = []

    async def one(request: bytes, idle: asyncio.Queue[_Connection]) -> None:
        # From here and not from the planned moment: that this process woke up late is not the server's fault.
        began = time.perf_counter()
        connection = await idle.get()
        await connection.ask(request)
        idle.put_nowait(connection)
        latencies.append(time.perf_counter() - began)

    async with _connected(port, connections, expect) as opened:
        idle: asyncio.Queue[_Connection] = asyncio.Queue()
        for connection in opened:
            idle.put_nowait(connection)
        with _undisturbed():
            began = time.perf_counter()
            async with asyncio.timeout(_STAGE_SECONDS), asyncio.TaskGroup() as group:
                for number, request in enumerate(requests):
                    await asyncio.sleep(began + number / rate - time.perf_counter())
                    group.create_task(one(request, idle))
            return Stage(time.perf_counter() - began, tuple(latencies))


class _Connection(asyncio.Protocol):
    """Sends one request at a time and waits for its answer."""

    def __init__(self, expect: bytes) -> None:
        self._expect = expect
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None
        self._answered: asyncio.Future[None] | None = None

    async def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length is not None and len(body) < int(length[1])):
            return
        whole, self._received = self._received, b""
        if not whole.startswith(_ACCEPTED) or self._expect not in body:
            self._finish(WrongAnswer(f"wanted 202 or 200 with {self._expect!r}, got {whole[:300]!r}"))
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(WrongAnswer(f"the server closed the connection: {exc}"))

    def _finish(self, error: Exception | None) -> None:
        if self._answered is None or self._answered.done():
            return
        if error is None:
            self._answered.set_result(None)
        else:
            self._answered.set_exception(error)


@asynccontextmanager
async def _connected(port: int, connections: int, expect: bytes) -> AsyncIterator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    opened: list[_Connection] = []
    try:
        for _ in range(connections):
            _, connection = await loop.create_connection(lambda: _Connection(expect), "127.0.0.1", port)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection of ours while somebody else is measured."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
