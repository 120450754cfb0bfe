"""Sandboxes for a single review: nothing is started until the review asks what isolates, and it may wait for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from app.adapters.sandbox.runner.own import RunnerDoesNotStart
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Isolation, WorkspaceKey
from app.ports import KeepingSandboxes, KeptSandbox, Prepared, Tree
from app.settings import Settings
from app.wiring.sandboxes import open_sandboxes

_START_SECONDS = 15.0
_AGAIN_SECONDS = 0.1


@asynccontextmanager
async def sandboxes_when_asked(settings: Settings) -> AsyncIterator[KeepingSandboxes | None]:
    """None where a setting says that nothing is executed. What was started ends with the block."""
    if settings.sandbox.kind == "off":
        yield None
        return
    async with AsyncExitStack() as stack:
        yield _WhenAsked(settings, stack)


@dataclass(slots=True)
class _WhenAsked:
    """Implements ports.KeepingSandboxes."""

    settings: Settings
    stack: AsyncExitStack
    _opened: KeepingSandboxes | None = field(default=None, init=False)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def isolation(self) -> Isolation:
        """Waits for a runner that was only just started."""
        sandboxes = await self._sandboxes()
        loop = asyncio.get_running_loop()
        ends = loop.time() + _START_SECONDS
        while True:
            try:
                return await sandboxes.isolation()
            except RunnerDoesNotStart:
                raise
            except SandboxUnavailable:
                if loop.time() > ends:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)

    def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AbstractAsyncContextManager[KeptSandbox]:
        return self._open(tree, git=git, environment=environment, keep=keep)

    @asynccontextmanager
    async def _open(
        self, tree: Tree, *, git: bool, environment: Prepared | None, keep: WorkspaceKey | None
    ) -> AsyncIterator[KeptSandbox]:
        sandboxes = await self._sandboxes()
        async with sandboxes.open(tree, git=git, environment=environment, keep=keep) as sandbox:
            yield sandbox

    async def forget(self, owner: str) -> None:
        await (await self._sandboxes()).forget(owner)

    async def _sandboxes(self) -> KeepingSandboxes:
        async with self._opening:
            if self._opened is None:
                self._opened = await self.stack.enter_async_context(open_sandboxes(self.settings))
            if self._opened is None:
                raise SandboxUnavailable("REVWRIGHT_SANDBOX is off")
            return self._opened
