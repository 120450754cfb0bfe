"""Whoever is killed, worker or runner, at any moment: nothing is left after the next start, and the next job works."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Command, Stream
from tests.adapters.sandbox.runner.conftest import Place, answering, kept_runner, parts, settings_for
from tests.adapters.sandbox.runner.processes import cgroups, children, is_dead, runners, until
from tests.adapters.sandbox.runner.trees import MemoryTree

ROOT = Path(__file__).parents[4]
TREE = MemoryTree({f"d{number}/f{number}": b"x" * 2_000 for number in range(300)})
BUSY = Command(argv=("sh", "-c", "echo begun; (setsid sleep 1000 &); trap '' TERM; sleep 1000 & sleep 1000"))

WORKER = """
import asyncio, signal, sys
from app.adapters.sandbox.runner.client import RunnerSandboxes
from tests.adapters.sandbox.runner.conftest import kept_runner, settings_for, answering
from tests.adapters.sandbox.runner.test_crashes import BUSY, TREE
from pathlib import Path

async def hear(stream, data):
    print("running", flush=True)

async def work(directory):
    async with kept_runner(settings_for(directory)) as own:
        sandboxes = RunnerSandboxes(own.connect)
        print("started", flush=True)
        await answering(sandboxes)
        print("answering", flush=True)
        async with sandboxes.open(TREE) as sandbox:
            print("opened", flush=True)
            await sandbox.run(BUSY, hear)

async def main():
    working = asyncio.ensure_future(work(Path(sys.argv[1])))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    await working

asyncio.run(main())
"""


async def next_job(directory: Path) -> None:
    """A fresh worker with a fresh runner: its start sweeps, and its first job works."""
    async with kept_runner(settings_for(directory)) as own:
        sandboxes = RunnerSandboxes(own.connect)
        await answering(sandboxes)
        async with sandboxes.open(TREE) as sandbox:
            assert (await sandbox.run(Command(argv=("true",)))).succeeded
            assert len(parts(directory)) == 1, "what was left is swept"


@pytest.mark.parametrize("moment", ["started", "answering", "opened", "running"])
@pytest.mark.parametrize("victim", ["worker", "runner"])
async def test_killed_at(directory: Path, moment: str, victim: str) -> None:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, str(directory)),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    assert worker.stdout is not None
    try:
        async with asyncio.timeout(60):
            while (await worker.stdout.readline()).decode().strip() != moment:
                assert worker.returncode is None
        of_worker, of_runner = children(worker.pid), runners(directory)
        if victim == "worker":
            worker.kill()
            await until(lambda: all(map(is_dead, of_worker)), "all that it started dies with a worker")
        below = [child for runner in of_runner for child in children(runner)]
        if victim == "runner":
            for runner in of_runner:
                os.kill(runner, signal.SIGKILL)
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
    await until(lambda: runners(directory) == [], "the runner goes with its worker")
    await next_job(directory)
    # Not before: a bubblewrap that was just building its sandbox waits until the next start ends it.
    await until(lambda: all(map(is_dead, below)), "all that it started is dead after the next start")
    assert parts(directory) == []
    assert [cgroups(runner) for runner in of_runner] == [[] for _ in of_runner]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_worker_that_is_stopped_lets_its_runner_clean_up(directory: Path, number: int) -> None:
    """Ctrl-C goes to the worker's whole group, of which the runner is none."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, str(directory)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        start_new_session=True,
    )
    assert worker.stdout is not None
    async with asyncio.timeout(60):
        while (await worker.stdout.readline()).decode().strip() != "running":
            assert worker.returncode is None
        (runner,) = runners(directory)
        assert os.getsid(runner) == runner
        os.killpg(worker.pid, number)
        await worker.communicate()
    assert runners(directory) == []
    assert parts(directory) == []


async def test_a_runner_that_dies_is_started_again_and_its_sandboxes_are_over(own_place: Place) -> None:
    running = asyncio.Event()

    async def hear(_stream: Stream, _data: bytes) -> None:
        running.set()

    async def job() -> None:
        async with own_place.sandboxes.open(TREE) as sandbox:
            await sandbox.run(BUSY, hear)

    working = asyncio.create_task(job())
    await asyncio.wait_for(running.wait(), 30)
    (pid,) = runners(own_place.directory)
    below = children(pid)
    assert below
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SandboxUnavailable):
        await working
    await until(lambda: all(map(is_dead, below)), "its commands die with it")
    await answering(own_place.sandboxes)
    async with own_place.sandboxes.open(TREE) as sandbox:
        assert (await sandbox.run(Command(argv=("true",)))).succeeded
    assert len(parts(own_place.directory)) == 1


async def test_sigterm_ends_a_runner_and_all_that_it_has(own_place: Place) -> None:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(own_place.sandboxes.open(TREE))
        (pid,) = runners(own_place.directory)
        os.kill(pid, signal.SIGTERM)
        await until(lambda: is_dead(pid), "the runner ends")
    await answering(own_place.sandboxes)
    assert len(parts(own_place.directory)) == 1
