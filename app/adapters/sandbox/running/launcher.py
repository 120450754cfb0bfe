"""Runs one plan under limits: starts it, hands on what it prints, ends it, and says how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass

from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.cgroups import Group
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launch import Launch
from app.adapters.sandbox.running.printed import Printed
from app.adapters.sandbox.running.starting import LaunchFailed, start
from app.adapters.sandbox.running.threads import Watchers
from app.adapters.sandbox.running.workspace import WorkspaceWatch
from app.adapters.sandbox.usage import Gauge, Measure
from app.domain.sandbox import CommandLimits, Ended, Stream
from app.ports.sandbox import Output


@dataclass(frozen=True, slots=True)
class Launcher:
    """Runs commands on this host, any number at a time, each in a sandbox of its own."""

    host: Host
    start_seconds: float = 10
    """How long bubblewrap may take to build a sandbox, which it does in some milliseconds."""

    async def run(
        self,
        plan: SandboxPlan,
        limits: CommandLimits,
        output: Output,
        *,
        measure: Measure | Gauge,
        merged: bool = True,
        begun: Callable[[int], None] | None = None,
        before: Callable[[int], Awaitable[None]] | None = None,
    ) -> Ended:
        """Run to the end. Nothing that the command started is alive when this returns or raises.

        `begun` is told the id, on this host, of the first process of the sandbox, just before the command begins.
        `before` is told it a little earlier and waited for; where it raises, nothing begins.

        An `output` that does not take what it is given holds up the command but not its limits; what it has not taken
        some seconds after the end is dropped. What it or `measure` raise ends the command and is raised here. A `Gauge`
        is for a workspace in which several commands run, one at a time. How /proc looks is the host's affair, whatever
        the plan says. A program that is not there or cannot be executed ends with 127 or 126, as in a shell, and what
        bubblewrap says of it is its output. Raises LaunchFailed.
        """
        gauge = measure if isinstance(measure, Gauge) else Gauge(measure)
        with ExitStack() as kept:
            group = kept.enter_context(self._group(limits))
            started = start(self.host, plan, kept, merged=merged)
            tree = started.tree
            pipes = {Stream.OUT: started.out} | ({} if started.err is None else {Stream.ERR: started.err})
            launch = Launch(
                limits=limits,
                group=group,
                release=started.release,
                tree=tree,
                printed=Printed(pipes, output, limits.output_bytes),
                watchers=Watchers(),
                workspace=WorkspaceWatch(plan.workspace, limits, gauge),
                begun=begun,
                before=before,
            )
            async with AsyncExitStack() as ending:  # the last one first, and all of them whatever happens
                ending.push_async_callback(launch.printed.stop)
                ending.push_async_callback(launch.watchers.stop)
                ending.push_async_callback(tree.end)
                return await launch.through(kept, start_seconds=self.start_seconds)

    @contextmanager
    def _group(self, limits: CommandLimits) -> Iterator[Group | None]:
        if self.host.cgroups is None:
            yield None
            return
        try:
            group = self.host.cgroups.make(limits)
        except OSError as error:
            raise LaunchFailed(f"no cgroup can be made for a sandbox: {error}") from error
        try:
            yield group
        finally:
            self.host.cgroups.remove(group)
