"""Sandboxes of one review, opened when the first command is run and closed with the review."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from app.domain.errors import RevwrightError, SandboxUnavailable
from app.domain.patches import Collected
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended
from app.ports import Output, Repository, Sandbox, Sandboxes, Tree


@dataclass(slots=True)
class Room:
    """Implements ports.Sandbox for the files of one commit. A review that runs nothing opens nothing.

    A task of its own holds the sandbox open: whoever asks first may be cancelled while it is made, and the others still
    get it. A command that is cancelled takes its sandbox with it; who comes next gets a fresh one. Commands of several
    reviewers wait for one another, as one workspace wants.
    """

    sandboxes: Sandboxes
    tree: Tree
    _opened: asyncio.Future[Sandbox] | None = field(default=None, init=False)
    _holding: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def has_git(self) -> bool:
        return False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        async with self._turn:
            sandbox = await self._sandbox()
            try:
                return await sandbox.run(command, output)
            except (asyncio.CancelledError, SandboxUnavailable):
                self._leave()
                raise

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        async with self._turn:
            return await (await self._sandbox()).read(path, max_bytes=max_bytes)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        async with self._turn:
            await (await self._sandbox()).write(path, content, executable=executable)

    async def delete(self, path: str) -> None:
        async with self._turn:
            await (await self._sandbox()).delete(path)

    async def collect(self, declared: Collection[str]) -> Collected:
        async with self._turn:
            return await (await self._sandbox()).collect(declared)

    async def close(self) -> None:
        """Takes the sandbox away, if there is one. Who is cancelled meanwhile stays cancelled."""
        self._leave()
        if self._holding:
            await asyncio.wait(self._holding)

    def _leave(self) -> None:
        """There is nothing left of the sandbox, or nobody wants it any more."""
        self._opened = None
        for holding in self._holding:
            holding.cancel()

    async def _sandbox(self) -> Sandbox:
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._holding.append(asyncio.create_task(self._hold(self._opened)))
        return await asyncio.shield(self._opened)

    async def _hold(self, opened: asyncio.Future[Sandbox]) -> None:
        try:
            async with self.sandboxes.open(self.tree) as sandbox:
                opened.set_result(sandbox)
                await asyncio.Event().wait()  # until `close`
        except RevwrightError as error:
            if not opened.done():  # else it went away later, and the next command says so
                opened.set_exception(error)
                opened.exception()  # whoever asks is told; nobody need be there to ask
        finally:
            if not opened.done():
                opened.set_exception(SandboxUnavailable("the review ended before its sandbox was open"))
                opened.exception()


@dataclass(slots=True)
class Rooms:
    """Where a review runs commands: at most one room for each commit, and a fresh one where that is asked for."""

    sandboxes: Sandboxes
    repository: Repository
    _rooms: dict[Sha, Room] = field(default_factory=dict, init=False)

    def at(self, commit: Sha) -> Room:
        """The room that reviewers share; what one leaves behind, the next one sees."""
        if commit not in self._rooms:
            self._rooms[commit] = Room(self.sandboxes, self.repository.tree(commit))
        return self._rooms[commit]

    @contextlib.asynccontextmanager
    async def fresh(self, commit: Sha) -> AsyncIterator[Sandbox]:
        """A sandbox that nobody has used: what is shown in it owes nothing to earlier commands."""
        async with self.sandboxes.open(self.repository.tree(commit)) as sandbox:
            yield sandbox

    async def close(self) -> None:
        for room in self._rooms.values():
            await room.close()
