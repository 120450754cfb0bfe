"""Limits set from outside hold for a process that waits, for what it starts, and cannot be raised from within."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.adapters.sandbox.isolation.limits import confine, rlimits
from app.domain.sandbox import CommandLimits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"limits are Linux's, this is {sys.platform}")

UNPRIVILEGED = 20001
SMALL = CommandLimits(memory_bytes=64 << 20, processes=20, cpu_seconds=50, file_bytes=4096, open_files=32)

BEGIN = """
import ctypes, errno, os, resource, subprocess, sys, tempfile
if os.getuid() == 0:  # the interpreter itself may be where only root can read
    os.setgroups([]); os.setgid(20001); os.setuid(20001)
    assert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0  # PR_SET_DUMPABLE: as if it had been started by this user
def failing(deed):
    try:
        deed()
    except (OSError, MemoryError, ValueError) as error:
        return errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)
    return "done"
"""
WAIT = """
print("ready", flush=True)
sys.stdin.readline()
"""


@contextmanager
def without_rights() -> Iterator[None]:
    """As the process's own user, for root's rights may not reach as far in a container, and are not what counts."""
    if os.getuid() != 0:
        yield
        return
    os.setresgid(UNPRIVILEGED, UNPRIVILEGED, 0)
    os.setresuid(UNPRIVILEGED, UNPRIVILEGED, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


def confined(code: str, *, before: str = "", limits: CommandLimits = SMALL) -> str:
    """What Python code prints when its process was confined while it waited; as a user without rights."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", BEGIN + before + WAIT + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if first != "ready\n":
                pytest.skip(f"this machine does not let the process begin: {first.strip()}")
            with without_rights():
                confine(process.pid, limits, cgroup=False)
            out, _ = process.communicate("go\n", timeout=60)
        finally:
            process.kill()
    return out.strip()


def test_all_limits_are_set_on_another_process() -> None:
    seen = confined(f"print([resource.getrlimit(kind) for kind in {list(rlimits(SMALL, cgroup=False))}])")

    assert seen == str(list(rlimits(SMALL, cgroup=False).values()))


def test_it_is_the_first_to_be_killed() -> None:
    assert confined('print(open("/proc/self/oom_score_adj").read())') == "1000"


def test_children_inherit_them() -> None:
    # Outside of a user namespace all processes of the user count, those of other tests too.
    limits = replace(SMALL, processes=30_000)

    assert confined('print(os.popen("ulimit -n").read())', limits=limits) == "32"


def test_they_cannot_be_raised() -> None:
    code = "print(failing(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))))"

    assert confined(code) == "ValueError"


def test_a_file_ends_at_its_limit() -> None:
    code = """
def write():
    with tempfile.TemporaryFile() as file:
        file.truncate(4096)
        file.truncate(4097)
print(failing(write))
"""
    assert confined(code) == "EFBIG"


def test_memory_ends_at_its_limit() -> None:
    assert confined("print(failing(lambda: bytearray(200 << 20)), failing(lambda: bytearray(400 << 20)))") == (
        "done MemoryError"
    )


def test_files_end_at_their_number() -> None:
    assert confined('print(failing(lambda: [os.open("/", 0) for _ in range(64)]))') == "EMFILE"


def test_processes_of_a_user_namespace_are_counted_alone() -> None:
    """Those of the same user outside, of which there may be any number, do not count."""
    before = """
c = ctypes.CDLL(None, use_errno=True)
if c.unshare(0x10000000):
    print("unshare of a user namespace:", os.strerror(ctypes.get_errno())); sys.exit()
"""
    code = """
children = []
def fork():
    for _ in range(40):
        child = os.fork()
        if child == 0:
            sys.stdin.read()
            os._exit(0)
        children.append(child)
print(failing(fork), len(children))
for child in children:
    os.kill(child, 9)
"""
    assert confined(code, before=before) == "EAGAIN 19"


def test_a_lower_limit_stays() -> None:
    before = "resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))\n"

    assert confined("print(resource.getrlimit(resource.RLIMIT_NOFILE))", before=before) == "(16, 16)"


def test_a_process_that_is_gone_is_an_error() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
        with pytest.raises(ProcessLookupError):
            confine(process.pid, SMALL, cgroup=False)


def test_a_core_limit_of_one_disables_pipes_too() -> None:
    assert rlimits(CommandLimits(), cgroup=False)[resource.RLIMIT_CORE] == (1, 1)


def test_memory_that_is_reserved_and_not_used_is_limited_only_where_no_cgroup_counts_what_is_used() -> None:
    """Sanitizers reserve terabytes: under a limit on what a process may map they do not start."""
    limits = CommandLimits(memory_bytes=1 << 30)

    assert resource.RLIMIT_DATA not in rlimits(limits, cgroup=True)
    assert rlimits(limits, cgroup=False)[resource.RLIMIT_DATA] == ((1 << 30) + (256 << 20),) * 2
