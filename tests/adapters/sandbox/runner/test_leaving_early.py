"""A call that is left before its answer is complete: what still comes is nobody's answer, and nothing goes on."""

from __future__ import annotations

import asyncio

import pytest

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.messages import Done, Finished, Opened, Printed, Refused
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.sandbox import Command, Stream
from tests.adapters.sandbox.runner.lying import READY, runner, said, saying
from tests.adapters.sandbox.runner.trees import MemoryTree

TREE = MemoryTree({})
OPENED = (READY, Done(), Opened(git=False))
FAILED = Finished(1, None, None, 0.1, 1)
SUCCEEDED = Finished(0, None, None, 0.1, 1)
COMMAND = Command(argv=("true",))


class Broken(Exception):
    """Of whoever listens."""


@pytest.mark.parametrize("error", [Broken, TimeoutError, SandboxRefused])
async def test_whoever_listens_and_fails_ends_the_sandbox_with_his_own_error(error: type[Exception]) -> None:
    async def hear(_stream: Stream, _data: bytes) -> None:
        raise error("mine")

    async with (
        runner(saying(*OPENED, Printed("out"), SUCCEEDED, FAILED)) as connect,
        RunnerSandboxes(connect).open(TREE) as sandbox,
    ):
        with pytest.raises(error, match="mine"):
            await sandbox.run(COMMAND, hear)
        with pytest.raises(SandboxUnavailable, match="this sandbox is over"):
            await sandbox.run(COMMAND)


async def test_a_refusal_leaves_the_sandbox_as_it_is() -> None:
    refused = Refused("no such command", over=False, later=False)
    async with (
        runner(saying(*OPENED, refused, SUCCEEDED)) as connect,
        RunnerSandboxes(connect).open(TREE) as sandbox,
    ):
        with pytest.raises(SandboxRefused, match="no such command"):
            await sandbox.run(COMMAND)
        assert (await sandbox.run(COMMAND)).succeeded


class Ending:
    """A runner whose command does not end by itself, and which is ready with cleaning when it is let."""

    def __init__(self) -> None:
        self.told_to_end = asyncio.Event()
        self.clean = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(*OPENED, Printed("out")))
        while await reader.read(1 << 16):
            pass
        self.told_to_end.set()
        await self.clean.wait()


@pytest.mark.parametrize("listening", [True, False])
async def test_who_is_cancelled_gets_away_once_all_that_he_started_is_killed(*, listening: bool) -> None:
    other, heard = Ending(), asyncio.Event()

    async def hear(_stream: Stream, _data: bytes) -> None:
        heard.set()
        if listening:
            await asyncio.Event().wait()

    async with runner(other) as connect, RunnerSandboxes(connect).open(TREE) as sandbox:
        running = asyncio.create_task(sandbox.run(COMMAND, hear))
        await asyncio.wait_for(heard.wait(), 30)
        running.cancel()
        await asyncio.wait_for(other.told_to_end.wait(), 30)
        running.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not running.done(), "also of a second cancellation"
        other.clean.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(SandboxUnavailable, match="this sandbox is over"):
            await sandbox.read("a", max_bytes=1)


@pytest.mark.parametrize("call", ["read", "write", "delete", "collect"])
async def test_every_other_call_that_is_cancelled_ends_the_sandbox_too(call: str) -> None:
    async with runner(saying(*OPENED)) as connect, RunnerSandboxes(connect).open(TREE) as sandbox:
        calls = {
            "read": sandbox.read("a", max_bytes=1),
            "write": sandbox.write("a", b""),
            "delete": sandbox.delete("a"),
            "collect": sandbox.collect(["a"]),
        }
        calling = asyncio.ensure_future(calls.pop(call))
        for unused in calls.values():
            unused.close()
        for _ in range(10):
            await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        with pytest.raises(SandboxUnavailable, match="this sandbox is over"):
            await sandbox.run(COMMAND)
