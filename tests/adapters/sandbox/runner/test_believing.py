"""A runner that was taken over: what it may not say ends its sandbox, and what it may say is bounded and seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.adapters.sandbox.runner import client, session
from app.adapters.sandbox.runner.believing import reach_of
from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.frames import Frame, FrameInvalid, encode
from app.adapters.sandbox.runner.keeping_messages import Reach
from app.adapters.sandbox.runner.messages import (
    Content,
    Done,
    Finished,
    Found,
    Message,
    Opened,
    Put,
    Ready,
    Refused,
    from_frame,
    to_frame,
)
from app.adapters.sandbox.runner.talk import talking
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.patches import FoundFile, FoundKind
from app.domain.sandbox import Command, Isolation
from tests.adapters.sandbox.runner.lying import READY, Other, runner, said, saying
from tests.adapters.sandbox.runner.trees import MemoryTree

TREE = MemoryTree({})
OPENED = (READY, Done(), Opened(git=False))
SHA = "a" * 40


def found(*files: Sequence[object]) -> bytes:
    return encode(to_frame(Found(), json.dumps(files).encode()))


def test_what_was_refused_to_a_setup_is_bounded_and_seen() -> None:
    reach = reach_of(Reach(network=True, refused=("a\x1b[2J\nb", "x" * 10_000, *"cdefgh")))
    assert reach.network
    assert len(reach.refused) == 5
    assert all(words.isprintable() and len(words) <= 400 for words in reach.refused)


async def collected(other: Other) -> None:
    async with runner(other) as connect, RunnerSandboxes(connect).open(TREE) as sandbox:
        await sandbox.collect([])


@pytest.mark.parametrize(
    "bad",
    [
        found(),
        found(["a", "file", 1]),
        found(["a", "file", 1, SHA, 1]),
        found([1, "file", 1, SHA]),
        found(["a", "door", 1, SHA]),
        found(["a", ["file"], 1, SHA]),
        found(["a", "file", -1, SHA]),
        found(["a", "file", True, SHA]),
        found(["a", "file", 1.5, SHA]),
        found(["a", "file", 1, "A" * 40]),
        found(["a", "file", 1, SHA + "\n"]),
        found(["a" * 4_400, "file", 1, SHA]),
        found(["\ud800", "file", 1, SHA]),
        encode(to_frame(Found(), b"[" * 100_000)),
        encode(to_frame(Found(), b'{"a": 1}')),
        encode(to_frame(Found(), b"5")),
        encode(to_frame(Found(), json.dumps([["a" * 4_000, "file", 1, SHA]] * 300).encode())),
        Content(),
    ],
)
async def test_a_list_of_files_that_is_none(bad: Message | bytes) -> None:
    with pytest.raises(SandboxUnavailable, match="talks garbage"):
        await collected(saying(*OPENED, bad, Done()))


async def test_a_list_of_files_is_taken_as_it_is_told() -> None:
    await collected(saying(*OPENED, found(["a" * 4_300, "file", 1, None], ["\udcff", "symlink", 1, SHA]), Done()))


async def test_a_list_of_files_without_end() -> None:
    """Each piece is allowed, and all together are too much."""
    piece = found(*[["a" * 4_000, "file", 1, SHA]] * 250)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(*OPENED))
        while not reader.at_eof():
            writer.write(piece)
            await writer.drain()

    with pytest.raises(SandboxUnavailable, match="a list of files of over 67108864 bytes"):
        await collected(behave)


async def test_a_list_of_files_that_takes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_WALK_SECONDS", 0.3)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(*OPENED))
        end = asyncio.create_task(reader.read())
        while not (await asyncio.wait((end,), timeout=0.02))[0]:
            writer.write(found(["a", "file", 1, SHA]))

    with pytest.raises(SandboxUnavailable, match="did not tell what is in a workspace in time"):
        await collected(behave)


def test_our_own_lists_come_in_pieces_that_are_taken() -> None:
    files = [FoundFile("\udcff" * 4_000, FoundKind.FILE, 1, SHA)] * 100
    rest, pieces = iter(files), []
    while piece := session.batch(rest):
        pieces.append(piece)

    assert max(map(len, pieces)) < 1 << 20
    assert len(pieces) > 1
    assert sum(len(json.loads(piece)) for piece in pieces) == len(files)


async def test_more_of_a_file_than_was_asked_for() -> None:
    async with (
        runner(saying(*OPENED, encode(to_frame(Content(), b"1234")))) as connect,
        RunnerSandboxes(connect).open(TREE) as sandbox,
    ):
        with pytest.raises(SandboxUnavailable, match="more of a file than was asked for"):
            await sandbox.read("a", max_bytes=3)


FINISHED = Finished(0, None, None, 0.1, 1)


@pytest.mark.parametrize(
    "bad",
    [
        replace(FINISHED, status=256),
        replace(FINISHED, status=-1),
        replace(FINISHED, signal=0),
        replace(FINISHED, signal=65),
        replace(FINISHED, limit="patience"),
        replace(FINISHED, seconds=-0.1),
        replace(FINISHED, seconds=float("nan")),
        replace(FINISHED, seconds=float("inf")),
        replace(FINISHED, output_bytes=-1),
    ],
)
async def test_an_end_that_there_is_not(bad: Finished) -> None:
    async with runner(saying(*OPENED, bad)) as connect, RunnerSandboxes(connect).open(TREE) as sandbox:
        with pytest.raises(SandboxUnavailable, match="talks garbage"):
            await sandbox.run(Command(argv=("true",)))


def test_a_number_that_is_too_large_is_no_message() -> None:
    header = {"": "Finished", "status": 0, "signal": None, "limit": None, "seconds": 10**400, "output_bytes": 0}
    with pytest.raises(FrameInvalid):
        from_frame(Frame(header))


async def told(ready: Ready) -> Isolation:
    async with runner(saying(ready)) as connect, talking(connect) as (_, isolation):
        return isolation


async def test_what_isolates_is_cut_and_cleaned() -> None:
    wild = "a\x1b[31m\u202e\r\n\tb" + "x" * 5_000
    isolation = await told(
        replace(READY, reason=wild, remedy=wild, probes=(wild,) * 60, failed=tuple(map(str, range(1_000))))
    )

    for words in (isolation.reason, isolation.remedy):
        assert len(words) == 2_000
        assert "\x1b" not in words
        assert "\u202e" not in words
    assert isolation.reason.startswith("a<U+001B>[31m<U+202E> bxx")
    assert isolation.remedy.startswith("a<U+001B>[31m<U+202E> \n bxx"), "a remedy may have several lines"
    assert len(isolation.probes) == 64
    assert {len(name) for name, passed in isolation.probes if passed} == {100}


async def test_cgroups_are_of_a_version_that_there_is() -> None:
    with pytest.raises(SandboxUnavailable, match="a version of cgroups"):
        await told(replace(READY, cgroup="v3"))


async def test_a_refusal_is_one_line() -> None:
    refused = Refused("no\n2026-01-01 ERROR forged", over=False, later=False)
    async with runner(saying(*OPENED, refused)) as connect, RunnerSandboxes(connect).open(TREE) as sandbox:
        with pytest.raises(SandboxRefused, match=r"^no 2026-01-01 ERROR forged$"):
            await sandbox.delete("a")


async def test_a_runner_that_does_not_read() -> None:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(READY))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)  # longer than it is waited for; then the end that `talking` waits for

    async with runner(behave) as connect, talking(connect) as (talk, _):
        with pytest.raises(SandboxUnavailable, match=r"did not listen for 0\.05 s"):
            await talk.send(Put(), bytes(8 << 20), seconds=0.05)
        assert talk.over
