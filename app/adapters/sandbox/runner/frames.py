"""Frames on a stream between worker and runner: a JSON header and a payload, both of bounded size.

The other side may be anything that broke out of a sandbox: what does not fit ends the connection.
"""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass

_LENGTHS = struct.Struct(">II")
_MOST_HEADER = 2 << 20
"""The longest command line is 4,096 arguments; Linux gives all of it 2 MiB (execve(2))."""
MOST_PAYLOAD = 16 << 20
"""So much of a file can be read or written at once."""


class FrameInvalid(Exception):
    """What came is no frame; the stream is of no further use."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it travels."""

    header: dict[str, object]
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """The bytes of a frame; ValueError for one that the other side would refuse."""
    header = json.dumps(frame.header, separators=(",", ":")).encode("ascii")
    if len(header) > _MOST_HEADER or len(frame.payload) > MOST_PAYLOAD:
        raise ValueError(f"a frame of {len(header)} and {len(frame.payload)} bytes is too large to be sent")
    return b"".join((_LENGTHS.pack(len(header), len(frame.payload)), header, frame.payload))


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame; None when the other side ended the stream between two. Raises FrameInvalid."""
    try:
        lengths = await reader.readexactly(_LENGTHS.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameInvalid("the stream ends within a frame") from None
        return None
    except OSError:  # the other side is gone and did not read what was still on its way
        return None
    header_size, payload_size = _LENGTHS.unpack(lengths)
    if header_size > _MOST_HEADER or payload_size > MOST_PAYLOAD:
        raise FrameInvalid(f"a frame of {header_size} and {payload_size} bytes is too large")
    try:
        text = await reader.readexactly(header_size)
        payload = await reader.readexactly(payload_size)
    except (asyncio.IncompleteReadError, OSError):
        raise FrameInvalid("the stream ends within a frame") from None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameInvalid("a frame's header is no JSON") from None
    if not isinstance(header, dict):
        raise FrameInvalid("a frame's header is no JSON object")
    return Frame(header, payload)
