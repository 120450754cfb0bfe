"""A server that speaks Redis' protocol and says what a test wants: answers that a real server gives only in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

Answer = bytes | None
"""Bytes as they go over the wire; None resets the connection instead."""


@asynccontextmanager
async def answering(answers: Mapping[str, Answer] | Callable[[list[bytes]], Answer]) -> AsyncIterator[int]:
    """Its port. `answers`: by the first word of a command, in capitals; what is not there is `+OK`."""
    say = answers if callable(answers) else lambda words: answers.get(words[0].decode().upper(), b"+OK\r\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while words := await _command(reader):
                answer = say(words)
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def bulk(text: str) -> bytes:
    """A string as an answer: https://redis.io/docs/latest/develop/reference/protocol-spec/#bulk-strings"""
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    """The words of a command: an array of bulk strings; none at the end of the connection."""
    head = await reader.readline()
    words = []
    for _ in range(int(head[1:] or b"0")):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2])
    return words
