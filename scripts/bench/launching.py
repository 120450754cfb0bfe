"""The product's Launcher in a process of the runner's user, beside a plain subprocess: `python -P -m ... OPTIONS`.

Prints as JSON what it measured: contender -> measure -> one value for each round. OPTIONS is JSON, see `Options`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from statistics import fmean, median, quantiles

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.processes import census, proportional_bytes
from app.adapters.sandbox.running.starting import start
from app.domain.sandbox import CommandLimits, Stream
from app.wiring.runner import Ground, RunnerOptions, open_ground, prepare, run_as_runner
from scripts.bench.results import ratios

PLAIN, UNWATCHED, WATCHED, IN_CGROUP = "plain subprocess", "bubblewrap alone", "launcher", "launcher, cgroup"
TRUE = ("/usr/bin/true",)
START, OVERHEAD, OVERHEAD_95 = "ms, start to end of `true`", "ms over plain, median", "ms over plain, p95"
CPU = "CPU ms of it, with ours"
TO_ALONE = "start to end / bubblewrap alone"
IDLE, IDLE_OWN = "kB of an idle sandbox (PSS)", "kB it adds to who watches it (PSS)"

_IDLE_SANDBOXES = 8
_LIMITS = CommandLimits(seconds=120)
_MS = 1000
_PATIENCE_SECONDS = 30.0
_DONE_PERCENT = 95

Run = Callable[[], Awaitable[None]]
Values = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Options:
    """`starts` of each contender in each round, and `starts` in all for each number at once."""

    workspaces: str
    rounds: int
    starts: int
    at_once: tuple[int, ...]


def command(options: Options) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "scripts.bench.launching", json.dumps(asdict(options)))


def at_once(number: int) -> str:
    return f"sandboxes/s, {number} at once"


def overheads(seconds: dict[str, list[float]], plain: str, alone: str | None = None) -> dict[str, dict[str, float]]:
    """Of one round in which all took turns: each against the plain one that ran just before it, and against `alone`."""
    found = {}
    for name, values in seconds.items():
        measures = {START: median(values) * _MS}
        if name != plain:
            over = [(value - base) * _MS for value, base in zip(values, seconds[plain], strict=True)]
            measures |= {
                OVERHEAD: median(over),
                OVERHEAD_95: quantiles(over, n=100, method="inclusive")[_DONE_PERCENT - 1],
            }
            if alone is not None and alone != name:
                measures[TO_ALONE] = median(ratios(values, seconds[alone]))
        found[name] = measures
    return found


async def in_turns(contenders: dict[str, Run], times: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each run, on the clock and of processors, by this process and what it has reaped."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(times):
        for name, run in contenders.items():
            began, used = time.perf_counter(), _cpu_seconds()
            await run()
            seconds[name].append(time.perf_counter() - began)
            cpu[name].append(_cpu_seconds() - used)
    return seconds, cpu


async def per_second(runs: list[Run], times: int) -> float:
    """Each of the runs over and over at once with the others, so many `times` in all."""
    left = iter(range(times))

    async def keep(run: Run) -> None:
        for _ in left:
            await run()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(keep(run))
    return times / (time.perf_counter() - began)


def _cpu_seconds() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


async def plain() -> None:
    # The shortest way that there is: nothing else runs here meanwhile.
    subprocess.run(TRUE, stdin=subprocess.DEVNULL, capture_output=True, check=True)  # noqa: ASYNC221


@dataclass(frozen=True, slots=True)
class _Bench:
    launcher: Launcher
    ground: Ground
    workspace: Workspace

    def plan(self, *argv: str) -> SandboxPlan:
        return SandboxPlan(argv=argv, workspace=PurePosixPath(self.workspace.path), toolchain=self.ground.toolchain)

    async def unwatched(self) -> None:
        """The same sandbox, with nobody who limits it, looks at it or listens to it."""
        with ExitStack() as kept:
            started = start(self.launcher.host, self.plan(*TRUE), kept, merged=True)
            await started.tree.find()  # so that its end is waited for, and its processor time counted, too
            os.write(started.release, b"1")
            while os.read(started.out, 4096):
                continue
            await started.tree.end()

    async def true(self, launcher: Launcher) -> None:
        ended = await self.run(launcher, TRUE)
        if ended != 0:
            raise RuntimeError(f"true ended with {ended} in a sandbox")

    async def run(
        self, launcher: Launcher, argv: tuple[str, ...], begun: Callable[[int], None] | None = None
    ) -> int | None:
        measure = partial(self.workspace.measure, max_bytes=_LIMITS.disk_bytes, max_files=_LIMITS.files)
        ended = await launcher.run(self.plan(*argv), _LIMITS, _unheard, measure=measure, begun=begun)
        return ended.status

    async def idle_kilobytes(self, launcher: Launcher) -> dict[str, float]:
        """Of bubblewrap's two processes, and of what we need to watch them; without the command's own."""
        before = proportional_bytes((os.getpid(),))
        first: list[int] = []
        running = [
            asyncio.create_task(self.run(launcher, ("/usr/bin/sleep", "100"), first.append))
            for _ in range(_IDLE_SANDBOXES)
        ]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while len(first) < len(running) or not all(map(_sleeps, first)):
                    for task in running:
                        if task.done():  # what ended is not idle: its error has the better words
                            raise RuntimeError(f"a sandbox ended with {task.result()} before it was measured")
                    await asyncio.sleep(0.01)
            sizes = [proportional_bytes((_parent(pid), pid)) for pid in first]
            after = proportional_bytes((os.getpid(),))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if not all(sizes):
            raise RuntimeError("the memory of a sandbox cannot be read")
        return {IDLE: median(sizes) / 1024, IDLE_OWN: (after - before) / 1024 / len(running)}


def _sleeps(first: int) -> bool:
    return any(_status(pid, "Name") == "sleep" for pid in census(first).pids)


def _parent(pid: int) -> int:
    return int(_status(pid, "PPid"))


def _status(pid: int, name: str) -> str:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return next(value.strip() for key, _, value in (line.partition(":") for line in lines) if key == name)


async def _unheard(_stream: Stream, _data: bytes) -> None:
    """Nothing is printed."""


async def _measure(options: Options, runner: RunnerOptions, cgroups: Subtree | None) -> Values:
    values: Values = defaultdict(lambda: defaultdict(list))
    async with open_ground(runner, cgroups) as ground:
        if ground.launcher is None:
            raise RuntimeError(f"nothing is executed on this host: {ground.isolation.reason}")
        workspace = ground.workspaces.create()
        bench = _Bench(ground.launcher, ground, workspace)
        launchers = {WATCHED: replace(ground.launcher, host=replace(ground.launcher.host, cgroups=None))}
        if cgroups is not None:
            launchers[IN_CGROUP] = ground.launcher
        runs: dict[str, Run] = {PLAIN: plain, UNWATCHED: bench.unwatched}
        runs |= {name: partial(bench.true, launcher) for name, launcher in launchers.items()}
        await in_turns(runs, 3)  # to warm up
        for _ in range(options.rounds):
            seconds, cpu = await in_turns(runs, options.starts)
            for name, measured in overheads(seconds, PLAIN, UNWATCHED).items():
                _note(values[name], measured | {CPU: fmean(cpu[name]) * _MS})
            for name, launcher in launchers.items():
                for number in options.at_once:
                    rate = await per_second([partial(bench.true, launcher)] * number, options.starts)
                    _note(values[name], {at_once(number): rate})
                _note(values[name], await bench.idle_kilobytes(launcher))
        workspace.remove()
    if cgroups is not None:
        cgroups.close()
    return values


def _note(measures: dict[str, list[float]], measured: dict[str, float]) -> None:
    for name, value in measured.items():
        measures[name].append(value)


def main() -> None:
    options = Options(**json.loads(sys.argv[1]))
    directory = Path(options.workspaces)
    runner = RunnerOptions(workspaces_dir=directory, root=None, user=None, at_once=1, worker_uid=os.getuid())
    cgroups = prepare(runner)
    json.dump(run_as_runner(_measure(options, runner, cgroups)), sys.stdout)


if __name__ == "__main__":
    main()
