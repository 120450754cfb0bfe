"""A server that speaks Redis' protocol and says what a test wants: answers that a real server gives only in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

Answer = bytes
"""Bytes as they go over the wire."""


class Cut(bytes):
    """The beginning of an answer, after which the connection is reset."""


@asynccontextmanager
async def answering(answers: Mapping[str, Answer]) -> AsyncIterator[int]:
    """Its port. `answers`: by the first word of a command, in capitals; what is not there is `+OK`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while words := await _command(reader):
                answer = answers.get(words[0].decode().upper(), b"+OK\r\n")
                writer.write(answer)
                await writer.drain()
                if isinstance(answer, Cut):
                    writer.transport.abort()
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
