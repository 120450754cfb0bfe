"""What a watch makes of what it sees: the limit that a command is over, and the one at which it failed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.sandbox.running.cgroup_v2 import Version2
from app.adapters.sandbox.running.cgroups import Group
from app.adapters.sandbox.running.scratch import Scratch, Space
from app.adapters.sandbox.running.watch import Watch
from app.domain.sandbox import CommandLimits, Limit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"/proc is Linux's, this is {sys.platform}")

MIB = 1 << 20
LIMITS = CommandLimits(memory_bytes=1024 * MIB, processes=10)
EMPTY = Space()


class Held(Scratch):
    """Scratch space that holds what a test says."""

    def __init__(self, space: Space) -> None:
        super().__init__(())
        self.now = space

    def space(self) -> Space:
        return self.now


@pytest.fixture
def crowd() -> Iterator[int]:
    """A process with seven others below it."""
    code = "import os, sys\nfor _ in range(7):\n    if os.fork() == 0: break\nelse: print(flush=True)\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.kill()


def watch(pid: int, *, limits: CommandLimits = LIMITS, space: Space = EMPTY, group: Group | None = None) -> Watch:
    return Watch(first=pid, limits=limits, scratch=Held(space), group=group)


def group(folder: Path, *, kills: int = 0, refused: int = 0, tasks: int = 2) -> Group:
    (folder / "memory.events").write_text(f"oom_kill {kills}\n")
    (folder / "pids.events").write_text(f"max {refused}\n")
    (folder / "pids.current").write_text(f"{tasks}\n")
    return Group(Version2(folder), (folder,))


def test_what_is_within_its_limits_is_let_be() -> None:
    seen = watch(os.getpid(), limits=CommandLimits(memory_bytes=100_000 * MIB))

    assert (seen.look(), seen.failed_at()) == (None, None)


def test_processes_and_scratch_space_share_the_memory(crowd: int) -> None:
    seen = watch(crowd, space=Space(bytes=1023 * MIB))

    assert seen.look() is Limit.MEMORY
    assert seen.failed_at() is Limit.MEMORY


def test_memory_that_is_shared_is_not_counted_twice(crowd: int) -> None:
    """Eight interpreters of some 10 MB each share nearly all of it."""
    assert watch(crowd, limits=CommandLimits(memory_bytes=40 * MIB)).look() is None


def test_who_fails_with_nearly_all_memory_has_failed_at_it(crowd: int) -> None:
    seen = watch(crowd, space=Space(bytes=925 * MIB))

    assert (seen.look(), seen.failed_at()) == (None, Limit.MEMORY)


def test_too_many_empty_files_are_told() -> None:
    assert watch(os.getpid(), space=Space(inodes=70_000)).look() is Limit.SCRATCH


def test_who_fails_with_full_scratch_space_has_failed_at_it() -> None:
    assert watch(os.getpid(), space=Space(full=True)).failed_at() is Limit.SCRATCH


def test_a_crowd_is_borne_for_a_while(crowd: int) -> None:
    seen = watch(crowd, limits=replace(LIMITS, processes=8))
    told: list[Limit] = []

    assert (seen.look(), seen.failed_at()) == (None, Limit.PROCESSES)
    seen.until(threading.Event(), told.append)
    assert told == [Limit.PROCESSES]


def test_a_smaller_crowd_is_no_crowd(crowd: int) -> None:
    seen = watch(crowd, limits=replace(LIMITS, processes=11))

    assert (seen.look(), seen.failed_at()) == (None, None)


def test_a_watch_ends_when_it_is_told_to() -> None:
    seen, stop = watch(os.getpid(), limits=CommandLimits(memory_bytes=100_000 * MIB)), threading.Event()
    told: list[Limit] = []
    thread = threading.Thread(target=seen.until, args=(stop, told.append))
    thread.start()
    stop.set()
    thread.join(30)

    assert not thread.is_alive()
    assert told == []


def test_a_cgroup_is_asked_what_it_did(tmp_path: Path) -> None:
    pid = os.getpid()
    killed = watch(pid, group=group(tmp_path, kills=1))
    assert (killed.look(), killed.failed_at()) == (Limit.MEMORY, Limit.MEMORY)

    refused = watch(pid, group=group(tmp_path, refused=1))
    assert (refused.look(), refused.failed_at()) == (None, Limit.PROCESSES)

    calm = watch(pid, group=group(tmp_path))
    assert (calm.look(), calm.failed_at()) == (None, None)

    told: list[Limit] = []
    watch(pid, group=group(tmp_path, tasks=10)).until(threading.Event(), told.append)
    assert told == [Limit.PROCESSES]


def test_with_a_cgroup_memory_is_not_counted(tmp_path: Path) -> None:
    small = CommandLimits(memory_bytes=1)

    assert watch(os.getpid(), limits=small, group=group(tmp_path)).look() is None


def test_what_nobody_saw_may_have_been_work() -> None:
    processors, seen = os.cpu_count() or 1, watch(os.getpid())

    assert seen.may_have_used(cpu_seconds=10 * processors, ended_at=seen._begin + 5.5)
    assert not seen.may_have_used(cpu_seconds=10 * processors, ended_at=seen._begin + 4.5)
    seen.cpu_seconds = 3.0 * processors
    assert seen.may_have_used(cpu_seconds=10 * processors, ended_at=seen._begin + 2.5)


def test_what_was_done_between_two_looks_was_not_seen() -> None:
    processors, seen = os.cpu_count() or 1, watch(os.getpid(), limits=CommandLimits(memory_bytes=100_000 * MIB))
    seen._begin -= 9.5
    seen.look()
    seen.look()

    assert seen.may_have_used(cpu_seconds=10 * processors, ended_at=time.monotonic())
    assert not seen.may_have_used(cpu_seconds=1_000_000, ended_at=time.monotonic())


def test_a_large_file_needs_room() -> None:
    seen = watch(os.getpid(), space=Space(bytes=9 * MIB))

    assert seen.may_have_written(10 * MIB)
    assert not seen.may_have_written(11 * MIB)
