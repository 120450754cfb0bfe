"""Runs one plan under limits: starts it, hands on what it prints, ends it, and says how it ended."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass

from app.adapters.sandbox.isolation.limits import confine
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.printed import Printed
from app.adapters.sandbox.running.starting import LaunchFailed, Started, start
from app.adapters.sandbox.running.tree import Tree
from app.adapters.sandbox.running.waiting import readable
from app.domain.sandbox import CommandLimits, Ended, Limit, Stream
from app.ports.sandbox import Output

_START_SECONDS = 10.0
_LAST_OUTPUT_SECONDS = 3.0
_BY_SIGNAL = 128
_LAST_SIGNAL = 64
_SIGKILL = 9
_GONE = (ProcessLookupError, FileNotFoundError)


@dataclass(frozen=True, slots=True)
class Launcher:
    """Runs commands on this host, any number at a time, each in a sandbox of its own."""

    host: Host

    async def run(self, plan: SandboxPlan, limits: CommandLimits, output: Output, *, merged: bool = True) -> Ended:
        """Run to the end. Nothing that the command started is alive when this returns or raises.

        An `output` that does not take what it is given holds up the command but not its limits; what it has not taken
        some seconds after the end is dropped. What it raises ends the command and is raised here. Raises LaunchFailed.
        """
        with ExitStack() as kept:
            started = start(self.host, plan, kept, merged=merged)
            tree = Tree(started.process, started.status)
            kept.callback(tree.close)
            pipes = {Stream.OUT: started.out} | ({} if started.err is None else {Stream.ERR: started.err})
            run = _Run(limits, started, tree, Printed(pipes, output, limits.output_bytes))
            try:
                return await run.through()
            finally:
                try:
                    await tree.end()
                finally:
                    await run.printed.stop()


class _Run:
    """One command on its way."""

    def __init__(self, limits: CommandLimits, started: Started, tree: Tree, printed: Printed) -> None:
        self.limits = limits
        self.started = started
        self.tree = tree
        self.printed = printed
        self.limit: Limit | None = None

    async def through(self) -> Ended:
        try:
            async with asyncio.timeout(_START_SECONDS):
                begun = await self.tree.find() and self._confined()
        except TimeoutError:
            raise LaunchFailed(f"bubblewrap has not built a sandbox within {_START_SECONDS:g} seconds") from None
        if not begun:
            await self.tree.end()
            await self.printed.finish(_LAST_OUTPUT_SECONDS)
            raise LaunchFailed(self._why())
        self.printed.begin(too_much=lambda: self.stop(Limit.OUTPUT), failed=self.tree.kill)
        begin = time.monotonic()
        timer = asyncio.get_running_loop().call_later(self.limits.seconds, self.stop, Limit.TIME)
        try:
            os.write(self.started.release, b"1")
            await readable(self.tree.bwrap)
        finally:
            timer.cancel()
        await self.tree.end()
        seconds = time.monotonic() - begin
        await self.printed.finish(_LAST_OUTPUT_SECONDS)
        return self._ended(seconds)

    def _confined(self) -> bool:
        """False when there is nobody to confine."""
        assert self.tree.pid is not None
        try:
            confine(self.tree.pid, self.limits, cgroup=False)
        except _GONE:
            return False
        return True

    def stop(self, limit: Limit) -> None:
        """End the command at a limit; the first one counts, and none that comes after its own end."""
        if not self.tree.ended:
            self.limit = self.limit or limit
            self.tree.kill()

    def _ended(self, seconds: float) -> Ended:
        code, own = self.tree.result()
        if code is None and self.limit is None and own >= 0:
            raise LaunchFailed(self._why())
        if code is None:
            status, signal = None, -own if own < 0 else _SIGKILL
        elif _BY_SIGNAL < code <= _BY_SIGNAL + _LAST_SIGNAL:
            # bubblewrap tells a death by signal as shells do: a command that exits with such a status looks the same
            status, signal = None, code - _BY_SIGNAL
        else:
            status, signal = code, None
        return Ended(status=status, signal=signal, limit=self.limit, seconds=seconds, output_bytes=self.printed.bytes)

    def _why(self) -> str:
        return self.printed.head.decode(errors="replace").strip() or "bubblewrap ended without a word"
