"""Carries what a command prints to whoever wants it, no faster than it is taken, and counts it against a limit."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.running.waiting import readable, surely_done
from app.domain.sandbox import Stream
from app.ports.sandbox import Output

_CHUNK_BYTES = 64 << 10
_MOST_READS = 256
"""For one chunk: a command can have its pipe give a byte at a time (`O_DIRECT`, pipe(2)), 256 before it is full."""
_SMALL_BYTES = 4 << 10
_GATHER_SECONDS = 0.01
"""Smaller chunks are handed on no more often than this."""
_HEAD_BYTES = 4096


class Printed:
    """Two pipes, or one, from a command to `output`; nothing is read before `begin`.

    A command can open its end of a pipe for reading, too, so what there was to read may be gone when we read.
    """

    def __init__(self, pipes: dict[Stream, int], output: Output, most_bytes: int) -> None:
        self.bytes = 0
        """All that was printed."""
        self.head = b""
        """The first of it on the stream for errors."""
        self._pipes = pipes
        self._output = output
        self._most_bytes = most_bytes
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors = Stream.ERR if Stream.ERR in pipes else Stream.OUT
        for descriptor in pipes.values():
            os.set_blocking(descriptor, False)

    def begin(self, *, too_much: Callable[[], None], failed: Callable[[], None]) -> None:
        """Start to read. `too_much` is called at the limit, beyond which nothing is handed on; `failed` when
        `output` raised, or a pipe cannot be read.
        """

        def look(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and task.exception() is not None:
                failed()

        for stream, descriptor in self._pipes.items():
            task = asyncio.create_task(self._carry(stream, descriptor, too_much))
            task.add_done_callback(look)
            self._tasks.add(task)

    async def _carry(self, stream: Stream, descriptor: int, too_much: Callable[[], None]) -> None:
        more, handed_on = True, 0.0
        while more:
            await readable(descriptor)
            chunk, more = _gathered(descriptor, _CHUNK_BYTES)
            early = handed_on + _GATHER_SECONDS - time.monotonic()
            if more and len(chunk) < _SMALL_BYTES and early > 0:
                await asyncio.sleep(early)
                rest, more = _gathered(descriptor, _CHUNK_BYTES - len(chunk))
                chunk += rest
            handed_on = time.monotonic()
            room = max(0, self._most_bytes - self.bytes)
            self._count(stream, chunk)
            if len(chunk) > room:
                too_much()
            if chunk and room:
                await self._output(stream, chunk[:room])

    def _count(self, stream: Stream, chunk: bytes) -> None:
        self.bytes += len(chunk)
        if stream is self._errors and len(self.head) < _HEAD_BYTES:
            self.head = (self.head + chunk)[:_HEAD_BYTES]

    async def finish(self, seconds: float) -> None:
        """Once nobody can print any more: hand on what is left, for so long.

        Raises what `output` raised, and LaunchFailed for what cannot be read.
        """
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self.stop()
        for task in self._tasks:
            if not task.cancelled():
                task.result()
        for stream, descriptor in self._pipes.items():
            while chunk := _gathered(descriptor, _CHUNK_BYTES)[0]:
                self._count(stream, chunk)

    async def stop(self) -> None:
        """Hand on nothing more. A cancellation is raised at the end."""
        for task in self._tasks:
            task.cancel()
        await surely_done(self._tasks)


def _gathered(descriptor: int, most: int) -> tuple[bytes, bool]:
    """What a pipe holds, at most so much, and whether more may come. Raises LaunchFailed."""
    chunk = bytearray()
    for _ in range(_MOST_READS):
        try:
            read = os.read(descriptor, most - len(chunk))
        except BlockingIOError:
            break
        except OSError as error:  # of a page that a command has spliced in and that is lost
            raise LaunchFailed(f"what a command prints cannot be read: {error}") from error
        chunk += read
        if not read or len(chunk) == most:
            return bytes(chunk), bool(read)
    return bytes(chunk), True
