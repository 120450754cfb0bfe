"""One command on its way: built, confined, let go, watched, ended, and judged by what it was seen to do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from app.adapters.sandbox.isolation.limits import confine
from app.adapters.sandbox.running.cgroups import Group
from app.adapters.sandbox.running.printed import Printed
from app.adapters.sandbox.running.scratch import Scratch, hold
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.running.threads import Watchers
from app.adapters.sandbox.running.tree import Tree
from app.adapters.sandbox.running.waiting import readable
from app.adapters.sandbox.running.watch import Watch
from app.adapters.sandbox.running.workspace import WorkspaceWatch
from app.domain.sandbox import CommandLimits, Ended, Limit

_BUILDING_SECONDS = 0.001
_LAST_OUTPUT_SECONDS = 3.0
_BY_SIGNAL = 128
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127


@dataclass(kw_only=True)
class Launch:
    """What belongs to one command. Whoever made it ends it, too, whatever happens."""

    limits: CommandLimits
    group: Group | None
    release: int
    tree: Tree
    printed: Printed
    watchers: Watchers
    workspace: WorkspaceWatch
    begun: Callable[[int], None] | None
    before: Callable[[int], Awaitable[None]] | None = None
    limit: Limit | None = None
    """The first at which we ended the command."""

    async def through(self, kept: ExitStack, *, start_seconds: float) -> Ended:
        """From a bubblewrap that has just been started to the end. Raises LaunchFailed."""
        watch = await self._confined(kept, start_seconds)
        if self.before is not None:
            await self.before(watch.first)
        workspace = replace(self.workspace, first=watch.first)
        self.watchers.begin([watch.until, workspace.until], over=self.stop, failed=self.tree.kill)
        self.printed.begin(too_much=lambda: self.stop(Limit.OUTPUT), failed=self.tree.kill)
        if self.begun is not None:
            self.begun(watch.first)
        begin = time.monotonic()
        timer = asyncio.get_running_loop().call_later(self.limits.seconds, self.stop, Limit.TIME)
        try:
            with contextlib.suppress(BrokenPipeError):  # killed already, at a limit that it was over from the start
                os.write(self.release, b"1")
            await readable(self.tree.bwrap)
        finally:
            timer.cancel()
        await self.tree.end()
        end = time.monotonic()
        await self.watchers.stop()
        await self.printed.finish(_LAST_OUTPUT_SECONDS)
        self.watchers.check()
        return await self._ended(watch, begin, end)

    def stop(self, limit: Limit) -> None:
        """End the command at a limit; the first one counts. In any thread."""
        if limit is Limit.TIME and self.tree.ended:
            return  # in time, by less than it takes to notice
        self.limit = self.limit or limit
        self.tree.kill()

    async def _confined(self, kept: ExitStack, seconds: float) -> Watch:
        """Wait for the sandbox and bind what stands in it, before it is the command."""
        try:
            async with asyncio.timeout(seconds):
                scratch = await self._built(kept)
            if scratch is not None and self.tree.pid is not None:
                confine(self.tree.pid, self.limits, cgroup=self.group is not None)
                return Watch(first=self.tree.pid, limits=self.limits, scratch=scratch, group=self.group)
        except TimeoutError:
            raise LaunchFailed(f"bubblewrap has built no sandbox that we may look into in {seconds:g} s") from None
        except OSError as error:
            raise LaunchFailed(f"a sandbox cannot be limited: {error}") from error
        await self.tree.end()
        await self.printed.finish(0)
        raise LaunchFailed(self._why())

    async def _built(self, kept: ExitStack) -> Scratch | None:
        """None when bubblewrap gave up."""
        if not await self.tree.find() or self.tree.pid is None:
            return None
        if self.group is not None:
            # As early as can be: bubblewrap's child waits for ever if we end here, and the next sweep finds it by this.
            with contextlib.suppress(ProcessLookupError):
                self.group.attach(self.tree.pid)
        while (scratch := hold(self.tree.pid, kept)) is None and not self.tree.ended:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(_BUILDING_SECONDS)
        return scratch

    async def _ended(self, watch: Watch, begin: float, end: float) -> Ended:
        code, own = self.tree.result()
        if code is None and self.limit is None and own >= 0:
            code = self._not_executed()
        if code is None:
            code = _BY_SIGNAL + (-own if own < 0 else signal.SIGKILL)
        # bubblewrap tells a death by signal as shells do: a command that exits with such a status looks the same.
        by_signal = _BY_SIGNAL < code < _BY_SIGNAL + signal.NSIG
        limit = self.limit
        if limit is None and code != 0:
            limit = await self._failed_at(code, watch, end)
        return Ended(
            status=None if by_signal else code,
            signal=code - _BY_SIGNAL if by_signal else None,
            limit=limit,
            seconds=end - begin,
            output_bytes=self.printed.bytes,
        )

    async def _failed_at(self, code: int, watch: Watch, end: float) -> Limit | None:
        """The status alone says nothing: a command exits with the one that it likes."""
        if code == _BY_SIGNAL + signal.SIGXFSZ:
            most = self.limits.file_bytes
            return (
                Limit.FILE_SIZE if watch.may_have_written(most) or await self.workspace.may_have_written(most) else None
            )
        slow = watch.may_have_used(self.limits.cpu_seconds, end)
        if slow and code == _BY_SIGNAL + signal.SIGXCPU:
            return Limit.CPU
        found = watch.failed_at()
        return Limit.CPU if found is None and slow and code == _BY_SIGNAL + signal.SIGKILL else found

    def _not_executed(self) -> int:
        """The status that shells give for what cannot be executed. Raises LaunchFailed where that is not the matter."""
        said = self._why()
        if not said.startswith("bwrap: execvp "):
            raise LaunchFailed(said)
        return _NOT_FOUND if said.endswith(": No such file or directory") else _NOT_EXECUTABLE

    def _why(self) -> str:
        return self.printed.head.decode(errors="replace").strip() or "bubblewrap ended without a word"
