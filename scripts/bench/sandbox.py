"""Benchmark `sandbox`: what it costs to run a command in a sandbox instead of running it bare."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.domain.sandbox import Command
from app.ports import Sandbox
from scripts.bench.launching import (
    IN_CGROUP,
    OVERHEAD,
    PLAIN,
    TO_ALONE,
    TRUE,
    UNWATCHED,
    WATCHED,
    Options,
    Run,
    at_once,
    command,
    in_turns,
    overheads,
    per_second,
    plain,
)
from scripts.bench.processes import ROOT
from scripts.bench.repositories import of_files
from scripts.bench.results import Section
from scripts.bench.runner import NoSandbox, Place, open_runner, place

NAME = "sandbox"
RUNNER = "through the runner"
OPEN, FIRST, CLOSE = "ms to open a workspace", "ms of its first command", "ms to close it"

__all__ = ["IN_CGROUP", "NAME", "OVERHEAD", "RUNNER", "TO_ALONE", "WATCHED", "Plan", "measure"]

_AT_ONCE = (1, 2, 4, 8)
_TRUE = Command(argv=TRUE)
_MS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int = 5
    starts: int = 60
    """In each round, of each contender."""
    openings: int = 5
    """In each round."""


FULL, QUICK = Plan(), Plan(rounds=2, starts=40)


async def measure(plan: Plan) -> Section:
    """In a process of the runner's user first, and then through a runner as a worker has it."""
    values: dict[str, dict[str, list[float]]] = {name: {} for name in (PLAIN, UNWATCHED, WATCHED, IN_CGROUP, RUNNER)}
    notes: tuple[str, ...] = ()
    with place() as where:
        try:
            values[RUNNER] = await _through_runner(plan, where)
            values |= await _in_process(plan, where)
        except NoSandbox as absent:
            notes = (f"Not measured: {absent}.",)
    title = (
        f"A sandbox: {plan.rounds} rounds of {plan.starts} times `{TRUE[0]}` for each, in turns; "
        "what is over plain is over the plain one of the same process"
    )
    return Section(NAME, title, values, notes)


async def _in_process(plan: Plan, where: Place) -> dict[str, dict[str, list[float]]]:
    options = Options(str(where.directory / "launching"), plan.rounds, plan.starts, _AT_ONCE)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    process = await asyncio.create_subprocess_exec(
        *command(options), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=environment, cwd="/"
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the launcher was not measured: {process.returncode}")
    measured: dict[str, dict[str, list[float]]] = json.loads(printed)
    return measured


async def _through_runner(plan: Plan, where: Place) -> dict[str, list[float]]:
    measures: dict[str, list[float]] = defaultdict(list)
    tree = of_files(1).tree()
    async with open_runner(where, at_once=max(_AT_ONCE)) as sandboxes:
        for _ in range(plan.rounds):
            async with sandboxes.open(tree) as sandbox:
                runs: dict[str, Run] = {PLAIN: plain, RUNNER: partial(_true, sandbox)}
                found = overheads((await in_turns(runs, plan.starts))[0], PLAIN)[RUNNER]
            for number in _AT_ONCE:
                async with AsyncExitStack() as stack:
                    several = [await stack.enter_async_context(sandboxes.open(tree)) for _ in range(number)]
                    rate = await per_second([partial(_true, sandbox) for sandbox in several], plan.starts)
                found[at_once(number)] = rate
            for name, value in found.items():
                measures[name].append(value)
            for _ in range(plan.openings):
                for name, value in (await _opening(sandboxes)).items():
                    measures[name].append(value)
    return measures


async def _true(sandbox: Sandbox) -> None:
    ended = await sandbox.run(_TRUE)
    if not ended.succeeded:
        raise RuntimeError(f"true did not succeed in a sandbox: {ended}")


async def _opening(sandboxes: RunnerSandboxes) -> dict[str, float]:
    """From nothing to a workspace with one file in it, and back."""
    moments = [time.perf_counter()]
    async with sandboxes.open(of_files(1).tree()) as sandbox:
        moments.append(time.perf_counter())
        await _true(sandbox)
        moments.append(time.perf_counter())
    moments.append(time.perf_counter())
    steps = [(after - before) * _MS for before, after in pairwise(moments)]
    return dict(zip((OPEN, FIRST, CLOSE), steps, strict=True))
