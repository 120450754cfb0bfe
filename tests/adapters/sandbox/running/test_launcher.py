"""A command runs from its start to the death of all it started; what it prints comes out, and its end is told."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import resource
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.isolation.syscalls import Machine
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.running.tree import Tree, _state
from app.adapters.sandbox.usage import Usage
from app.domain.sandbox import CommandLimits, Ended, Limit, Stream
from tests.adapters.sandbox.running.running import LIMITS, Kept, children, left, nothing, processes_with, run


async def shell(
    host: Host, plan: SandboxPlan, script: str, limits: CommandLimits = LIMITS, *, merged: bool = True
) -> tuple[Ended, Kept]:
    return await run(host, plan, "sh", "-c", script, limits=limits, merged=merged)


def bytes_of(path: PurePosixPath) -> int:
    return Path(path).stat().st_size


def network_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


async def test_a_command_ends_with_its_status(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "echo hello; exit 3")

    assert (ended.status, ended.signal, ended.limit, ended.output_bytes) == (3, None, None, 6)
    assert kept.text() == "hello\n"
    assert 0 < ended.seconds < 60


async def test_before_it_begins_its_sandbox_can_be_looked_at(host: Host, plan: SandboxPlan) -> None:
    seen: list[str] = []
    kept = Kept()

    async def before(first: int) -> None:
        await asyncio.sleep(0.05)
        seen.extend((network_of(first), kept.text()))

    shown = replace(plan, argv=("echo", "begun"))
    ended = await Launcher(host).run(shown, LIMITS, kept, measure=nothing, before=before)
    assert (ended.status, kept.text()) == (0, "begun\n")
    assert seen[0].startswith("net:")
    assert seen[0] != network_of(os.getpid())
    assert seen[1] == "", "it had not begun"


async def test_what_fails_before_it_begins_keeps_it_from_beginning(host: Host, plan: SandboxPlan) -> None:
    async def before(_first: int) -> None:
        raise LaunchFailed("not today")

    start, kept = left(), Kept()
    with pytest.raises(LaunchFailed, match="not today"):
        await Launcher(host).run(replace(plan, argv=("echo", "begun")), LIMITS, kept, measure=nothing, before=before)
    assert kept.text() == ""
    assert left() == start


async def test_a_command_ends_by_a_signal(host: Host, plan: SandboxPlan) -> None:
    ended, _ = await shell(host, plan, "kill -SEGV $$")

    assert (ended.status, ended.signal, ended.limit) == (None, 11, None)


@pytest.mark.parametrize("number", [signal.SIGXCPU, signal.SIGXFSZ])
async def test_a_status_that_looks_like_a_limit_is_none(host: Host, plan: SandboxPlan, number: int) -> None:
    for script in (f"exit {128 + number}", f"kill -{number} $$"):
        ended, _ = await shell(host, plan, script)

        assert (ended.status, ended.signal, ended.limit) == (None, number, None)


async def test_a_file_in_tmp_can_be_too_large_too(host: Host, plan: SandboxPlan) -> None:
    ended, _ = await shell(host, plan, "exec cat /dev/zero > /tmp/file", CommandLimits(seconds=60, file_bytes=1 << 20))

    assert (ended.signal, ended.limit) == (signal.SIGXFSZ, Limit.FILE_SIZE)


async def test_streams_come_apart_or_as_one(host: Host, plan: SandboxPlan) -> None:
    script = "echo 1; echo 2 >&2; echo 3"
    _, apart = await shell(host, plan, script, merged=False)
    _, one = await shell(host, plan, script)

    assert (apart.text(), apart.text(Stream.ERR)) == ("1\n3\n", "2\n")
    assert (one.text(), one.text(Stream.ERR)) == ("1\n2\n3\n", "")


async def test_nothing_comes_in(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "cat; ls /proc/self/fd; env | cut -d= -f1 | sort | tr '\\n' ' '")

    assert ended.succeeded
    assert kept.text() == "0\n1\n2\n3\nCI HOME LANG LOGNAME PATH PWD SHELL TMPDIR USER "


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


@pytest.fixture
def broken(directory: PurePosixPath) -> None:
    """Files in the workspace that are no programs, as a pull request can have."""
    for name, content, mode in (("script", "#!/no/such/interpreter\n", 0o755), ("closed", "#!/bin/sh\n", 0o644)):
        file = Path(directory / name)
        file.write_text(content)
        file.chmod(mode)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        ("no-such-program", 127, "No such file or directory"),
        ("./script", 127, "No such file or directory"),
        ("./closed", 126, "Permission denied"),
        ("/usr", 126, "Permission denied"),
    ],
)
async def test_what_cannot_be_executed_ends_as_in_a_shell(
    host: Host, plan: SandboxPlan, program: str, status: int, said: str
) -> None:
    before = left()
    for merged in (True, False):
        ended, kept = await run(host, plan, program, merged=merged)

        assert (ended.status, ended.signal, ended.limit) == (status, None, None)
        assert kept.text(Stream.OUT if merged else Stream.ERR) == f"bwrap: execvp {program}: {said}\n"
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
    with pytest.raises(LaunchFailed, match=r"/usr/bin/no-such-bwrap cannot be started: .* No such file or directory"):
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


SLEEP = f"{100_000 + os.getpid()}"


@pytest.fixture
def stuck(directory: PurePosixPath) -> PurePosixPath:
    """A program that starts another and does nothing of what bubblewrap does."""
    path = Path(directory.parent) / "stuck"
    path.write_text(f"#!/bin/sh\nsleep {SLEEP} &\nwait\n")
    path.chmod(0o755)
    return PurePosixPath(path)


async def test_a_bubblewrap_that_is_stuck_is_given_up(stuck: PurePosixPath, host: Host, plan: SandboxPlan) -> None:
    before = left()
    with pytest.raises(LaunchFailed, match=r"bubblewrap has built no sandbox that we may look into in 0.3 s"):
        await Launcher(replace(host, bwrap=stuck), start_seconds=0.3).run(plan, LIMITS, Kept(), measure=nothing)

    assert left() == before
    assert processes_with(str(stuck)) == []


async def test_a_child_that_waits_for_bubblewrap_is_killed_too(
    stuck: PurePosixPath, host: Host, plan: SandboxPlan
) -> None:
    with pytest.raises(LaunchFailed):
        await Launcher(replace(host, bwrap=stuck), start_seconds=0.3).run(plan, LIMITS, Kept(), measure=nothing)

    assert processes_with(f"sleep {SLEEP}") == []


async def test_who_waits_for_a_stuck_bubblewrap_holds_up_nobody(
    stuck: PurePosixPath, host: Host, plan: SandboxPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set[threading.Thread]()

    def note(process: Path) -> str:
        threads.add(threading.current_thread())
        return _state(process)

    monkeypatch.setattr(f"{Tree.__module__}._state", note)
    with pytest.raises(LaunchFailed):
        await Launcher(replace(host, bwrap=stuck), start_seconds=0.3).run(plan, LIMITS, Kept(), measure=nothing)

    assert threads
    assert threading.main_thread() not in threads
    assert processes_with(f"sleep {SLEEP}") == []


async def test_who_fails_to_measure_ends_the_command(host: Host, plan: SandboxPlan) -> None:
    def broken() -> Usage:
        raise PermissionError("not this directory")

    before = left()
    with pytest.raises(PermissionError, match="not this directory"):
        await run(host, plan, "sleep", "1000", measure=broken)
    assert left() == before


async def test_a_measurement_is_waited_for(host: Host, plan: SandboxPlan) -> None:
    measuring = threading.Event()
    ends = []

    def slow() -> Usage:
        measuring.set()
        time.sleep(0.3)
        ends.append(time.monotonic())
        return Usage(0, 0)

    task = asyncio.create_task(run(host, plan, "sleep", "1000", measure=slow))
    await asyncio.to_thread(measuring.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(ends) == 1


async def test_a_slow_reader_gets_all_of_it(host: Host, plan: SandboxPlan) -> None:
    parts: list[bytes] = []

    async def slow(stream: Stream, chunk: bytes) -> None:
        await asyncio.sleep(0.02)
        parts.append(chunk)

    ended = await Launcher(host).run(
        replace(plan, argv=("head", "-c", "1000000", "/dev/zero")), LIMITS, slow, measure=nothing
    )

    assert ended.succeeded
    assert len(b"".join(parts)) == ended.output_bytes == 1_000_000


async def test_root_runs_nothing(bwrap: PurePosixPath, directory: PurePosixPath) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try this")
    host = Host(bwrap=bwrap, machine=Machine(platform.machine()))
    with pytest.raises(LaunchFailed, match="commands are never run by root"):
        await Launcher(host).run(SandboxPlan(argv=("true",), workspace=directory), LIMITS, Kept(), measure=nothing)


async def test_descriptors_that_run_out_are_a_failed_launch(host: Host, plan: SandboxPlan) -> None:
    await run(host, plan, "true")
    before, limits = left(), resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(entry.split()[0]) for entry in before if not entry.startswith("child")}
    free = [number for number in range(1000) if number not in taken]
    failures = 0
    for number in free[:40]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, limits[1]))
        try:
            await run(host, plan, "true")
        except LaunchFailed:
            failures += 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert left() == before
    assert failures > 0


async def test_who_kills_bubblewrap_ends_everything(host: Host, plan: SandboxPlan) -> None:
    started = asyncio.Event()

    async def note(stream: Stream, chunk: bytes) -> None:
        started.set()

    before = children()
    argv = ("sh", "-c", f"sleep {SLEEP} & echo; sleep {SLEEP}")
    task = asyncio.create_task(Launcher(host).run(replace(plan, argv=argv), LIMITS, note, measure=nothing))
    await asyncio.wait_for(started.wait(), 30)
    for child in children() - before:
        os.kill(child, signal.SIGKILL)
    ended = await task

    assert (ended.status, ended.signal, ended.limit) == (None, signal.SIGKILL, None)
    assert processes_with(f"sleep {SLEEP}") == []


async def test_too_much_output_in_the_last_moment_counts(host: Host, plan: SandboxPlan) -> None:
    ended, kept = await shell(host, plan, "echo 12345", CommandLimits(output_bytes=3))

    assert (ended.limit, ended.output_bytes, kept.text()) == (Limit.OUTPUT, 6, "123")
    assert not ended.succeeded


@pytest.fixture
def reaper() -> Iterator[None]:
    """Orphans become this process's own, as they do for the process 1 of a container (`PR_SET_CHILD_SUBREAPER`)."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(36, 1, 0, 0, 0) == 0
    yield
    assert libc.prctl(36, 0, 0, 0, 0) == 0


async def test_who_inherits_orphans_reaps_them(reaper: None, host: Host, plan: SandboxPlan) -> None:
    before = left()
    for _ in range(10):
        ended, _ = await shell(host, plan, "setsid sleep 1000 & sleep 1000", CommandLimits(seconds=0.02))
        assert ended.limit is Limit.TIME
    assert left() == before
