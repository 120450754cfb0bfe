"""The proxy that a project's setup talks to: hosts that the operator allows, bounded in every direction.

It listens inside the sandbox and runs outside: a socket keeps the network namespace in which it was made. It believes
nothing that comes from either side, and passes on bytes only between the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from app.adapters.sandbox.network.account import Account, Spent, Traffic
from app.adapters.sandbox.network.outside import NotPublic, Resolve, connected
from app.adapters.sandbox.network.requests import Asked, BadRequest, read_request
from app.domain.setup_hosts import HTTPS_PORT, SetupHost, SetupHosts

_log = logging.getLogger(__name__)

SETTING = "REVWRIGHT_SETUP_HOSTS"
_CHUNK = 1 << 16
_END = b"\r\n\r\n"
_PAUSE_SECONDS = 1.0
_CLOSING_SECONDS = 2.0
_BAD_REQUEST, _FORBIDDEN, _BAD_GATEWAY = "400 Bad Request", f"403 Not allowed by {SETTING}", "502 Bad Gateway"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Refused(Exception):
    """A client is told why."""

    def __init__(self, status: str, words: str, note: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.note = note


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """For one setup; nothing of it is shared with another."""

    hosts: SetupHosts
    resolve: Resolve
    account: Account

    async def serve(self, listener: socket.socket) -> None:
        """Until it is cancelled; no connection is left then."""
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(self.account.limits.connections)
        async with asyncio.TaskGroup() as serving:
            while True:
                await places.acquire()  # what is not taken waits in the kernel, a little of it
                try:
                    connection, _ = await loop.sock_accept(listener)
                except OSError as error:  # such as too many open files; the next one may find fewer
                    _log.error("runner: a setup's connection cannot be taken: %s", error.strerror)
                    places.release()
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                serving.create_task(self._served(connection)).add_done_callback(lambda _: places.release())

    async def _served(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            async with _opened(connection, self.account.limits.head_bytes) as client:
                try:
                    await self._answered(client)
                except _Refused as refused:
                    self.account.refuse(str(refused), refused.note)
                    client[1].write(_answer(refused))

    async def _answered(self, client: Stream) -> None:
        asked = await self._heard(client[0])
        if asked is None:
            return
        host = self.hosts.of(asked.host, asked.port)
        if host is None or (not asked.tunnel and asked.port == HTTPS_PORT):
            raise _Refused(_FORBIDDEN, f"setup asked for {asked.place}, which the operator does not allow ({SETTING})")
        try:
            self.account.check()
        except Spent as spent:
            raise _Refused(_FORBIDDEN, str(spent)) from None
        async with _opened(await self._connected(asked, host), _CHUNK) as server:
            traffic = self.account.connected(asked.place)
            if asked.tunnel:
                client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server[1].write(asked.head)
            await self._pass_on(asked, client, server, traffic)

    async def _heard(self, reader: asyncio.StreamReader) -> Asked | None:
        """None for a client that left, or did not say what it wants."""
        limits = self.account.limits
        try:
            async with asyncio.timeout(limits.head_seconds):
                head = await reader.readuntil(_END)
            return read_request(head)
        except (asyncio.IncompleteReadError, TimeoutError):
            return None
        except asyncio.LimitOverrunError:
            raise _Refused(_BAD_REQUEST, f"setup sent a request of over {limits.head_bytes} bytes") from None
        except BadRequest as error:
            raise _Refused(_BAD_REQUEST, f"setup sent a request that is not served: {error}") from None

    async def _connected(self, asked: Asked, host: SetupHost) -> socket.socket:
        seconds = self.account.limits.connect_seconds
        try:
            return await connected(self.resolve, asked.host, asked.port, private=host.private, seconds=seconds)
        except NotPublic as error:
            words = (
                f"setup asked for {asked.place}, which is not at a public address; for a host of the operator's own it "
                f"has to be named with /private ({SETTING})"
            )
            raise _Refused(_FORBIDDEN, words, f"it is at {error}") from None
        except TimeoutError:
            why = f"does not answer in {seconds:g} s"
        except OSError as error:
            why = f"cannot be reached: {error.strerror or error}"
        raise _Refused(_BAD_GATEWAY, f"setup asked for {asked.place}, which {why}")

    async def _pass_on(self, asked: Asked, client: Stream, server: Stream, traffic: Traffic) -> None:
        """Until both sides have said all, one is gone, both are silent for too long, or a limit is reached."""

        def heard(size: int) -> None:
            self.account.count(traffic, received=size)
            self._wait_anew(patience)

        def said(size: int) -> None:
            self.account.count(traffic, sent=size)
            self._wait_anew(patience)

        try:
            async with asyncio.timeout(None) as patience, asyncio.TaskGroup() as ways:
                said(len(asked.head))
                ways.create_task(_pump(server[0], client[1], heard))
                if asked.tunnel:  # else all was said with the head
                    ways.create_task(_pump(client[0], server[1], said))
        except* Spent as spent:
            self.account.refuse(str(spent.exceptions[0]))
        except* OSError as error:
            _log.debug("runner: a connection of setup with %s ended: %s", asked.place, error.exceptions)

    def _wait_anew(self, patience: asyncio.Timeout) -> None:
        if not patience.expired():
            seconds = min(self.account.limits.idle_seconds, max(0.0, self.account.seconds_left))
            patience.reschedule(asyncio.get_running_loop().time() + seconds)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Callable[[int], None]) -> None:
    """To the end of what is said. Raises OSError, and what `count` does."""
    while data := await reader.read(_CHUNK):
        count(len(data))
        writer.write(data)
        await writer.drain()
    writer.write_eof()


@contextlib.asynccontextmanager
async def _opened(connection: socket.socket, limit: int) -> AsyncIterator[Stream]:
    """Closed at the end, whatever the other side does. Raises OSError."""
    with contextlib.ExitStack() as undo:
        undo.enter_context(connection)
        reader, writer = await asyncio.open_connection(sock=connection, limit=limit)
        undo.pop_all()
    try:
        yield reader, writer
    finally:
        writer.close()
        try:
            with contextlib.suppress(OSError):  # of a time-out, too
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await writer.wait_closed()
        finally:
            writer.transport.abort()


def _answer(refused: _Refused) -> bytes:
    body = f"revwright: {refused}\n".encode()
    head = (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
