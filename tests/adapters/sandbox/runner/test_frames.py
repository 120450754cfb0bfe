"""Frames between worker and runner: what one writes the other reads, and what does not fit ends the connection."""

from __future__ import annotations

import asyncio
import struct

import pytest

from app.adapters.sandbox.runner.frames import MOST_PAYLOAD, Frame, FrameInvalid, encode, read_frame
from app.adapters.sandbox.runner.messages import (
    Content,
    Finished,
    Message,
    Read,
    Ready,
    Refused,
    Run,
    from_frame,
    to_frame,
)
from app.adapters.sandbox.runner.records import decode_records, encode_record
from app.domain.patches import Chunk, TreeEntry


async def read(data: bytes) -> Frame | None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_frame(reader)


def lengths(header: int, payload: int) -> bytes:
    return struct.pack(">II", header, payload)


MESSAGES: tuple[Message, ...] = (
    Run(("sh", "-c", "exit 3"), {"CI": "1"}, "none", {"seconds": 2.5, "processes": 12}, merged=True),
    Ready(
        version=1,
        mode="full",
        reason="",
        remedy="",
        cgroup="v1",
        own_user=True,
        probes=("a", "b"),
        failed=(),
    ),
    Finished(status=None, signal=9, limit="memory", seconds=1.5, output_bytes=7),
    Read("a name \udcff", 10),
    Refused("no", over=False, later=True),
    Content(),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
async def test_what_one_says_the_other_understands(message: Message) -> None:
    frame = await read(encode(to_frame(message, b"payload")))

    assert frame is not None
    assert from_frame(frame) == message
    assert frame.payload == b"payload"


async def test_a_stream_may_end_between_frames() -> None:
    assert await read(b"") is None


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        lengths(2, 0),
        lengths(2, 0) + b"{",
        lengths(2, 5) + b"{}abc",
        lengths(2, 0) + b"[]",
        lengths(2, 0) + b"{]",
        lengths(9, 0) + b"\xff" * 9,
        lengths(3 << 20, 0),
        lengths(2, MOST_PAYLOAD + 1) + b"{}",
        lengths(0xFFFFFFFF, 0xFFFFFFFF),
        lengths(200_000, 0) + b"[" * 200_000,
    ],
)
async def test_what_is_no_frame_is_told_apart(data: bytes) -> None:
    with pytest.raises(FrameInvalid):
        await read(data)


def test_what_would_be_refused_is_not_sent() -> None:
    with pytest.raises(ValueError, match="too large to be sent"):
        encode(Frame({}, bytes(MOST_PAYLOAD + 1)))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"": "Nothing"},
        {"": "Read", "path": "a"},
        {"": "Read", "path": "a", "max_bytes": 1, "more": 1},
        {"": "Read", "path": 1, "max_bytes": 1},
        {"": "Read", "path": "a", "max_bytes": True},
        {"": "Read", "path": "a", "max_bytes": 1.5},
        {"": "Finished", "status": "0", "signal": None, "limit": None, "seconds": 1, "output_bytes": 0},
        {"": "Finished", "status": 0, "signal": None, "limit": None, "seconds": "1", "output_bytes": 0},
        {"": "Refused", "message": "no", "over": 1, "later": False},
        {"": "Run", "argv": "sh", "environment": {}, "network": "none", "limits": {}, "merged": True},
        {"": "Run", "argv": ["sh", 1], "environment": {}, "network": "none", "limits": {}, "merged": True},
        {"": "Run", "argv": [], "environment": {"A": 1}, "network": "none", "limits": {}, "merged": True},
        {"": "Run", "argv": [], "environment": {}, "network": "none", "limits": {"seconds": "1"}, "merged": True},
        {"": "Run", "argv": [], "environment": [], "network": "none", "limits": {}, "merged": True},
        {"": ["Read"], "path": "a", "max_bytes": 1},
    ],
)
def test_a_message_has_exactly_its_fields(header: dict[str, object]) -> None:
    with pytest.raises(FrameInvalid):
        from_frame(Frame(header))


def test_files_travel_in_records() -> None:
    chunks = [
        Chunk(TreeEntry("a/\udcfe", "100644", "", 0), b"beginning ", last=False),
        Chunk(TreeEntry("a/\udcfe", "100644", "", 0), b"and end", last=True),
        Chunk(TreeEntry("run", "100755", "", 0), b"", last=True),
        Chunk(TreeEntry("link", "120000", "", 0), b"run", last=True),
    ]

    assert list(decode_records(b"".join(map(encode_record, chunks)))) == chunks


@pytest.mark.parametrize("size", range(1, 20))
def test_a_record_that_is_cut_off_is_told_apart(size: int) -> None:
    whole = encode_record(Chunk(TreeEntry("name", "100644", "", 0), b"content ", last=True))

    with pytest.raises(FrameInvalid):
        list(decode_records(whole[:size]))


def test_a_record_of_no_known_kind_is_told_apart() -> None:
    with pytest.raises(FrameInvalid):
        list(decode_records(b"\x07" + encode_record(Chunk(TreeEntry("a", "100644", "", 0), b"", last=True))[1:]))


def test_a_path_has_its_limit() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode_record(Chunk(TreeEntry("a" * 70_000, "100644", "", 0), b"", last=True))
