"""Sandboxes of a review are opened when something is run, shared, and gone with the review."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.errors import GitFailed, SandboxRefused, SandboxUnavailable
from app.domain.sandbox import Command
from app.ports import Sandbox, Tree
from app.usecases.review.rooms import Room, Rooms
from tests.build import BASE, HEAD
from tests.fakes.repository import FakeRepository
from tests.fakes.scripted_sandboxes import ScriptedSandboxes

COMMAND = Command(argv=("sh", "-c", "true"))


def rooms(sandboxes: ScriptedSandboxes) -> Rooms:
    return Rooms(sandboxes, FakeRepository({BASE: {}, HEAD: {}}, BASE))


async def test_a_review_that_runs_nothing_opens_nothing() -> None:
    sandboxes = ScriptedSandboxes()
    all_rooms = rooms(sandboxes)
    room = all_rooms.at(HEAD)
    assert room is all_rooms.at(HEAD)
    assert not room.has_git
    await all_rooms.close()

    assert sandboxes.opened == []


async def test_reviewers_share_one_room_and_wait_for_one_another() -> None:
    """The sandbox itself refuses two commands at once."""
    sandboxes = ScriptedSandboxes()
    all_rooms = rooms(sandboxes)
    room = all_rooms.at(HEAD)
    await asyncio.gather(*(room.run(COMMAND) for _ in range(5)))

    assert sandboxes.opened == [HEAD]
    assert sandboxes.open_now == 1
    await all_rooms.close()
    assert sandboxes.open_now == 0


async def test_all_that_a_sandbox_can_do_goes_through_the_room() -> None:
    sandboxes = ScriptedSandboxes()
    all_rooms = rooms(sandboxes)
    room: Room = all_rooms.at(HEAD)
    await room.write("a", b"x")
    assert await room.read("abc", max_bytes=2) == b"ab"
    await room.delete("a")
    assert (await room.collect({"a"})).patch.base == HEAD
    await all_rooms.close()

    assert sandboxes.done == ["write a", "read abc", "delete a", "collect ['a']"]


async def test_a_fresh_one_is_another_one_and_gone_at_once() -> None:
    sandboxes = ScriptedSandboxes()
    all_rooms = rooms(sandboxes)
    await all_rooms.at(HEAD).run(COMMAND)
    async with all_rooms.fresh(HEAD) as sandbox:
        await sandbox.run(COMMAND)
        assert sandboxes.open_now == 2
    assert sandboxes.open_now == 1
    await all_rooms.close()

    assert sandboxes.opened == [HEAD, HEAD]


@pytest.mark.parametrize("error", [SandboxRefused("no"), SandboxUnavailable("gone"), GitFailed("broken")])
async def test_whoever_asks_hears_why_it_cannot_be_opened(error: Exception) -> None:
    all_rooms = rooms(ScriptedSandboxes(refusal=error))  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(type(error)):
            await all_rooms.at(HEAD).run(COMMAND)
    await all_rooms.close()


async def test_who_asked_first_may_go_away_and_the_others_still_have_it() -> None:
    sandboxes = ScriptedSandboxes(opening=asyncio.Event())
    all_rooms = rooms(sandboxes)
    room = all_rooms.at(HEAD)
    first, second = asyncio.create_task(room.run(COMMAND)), asyncio.create_task(room.run(COMMAND))
    await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert sandboxes.opening is not None
    sandboxes.opening.set()

    assert (await second).succeeded
    await all_rooms.close()
    assert sandboxes.open_now == 0


async def test_a_review_that_ends_before_its_sandbox_is_open_says_so() -> None:
    all_rooms = rooms(ScriptedSandboxes(opening=asyncio.Event()))
    asked = asyncio.create_task(all_rooms.at(HEAD).run(COMMAND))
    await asyncio.sleep(0.01)
    await all_rooms.close()

    with pytest.raises(SandboxUnavailable, match="ended before"):
        await asked


class Leaving(ScriptedSandboxes):
    """Closes with an error: the runner went away meanwhile."""

    @asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        async with ScriptedSandboxes.open(self, tree, git=git) as sandbox:
            try:
                yield sandbox
            finally:
                raise SandboxUnavailable("the runner is gone")


async def test_an_error_while_closing_ends_nothing() -> None:
    all_rooms = rooms(Leaving())
    ended = await all_rooms.at(HEAD).run(COMMAND)
    await all_rooms.close()

    assert ended.succeeded


async def test_a_command_that_is_cancelled_takes_its_sandbox_along_and_the_next_one_gets_another() -> None:
    sandboxes = ScriptedSandboxes()
    all_rooms = rooms(sandboxes)
    room = all_rooms.at(HEAD)
    task = asyncio.create_task(room.run(Command(argv=("sh", "-c", "sleep 100"))))
    while not sandboxes.done:  # noqa: ASYNC110 - until it runs, and no longer
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await room.run(COMMAND)

    assert sandboxes.opened == [HEAD, HEAD]
    await all_rooms.close()
    assert sandboxes.open_now == 0
