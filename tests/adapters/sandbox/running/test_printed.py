"""What a command prints arrives whole and in few pieces, whatever the command does with its end of the pipe."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.printed import Printed
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.running.waiting import readable
from app.domain.sandbox import Stream
from tests.adapters.sandbox.running.running import LIMITS, Kept, left, nothing

ALL = 1 << 30


class Pipe:
    """A pipe that is carried, and what came of it."""

    def __init__(self) -> None:
        self.near, self.far = os.pipe()
        self.kept = Kept()
        self.failed = asyncio.Event()
        self.printed = Printed({Stream.OUT: self.near}, self.kept, ALL)

    def begin(self) -> None:
        self.printed.begin(too_much=lambda: None, failed=self.failed.set)

    def close_far(self) -> None:
        if self.far >= 0:
            os.close(self.far)
            self.far = -1


@pytest.fixture
async def pipe() -> AsyncIterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close_far()
    os.close(pipe.near)


def stealing(times: int) -> Callable[[int], Awaitable[None]]:
    """Stands in for the wait: the pipe was readable, and is empty when the read comes."""
    waits = 0

    async def wait(descriptor: int) -> None:
        nonlocal waits
        waits += 1
        if waits > times:
            await readable(descriptor)

    return wait


async def test_who_reads_its_own_output_first_ends_nothing(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Printed.__module__}.readable", stealing(3))
    pipe.begin()
    await asyncio.sleep(0.05)
    os.write(pipe.far, b"hello")
    pipe.close_far()
    await pipe.printed.finish(30)

    assert pipe.kept.text() == "hello"
    assert not pipe.failed.is_set()


async def test_what_comes_a_byte_at_a_time_is_handed_on_in_few_pieces(pipe: Pipe) -> None:
    fcntl.fcntl(pipe.far, fcntl.F_SETFL, os.O_NONBLOCK | os.O_DIRECT)
    pipe.begin()
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < 0.5:
        with suppress(BlockingIOError):
            count += os.write(pipe.far, b"x")
        await asyncio.sleep(0)
    pipe.close_far()
    await pipe.printed.finish(30)
    seconds = time.monotonic() - begin

    assert pipe.kept.text() == "x" * count
    assert 1 <= len(pipe.kept.parts) <= 100 * seconds + 2


async def test_the_first_of_it_comes_at_once(pipe: Pipe) -> None:
    pipe.begin()
    os.write(pipe.far, b"first")
    while not pipe.kept.parts:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    os.write(pipe.far, b"last")
    pipe.close_far()
    await pipe.printed.finish(30)

    assert pipe.kept.text() == "firstlast"


async def test_much_of_it_comes_in_large_pieces(pipe: Pipe) -> None:
    pipe.begin()
    await asyncio.to_thread(os.write, pipe.far, b"x" * 4_000_000)
    pipe.close_far()
    await pipe.printed.finish(30)

    assert len(pipe.kept.text()) == pipe.printed.bytes == 4_000_000
    assert max(len(chunk) for _, chunk in pipe.kept.parts) <= 64 << 10


async def test_a_pipe_that_cannot_be_read_is_a_failure_of_its_own_kind() -> None:
    descriptor = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises(LaunchFailed, match=r"what a command prints cannot be read: .* Is a directory"):
            await Printed({Stream.OUT: descriptor}, Kept(), ALL).finish(0)
    finally:
        os.close(descriptor)


async def test_a_command_that_takes_back_what_it_printed_ends_as_any_other(
    host: Host, plan: SandboxPlan, python: str
) -> None:
    code = """
import os, time
back = os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)
end = time.monotonic() + 1
while time.monotonic() < end:
    os.write(1, b"x")
    try: os.read(back, 65536)
    except BlockingIOError: pass
os.write(1, b"end")
"""
    kept, before = Kept(), left()
    ended = await Launcher(host).run(replace(plan, argv=(python, "-I", "-c", code)), LIMITS, kept, measure=nothing)

    assert ended.succeeded
    assert kept.text().endswith("end")
    assert left() == before
