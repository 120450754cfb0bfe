"""When who runs commands is killed, those that run die with it, and those that are being started never run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from tests.adapters.sandbox.isolation import launching

ROOT = Path(__file__).parents[4]
SLEEP = f"{200_000 + os.getpid()}"
SECONDS = 30

BEGIN = f"""
import asyncio, contextlib, os, platform, sys, time
from pathlib import PurePosixPath
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.isolation.syscalls import Machine
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.starting import start
from app.adapters.sandbox.usage import Usage
from app.domain.sandbox import CommandLimits
bwrap, workspace = map(PurePosixPath, sys.argv[1:])
if os.getuid() == 0:
    os.setgroups([]); os.setgid({launching.UNPRIVILEGED}); os.setuid({launching.UNPRIVILEGED})
host = Host(bwrap=bwrap, machine=Machine(platform.machine()))
plan = SandboxPlan(argv=("sh", "-c", "setsid sleep {SLEEP} & echo; sleep {SLEEP}"), workspace=workspace)
"""
RUNS = """
async def told(stream, chunk):
    print("started", flush=True)
async def main():
    run, limits = Launcher(host).run, CommandLimits(seconds=60)
    await asyncio.gather(*(run(plan, limits, told, measure=lambda: Usage(0, 0)) for _ in range(3)))
asyncio.run(main())
"""
STARTS = """
with contextlib.ExitStack() as kept:
    for _ in range(3):
        start(host, plan, kept, merged=True)
        print("started", flush=True)
    time.sleep(60)
"""


def runner(code: str, bwrap: PurePosixPath, directory: PurePosixPath) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + code, str(bwrap), str(directory)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def named(text: str) -> list[int]:
    """Processes whose command line has a text in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if text in line:
            found.append(int(path.parent.name))
    return found


def test_commands_die_with_their_runner(bwrap: PurePosixPath, directory: PurePosixPath) -> None:
    with runner(RUNS, bwrap, directory) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "started\n"
        alive = len(named(f"sleep {SLEEP}"))
        process.kill()
    by = time.monotonic() + SECONDS
    while named(f"sleep {SLEEP}") and time.monotonic() < by:
        time.sleep(0.02)  # the kernel tells one process after the other of its parent's end

    assert alive >= 3
    assert named(f"sleep {SLEEP}") == []


@pytest.mark.parametrize("seconds", [0, 0.002, 0.004, 0.008, 0.012, 0.016])
def test_commands_that_are_being_started_never_run(
    bwrap: PurePosixPath, directory: PurePosixPath, seconds: float
) -> None:
    """Without a byte from its runner none runs. What bubblewrap leaves is a process that waits for that byte."""
    with runner(STARTS, bwrap, directory) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "started\n"
        time.sleep(seconds)
        process.kill()
    time.sleep(0.5)
    running = [pid for pid in named(f"sleep {SLEEP}") if Path(f"/proc/{pid}/cmdline").read_bytes()[:5] == b"sleep"]
    for pid in named(f"sleep {SLEEP}"):
        os.kill(pid, signal.SIGKILL)

    assert running == []
