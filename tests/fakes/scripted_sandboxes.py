"""Sandboxes in memory: what commands print at a commit is written down beforehand, and what was opened is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.domain.errors import RevwrightError
from app.domain.patches import Collected, Patch
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, Ended, Isolation, Limit, Mode, Stream
from app.ports import Output, Sandbox, Tree

Said = tuple[bytes, ...] | RevwrightError


@dataclass(slots=True)
class ScriptedSandboxes:
    """Implements ports.Sandboxes. `says` has the pieces that any command prints at a commit, or its error; a command at
    a commit in `limits` runs into that limit. With `refusal`, nothing is opened.
    """

    says: Mapping[Sha, Said] = field(default_factory=dict)
    limits: Mapping[Sha, Limit] = field(default_factory=dict)
    refusal: RevwrightError | None = None
    mode: Mode = Mode.FULL
    opening: asyncio.Event | None = None
    """Where it is there, opening waits for it."""
    opened: list[Sha] = field(default_factory=list)
    open_now: int = 0
    done: list[str] = field(default_factory=list)
    """Everything that was asked of any of them, in order."""

    async def isolation(self) -> Isolation:
        if self.refusal is not None:
            raise self.refusal
        return Isolation(mode=self.mode, reason="as told", remedy="", cgroup="none", own_user=True)

    @asynccontextmanager
    async def open(self, tree: Tree, *, git: bool = False) -> AsyncIterator[Sandbox]:
        if self.opening is not None:
            await self.opening.wait()
        if self.refusal is not None:
            raise self.refusal
        self.opened.append(tree.commit)
        self.open_now += 1
        try:
            yield _Sandbox(self, tree.commit)
        finally:
            self.open_now -= 1


@dataclass(slots=True)
class _Sandbox:
    """Implements ports.Sandbox."""

    all: ScriptedSandboxes
    commit: Sha
    has_git: bool = False
    busy: bool = False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        self.all.done.append(f"run {command.argv[-1]}")
        assert not self.busy, "one command at a time"
        self.busy = True
        await asyncio.sleep(0)
        self.busy = False
        said = self.all.says.get(self.commit, ())
        if isinstance(said, RevwrightError):
            raise said
        for piece in said:
            if output is not None:
                await output(Stream.OUT, piece)
        limit = self.all.limits.get(self.commit)
        return Ended(status=0, signal=None, limit=limit, seconds=0.1, output_bytes=sum(map(len, said)))

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        self.all.done.append(f"read {path}")
        return path.encode()[:max_bytes]

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self.all.done.append(f"write {path}")

    async def delete(self, path: str) -> None:
        self.all.done.append(f"delete {path}")

    async def collect(self, declared: Collection[str]) -> Collected:
        self.all.done.append(f"collect {sorted(declared)}")
        return Collected(Patch(self.commit, ()), (), ())
