"""One connection, seen from the runner: a line with messages in and out, its place among others, and its greeting."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import TypeVar

from app.adapters.sandbox.files.environments import Environments
from app.adapters.sandbox.files.kept import KeptWorkspaces
from app.adapters.sandbox.files.workspaces import Claim
from app.adapters.sandbox.isolation.plan import Toolchain
from app.adapters.sandbox.network.setup_network import SetupNetwork
from app.adapters.sandbox.runner.frames import FrameInvalid, encode, read_frame
from app.adapters.sandbox.runner.messages import VERSION, Hello, Message, Ready, Refused, from_frame, to_frame
from app.adapters.sandbox.running.launcher import Launcher
from app.domain.sandbox import Isolation

T = TypeVar("T")

_READ_AHEAD = 4
_LINE_SECONDS = 120.0
_PREPARE_SECONDS = 1_800.0
_LEAVE_SECONDS = 30.0


class WorkerGone(Exception):
    """The worker ended the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What all connections share."""

    isolation: Isolation
    launcher: Launcher | None
    """None where the host cannot isolate."""
    workspaces: Claim
    kept: KeptWorkspaces
    environments: Environments
    toolchain: Toolchain
    at_once: asyncio.Semaphore
    setup_network: SetupNetwork | None = None
    """None where setup has none."""
    line_seconds: float = _LINE_SECONDS
    """So long a worker waits for a place before it is told to come back."""
    prepare_seconds: float = _PREPARE_SECONDS
    """So long it waits for somebody else who is preparing the environment that it wants."""


@dataclass(slots=True)
class Line:
    """One connection: messages in, messages out. What comes ahead of its turn waits, a little of it in memory."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _inbox: asyncio.Queue[tuple[Message, bytes] | FrameInvalid | None] = field(
        default_factory=lambda: asyncio.Queue(_READ_AHEAD)
    )

    async def receive(self) -> tuple[Message, bytes]:
        """Raises WorkerGone, FrameInvalid."""
        got = await self._inbox.get()
        if got is None:
            raise WorkerGone
        if isinstance(got, FrameInvalid):
            raise got
        return got

    async def send(self, message: Message, payload: bytes = b"") -> None:
        """Waits while the worker is slow to read. Raises WorkerGone when it is gone."""
        try:
            self.writer.write(encode(to_frame(message, payload)))
            await self.writer.drain()
        except OSError:
            raise WorkerGone from None

    async def leave(self, refusal: Refused) -> None:
        """Say why, and wait a while until the worker is gone: a connection that is closed while the worker still sends
        loses what it was told. Raises WorkerGone.
        """
        await self.send(refusal)
        with contextlib.suppress(TimeoutError, FrameInvalid):
            async with asyncio.timeout(_LEAVE_SECONDS):
                while True:
                    await self.receive()
        raise WorkerGone

    async def while_there(self, doing: Coroutine[object, object, T]) -> T:
        """What it comes to, or WorkerGone, after cancelling it, as soon as the worker is gone."""
        task = asyncio.create_task(doing)
        gone = asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise WorkerGone
            return task.result()
        finally:
            for each in (task, gone):
                each.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    async def read_all(self) -> None:
        """Reads until the worker ends the connection; runs beside everything else."""
        while True:
            try:
                frame = await read_frame(self.reader)
                got = None if frame is None else (from_frame(frame), frame.payload)
            except FrameInvalid as error:
                self._gone.set()
                await self._inbox.put(error)
                return
            if got is None:
                self._gone.set()
            await self._inbox.put(got)
            if got is None:
                return


@contextlib.asynccontextmanager
async def open_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[Line]:
    """A connection that is closed when the context ends, whatever the other side does."""
    line = Line(reader, writer)
    reading = asyncio.create_task(line.read_all())
    try:
        yield line
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def greet(line: Line, isolation: Isolation) -> None:
    """The first words of a connection. Raises FrameInvalid when the worker is of another version."""
    message, _ = await line.receive()
    if not isinstance(message, Hello) or message.version != VERSION:
        await line.send(
            Refused(f"this runner speaks version {VERSION} of the protocol; update both sides", over=True, later=False)
        )
        raise FrameInvalid("the worker speaks another version")
    await line.send(
        Ready(
            version=VERSION,
            mode=isolation.mode.value,
            reason=isolation.reason,
            remedy=isolation.remedy,
            cgroup=isolation.cgroup,
            own_user=isolation.own_user,
            probes=tuple(name for name, passed in isolation.probes if passed),
            failed=tuple(name for name, passed in isolation.probes if not passed),
        )
    )


@contextlib.asynccontextmanager
async def place(line: Line, at_once: asyncio.Semaphore, seconds: float) -> AsyncIterator[bool]:
    """Whether a place came free in time; it is given back at the end, also one that came when nobody waited any more.

    Raises WorkerGone.
    """
    taking = asyncio.create_task(at_once.acquire())
    try:
        await line.while_there(asyncio.wait((taking,), timeout=seconds))
        yield taking.done()
    finally:
        taking.cancel()
        taking.add_done_callback(lambda taken: None if taken.cancelled() else at_once.release())
