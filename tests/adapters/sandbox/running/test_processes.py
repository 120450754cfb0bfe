"""Processes are counted from outside: with their threads, the children of threads, and the children of children."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.adapters.sandbox.running.processes import Census, census, proportional_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"/proc is Linux's, this is {sys.platform}")

MIB = 1 << 20


@contextmanager
def program(code: str) -> Iterator[int]:
    """A Python program that has come to its end and waits."""
    with subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-c",
            f"import os, sys, threading, mmap, time\n{code}\nprint(flush=True)\nsys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_one_process_is_one_task() -> None:
    with program("") as pid:
        found = census(pid)

    assert (found.pids, found.tasks) == ((pid,), 1)
    assert MIB < found.resident_bytes < 100 * MIB


def test_threads_are_tasks() -> None:
    with program("for _ in range(5): threading.Thread(target=threading.Event().wait, daemon=True).start()") as pid:
        found = census(pid)

    assert (found.pids, found.tasks) == ((pid,), 6)


def test_children_of_threads_are_found() -> None:
    code = """
def child():
    if os.fork() == 0:
        threading.Event().wait(60)
    threading.Event().wait()
for _ in range(3): threading.Thread(target=child, daemon=True).start()
while len(os.listdir(f"/proc/{os.getpid()}/task")) < 4 or not all(
    open(f"/proc/{os.getpid()}/task/{thread}/children").read()
    for thread in os.listdir(f"/proc/{os.getpid()}/task")
    if int(thread) != os.getpid()
): time.sleep(0.01)
"""
    with program(code) as pid:
        found = census(pid)
        for child in found.pids[1:]:
            os.kill(child, 9)

    assert (len(found.pids), found.tasks) == (4, 7)


def test_grandchildren_are_found() -> None:
    code = """
depth, ready = 0, os.pipe()
while depth < 3 and os.fork() == 0:
    depth += 1
if depth == 3: os.write(ready[1], b"x")
if depth: threading.Event().wait(60)
os.read(ready[0], 1)
"""
    with program(code) as pid:
        found = census(pid)
        for child in found.pids[1:]:
            os.kill(child, 9)

    assert (len(found.pids), found.tasks) == (4, 4)


def test_work_is_seen() -> None:
    with program("while time.process_time() < 0.3: pass") as pid:
        found = census(pid)

    assert found.cpu_seconds >= 0.2


def test_who_is_gone_is_nobody() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()

    assert census(process.pid) == Census()
    assert proportional_bytes((process.pid,)) == 0


def test_shared_memory_counts_once() -> None:
    code = f"""
shared = mmap.mmap(-1, {40 * MIB})
shared.write(b"x" * {40 * MIB})
ready = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        shared[::4096]
        os.write(ready[1], b"x")
        threading.Event().wait(60)
for _ in range(3): os.read(ready[0], 1)
"""
    with program(code) as pid:
        found = census(pid)
        exact = proportional_bytes(found.pids)
        for child in found.pids[1:]:
            os.kill(child, 9)

    assert len(found.pids) == 4
    assert 40 * MIB < exact < 100 * MIB < found.resident_bytes
