"""The runner's side of a connection: places are neither lost nor given twice, however a worker leaves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.sandbox.files.workspaces import Workspaces
from app.adapters.sandbox.isolation.plan import Toolchain
from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.connection import serve
from app.adapters.sandbox.runner.serving import Line, Runner, WorkerGone, open_line, place
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Isolation, Mode
from tests.adapters.sandbox.runner.shelves import environments_in, kept_in
from tests.adapters.sandbox.runner.trees import MemoryTree


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[Line, asyncio.StreamWriter]]:
    """The runner's line, and what the worker writes to."""
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=theirs)
    async with open_line(*await asyncio.open_connection(sock=ours)) as line:
        try:
            yield line, writer
        finally:
            writer.close()


async def turns(number: int = 10) -> None:
    """Let everything happen that waits for nothing."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_place_that_comes_free_just_when_the_time_is_over_is_not_lost() -> None:
    at_once = asyncio.Semaphore(1)
    async with connected() as (line, _):
        for _ in range(3):
            async with place(line, at_once, 0):
                pass
            await turns()
            assert not at_once.locked()


async def test_a_place_that_comes_in_the_moment_of_a_cancellation_is_not_lost() -> None:
    at_once = asyncio.Semaphore(1)

    async def work(line: Line) -> None:
        async with place(line, at_once, 30):
            await asyncio.Event().wait()

    async with connected() as (line, _):
        for moment in range(8):
            await at_once.acquire()
            working = asyncio.create_task(work(line))
            await turns()
            at_once.release()
            await turns(moment)
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working
            await turns()
            assert not at_once.locked(), moment


async def test_without_a_place_it_is_told_after_a_while() -> None:
    at_once = asyncio.Semaphore(1)
    async with connected() as (line, _):
        async with place(line, at_once, 30) as first, place(line, at_once, 0.05) as second:
            assert (first, second) == (True, False)
        await turns()
        assert not at_once.locked()


async def test_a_worker_is_told_to_come_back_when_all_places_are_taken(tmp_path: Path) -> None:
    launcher: Any = object()
    isolation = Isolation(mode=Mode.FULL, reason="", remedy="", cgroup="none", own_user=True)
    with (
        contextlib.closing(Workspaces(tmp_path / "workspaces").claim()) as claim,
        kept_in(claim) as kept,
        environments_in(claim) as environments,
    ):
        runner = Runner(
            isolation=isolation,
            launcher=launcher,
            workspaces=claim,
            kept=kept,
            environments=environments,
            toolchain=Toolchain(),
            at_once=asyncio.Semaphore(0),
            line_seconds=0.05,
        )
        ours, theirs = socket.socketpair()
        serving = asyncio.create_task(serve(*await asyncio.open_connection(sock=ours), runner))

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection(sock=theirs)

        with pytest.raises(SandboxUnavailable, match="all places for sandboxes are taken"):
            async with RunnerSandboxes(connect).open(MemoryTree({})):
                pass
        await serving


async def test_a_worker_that_leaves_does_not_wait_on() -> None:
    at_once = asyncio.Semaphore(0)
    async with connected() as (line, writer):
        writer.close()
        with pytest.raises(WorkerGone):
            async with place(line, at_once, 30):
                pass
        at_once.release()
        await turns()
        assert not at_once.locked()
