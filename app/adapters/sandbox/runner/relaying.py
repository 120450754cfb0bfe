"""What a runner says of itself, for its worker's log. It may have been taken over: no line is believed to be clean."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from io import FileIO

from app.domain.visible import visible

_log = logging.getLogger("runner")

_READ_BYTES = 1 << 14
_LONGEST_BYTES = 1 << 16
"""Of a line as it comes, which may be JSON with a traceback in it."""
_LONGEST_TOLD = 2_000
_MOST_LINES = 300
_IN_SECONDS = 60.0
_LAST_SECONDS = 2.0
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

Clock = Callable[[], float]


@dataclass(slots=True)
class Relay:
    """Lines from pieces of output, into the log `runner`: not too long, not too many, and nothing in them hidden."""

    clock: Clock
    """In seconds."""
    last_words: str = ""
    """The last line that was told."""
    _part: bytearray = field(default_factory=bytearray)
    _since: float = float("-inf")
    _told: int = 0

    def take(self, data: bytes) -> None:
        """More output."""
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._keep(piece)
            self.finish()
        self._keep(rest)

    def finish(self) -> None:
        """What came is a line, also without its end."""
        line = self._part.decode(errors="replace").strip()
        self._part.clear()
        for level, text in _events(line):
            if words := visible(" ".join(text.split())[:_LONGEST_TOLD]):
                self._tell(level, words)

    def _keep(self, piece: bytes) -> None:
        self._part += piece[: _LONGEST_BYTES - len(self._part)]

    def _tell(self, level: int, words: str) -> None:
        self.last_words = words
        if self.clock() - self._since > _IN_SECONDS:
            self._since, self._told = self.clock(), 0
        self._told += 1
        if self._told <= _MOST_LINES:
            _log.log(level, "%s", words)
        elif self._told == _MOST_LINES + 1:
            _log.warning("the runner says too much: the rest of this minute is left out")


@contextlib.asynccontextmanager
async def relaying() -> AsyncIterator[tuple[Relay, FileIO]]:
    """A pipe for a runner's output, which is read until the context ends. The writer never waits: what does not fit
    in is lost to it. Raises OSError when there can be no pipe.
    """
    loop = asyncio.get_running_loop()
    ours, theirs = os.pipe()
    with FileIO(theirs, "w") as writing, FileIO(ours) as reading:
        os.set_blocking(theirs, False)
        relay, reader = Relay(loop.time), asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), reading)
        task = asyncio.create_task(_read(reader, relay))
        try:
            yield relay, writing
        finally:
            writing.close()
            try:
                await asyncio.wait((task,), timeout=_LAST_SECONDS)
            finally:
                task.cancel()
                transport.close()


async def _read(reader: asyncio.StreamReader, relay: Relay) -> None:
    while data := await reader.read(_READ_BYTES):
        relay.take(data)
    relay.finish()


def _events(line: str) -> Iterator[tuple[int, str]]:
    """What a line of our own log in JSON tells; anything else is told as it is."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        event = json.loads(line)
        level, message = _LEVELS.get(event.get("level"), logging.INFO), event.get("message")
        if isinstance(message, str):
            yield level, message.removeprefix("runner: ")
            yield from ((level, text) for text in str(event.get("traceback", "")).splitlines())
            return
    yield logging.INFO, line
