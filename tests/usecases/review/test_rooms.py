"""Sandboxes of a review: closing one never hides that the one who closes it was cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from app.domain.errors import SandboxUnavailable
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Isolation
from app.ports import Sandbox, Tree
from app.usecases.review.rooms import Room


class NoFiles:
    commit = Sha("a" * 40)

    async def entries(self) -> tuple[TreeEntry, ...]:
        return ()

    async def contents(self, entries: Sequence[TreeEntry]) -> AsyncGenerator[Chunk, None]:
        for entry in entries:
            yield Chunk(entry, b"", last=True)


class SlowToClose(AbstractAsyncContextManager[Sandbox]):
    """Opens nothing, and takes until `may_end` to say so."""

    def __init__(self) -> None:
        self.opening, self.closing, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def isolation(self) -> Isolation:
        raise AssertionError

    def open(self, tree: Tree, *, git: bool = False) -> AbstractAsyncContextManager[Sandbox]:
        return self

    async def __aenter__(self) -> Sandbox:
        try:
            self.opening.set()
            await asyncio.Event().wait()
        finally:
            self.closing.set()
            await self.may_end.wait()
        raise AssertionError("nobody ends the wait but by cancelling it")

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("it was never open")


async def test_who_is_cancelled_while_a_sandbox_closes_stays_cancelled() -> None:
    sandboxes = SlowToClose()
    room = Room(sandboxes, NoFiles())
    running = asyncio.create_task(room.run(Command(argv=("true",))))
    await sandboxes.opening.wait()
    closing = asyncio.create_task(room.close())
    await sandboxes.closing.wait()

    closing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await closing
    sandboxes.may_end.set()
    with pytest.raises(SandboxUnavailable, match="before its sandbox was open"):
        await running


async def test_a_room_that_nobody_used_closes_at_once() -> None:
    sandboxes = SlowToClose()

    await Room(sandboxes, NoFiles()).close()

    assert not sandboxes.opening.is_set()
