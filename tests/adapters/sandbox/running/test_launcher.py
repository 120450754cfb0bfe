"""A command runs from its start to the death of all it started; what it prints comes out, and its end is told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.starting import LaunchFailed
from app.domain.sandbox import CommandLimits, Ended, Limit, Stream
from tests.adapters.sandbox.running.running import LIMITS, Kept, left, nothing, run


async def shell(
    host: Host, plan: SandboxPlan, script: str, limits: CommandLimits = LIMITS, *, merged: bool = True
) -> tuple[Ended, Kept]:
    return await run(host, plan, "sh", "-c", script, limits=limits, merged=merged)


def bytes_of(path: PurePosixPath) -> int:
    return Path(path).stat().st_size


async def test_a_command_ends_with_its_status(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "echo hello; exit 3")

    assert (ended.status, ended.signal, ended.limit, ended.output_bytes) == (3, None, None, 6)
    assert kept.text() == "hello\n"
    assert 0 < ended.seconds < 60


async def test_a_command_ends_by_a_signal(host: Host, plan: SandboxPlan) -> None:
    ended, _ = await shell(host, plan, "kill -SEGV $$")

    assert (ended.status, ended.signal, ended.limit) == (None, 11, None)


async def test_streams_come_apart_or_as_one(host: Host, plan: SandboxPlan) -> None:
    script = "echo 1; echo 2 >&2; echo 3"
    _, apart = await shell(host, plan, script, merged=False)
    _, one = await shell(host, plan, script)

    assert (apart.text(), apart.text(Stream.ERR)) == ("1\n3\n", "2\n")
    assert (one.text(), one.text(Stream.ERR)) == ("1\n2\n3\n", "")


async def test_nothing_comes_in(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "cat; ls /proc/self/fd; env | cut -d= -f1 | sort | tr '\\n' ' '")

    assert ended.succeeded
    assert kept.text() == "0\n1\n2\n3\nHOME LANG LOGNAME PATH PWD SHELL TMPDIR USER "


async def test_time_ends_a_tree_that_does_not_listen(host: Host, plan: SandboxPlan) -> None:
    script = "trap '' TERM INT HUP; (trap '' TERM; setsid sleep 1000) & sleep 1000"
    begin = time.monotonic()
    ended, _ = await shell(host, plan, script, CommandLimits(seconds=0.5))

    assert (ended.status, ended.signal, ended.limit) == (None, 9, Limit.TIME)
    assert time.monotonic() - begin < 10.5


async def test_what_a_command_leaves_running_ends_with_it(
    host: Host, plan: SandboxPlan, directory: PurePosixPath
) -> None:
    script = "(setsid sh -c 'while :; do echo x >> /workspace/file; done' >/dev/null 2>&1 &); sleep 0.2; echo bye"
    ended, kept = await shell(host, plan, script)
    size = bytes_of(directory / "file")
    await asyncio.sleep(0.2)

    assert ended.succeeded
    assert kept.text() == "bye\n"
    assert bytes_of(directory / "file") == size > 0


async def test_output_ends_at_its_limit(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "yes", CommandLimits(seconds=60, output_bytes=1_000_000))

    assert ended.limit is Limit.OUTPUT
    assert len(kept.text()) == 1_000_000 < ended.output_bytes


async def test_who_does_not_take_output_does_not_prevent_the_end(host: Host, plan: SandboxPlan) -> None:
    async def stuck(stream: Stream, chunk: bytes) -> None:
        await asyncio.Event().wait()

    begin = time.monotonic()
    ended = await Launcher(host).run(replace(plan, argv=("yes",)), CommandLimits(seconds=0.3), stuck, measure=nothing)

    assert ended.limit is Limit.TIME
    assert time.monotonic() - begin < 10.3


async def test_who_fails_at_output_ends_the_command(host: Host, plan: SandboxPlan) -> None:
    async def broken(stream: Stream, chunk: bytes) -> None:
        raise ConnectionResetError("nobody there")

    before = left()
    with pytest.raises(ConnectionResetError, match="nobody there"):
        await Launcher(host).run(replace(plan, argv=("yes",)), LIMITS, broken, measure=nothing)
    assert left() == before


async def test_a_program_that_is_not_there_is_named(host: Host, plan: SandboxPlan) -> None:
    before = left()
    with pytest.raises(LaunchFailed, match="bwrap: execvp no-such-program: No such file or directory"):
        await Launcher(host).run(replace(plan, argv=("no-such-program",)), LIMITS, Kept(), measure=nothing)
    assert left() == before


async def test_a_sandbox_that_cannot_be_built_says_why(host: Host, plan: SandboxPlan) -> None:
    before = left()
    with pytest.raises(LaunchFailed, match="bwrap: Can't find source path /var/tmp/no/such"):
        await Launcher(host).run(
            replace(plan, workspace=PurePosixPath("/var/tmp/no/such")), LIMITS, Kept(), measure=nothing
        )
    assert left() == before


async def test_a_missing_bubblewrap_is_named(host: Host, plan: SandboxPlan) -> None:
    before = left()
    with pytest.raises(LaunchFailed, match="/usr/bin/no-such-bwrap: No such file or directory"):
        await Launcher(replace(host, bwrap=PurePosixPath("/usr/bin/no-such-bwrap"))).run(
            plan, LIMITS, Kept(), measure=nothing
        )
    assert left() == before


async def test_nothing_is_left_behind(host: Host, plan: SandboxPlan) -> None:
    await shell(host, plan, "true")
    before = left()
    for script in ("true", "exit 1", "kill -9 $$", "sleep 1000 & echo x"):
        await shell(host, plan, script)
    assert left() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_eight_at_once(host: Host, plan: SandboxPlan) -> None:
    results = await asyncio.gather(*(shell(host, plan, f"sleep 0.2; echo {number}") for number in range(8)))

    assert [kept.text() for _, kept in results] == [f"{number}\n" for number in range(8)]
    assert all(ended.succeeded for ended, _ in results)


@pytest.mark.parametrize("delay", [0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.1])
async def test_a_cancellation_at_any_stage_leaves_nothing(host: Host, plan: SandboxPlan, delay: float) -> None:
    await shell(host, plan, "true")
    before = left()
    for _ in range(5):
        task = asyncio.create_task(shell(host, plan, "sleep 1000 & sleep 1000"))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left() == before
