"""What tests of the proxy share: a server on this machine, a proxy before it, and names that lead where a test says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from app.adapters.sandbox.network.account import Account, NetworkLimits
from app.adapters.sandbox.network.proxy import Proxy
from app.domain.setup_hosts import Address, setup_hosts

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Names:
    """A resolver: each question takes the next answer, and the last one stays."""

    known: Mapping[str, Sequence[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, name: str) -> Sequence[Address]:
        self.asked.append(name)
        if name not in self.known:
            raise OSError(-2, "Name or service not known")
        answers = self.known[name]
        answer = answers[min(self.asked.count(name), len(answers)) - 1]
        return [ip_address(address) for address in answer]


@dataclass
class Upstream:
    """A server that remembers what was said to it."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def upstream(serve: Serve | None = None) -> AsyncIterator[Upstream]:
    """Echoes, unless told otherwise."""
    made = Upstream(0)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                made.heard.append(data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        writer.close()

    server = await asyncio.start_server(serve or echo, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@dataclass
class Front:
    """A proxy, as a client sees it."""

    port: int
    account: Account

    async def say(self, said: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(said)
        return reader, writer

    async def answered(self, said: bytes) -> str:
        """All that comes until the other side ends it."""
        reader, writer = await self.say(said)
        try:
            async with asyncio.timeout(30):
                return (await reader.read(-1)).decode()
        finally:
            writer.close()

    async def tunnel(self, place: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.say(f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        return reader, writer


@asynccontextmanager
async def proxy(hosts: str, names: Names, **limits: float) -> AsyncIterator[Front]:
    account = Account(NetworkLimits(**limits), time.monotonic)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        served = Proxy(hosts=setup_hosts(hosts), resolve=names, account=account)
        serving = asyncio.create_task(served.serve(listener))
        try:
            yield Front(listener.getsockname()[1], account)
        finally:
            assert not serving.done(), serving
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
