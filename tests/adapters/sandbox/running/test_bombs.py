"""Bombs of every kind name the limit that ended them, soon enough; nothing is left and the next command works."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace

import pytest

from app.adapters.sandbox.isolation.plan import SandboxPlan, Scratch
from app.adapters.sandbox.running.host import Host
from app.domain.sandbox import CommandLimits, Limit
from tests.adapters.sandbox.running.running import measuring, processes_with, run

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Bomb:
    """A program, in Python or for a shell, and what it runs into."""

    limits: CommandLimits
    ends_at: tuple[Limit | None, ...]
    """More than one where it depends on who is quicker."""
    python: str = ""
    script: str = ""
    scratch: Scratch = field(default_factory=Scratch)
    success: bool = False


SMALL_MEMORY = CommandLimits(seconds=30, memory_bytes=128 * MIB)
SMALL_CROWD = CommandLimits(seconds=30, processes=64)

BOMBS = {
    "memory of one process": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY,),
        python="kept = []\nwhile True: kept.append(b'x' * 1_000_000)",
    ),
    "memory of a tree": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY,),
        python="import os, time\nfor _ in range(7):\n    if os.fork() == 0: break\n"
        "kept = []\nwhile True: kept.append(b'x' * 1_000_000); time.sleep(0.02)",
    ),
    "memory of a tree in sessions of their own": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY,),
        python="import os, time\nfor _ in range(7):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        if os.fork(): os._exit(0)\n        break\n"
        "kept = []\nwhile True: kept.append(b'x' * 1_000_000); time.sleep(0.02)",
    ),
    "memory that is shared and belongs to no file": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY,),
        python="import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 4 << 20))\n"
        "    kept[-1].write(b'x' * (4 << 20))",
    ),
    "memory files": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY, None),  # refused where nobody would count them
        python="import os\nwhile True:\n    file = os.memfd_create('bomb')\n    os.write(file, b'x' * 4_000_000)",
    ),
    "files in /dev/shm": Bomb(
        SMALL_MEMORY,
        (Limit.MEMORY,),
        script="while :; do head -c 1000000 /dev/zero >> /dev/shm/file || exit 1; done",
        scratch=Scratch(shm_bytes=1024 * MIB),
    ),
    "a full /tmp": Bomb(
        CommandLimits(seconds=30),
        (Limit.SCRATCH,),
        script="cat /dev/zero > /tmp/file",
        scratch=Scratch(tmp_bytes=8 * MIB),
    ),
    "empty files in /tmp": Bomb(
        CommandLimits(seconds=60),
        (Limit.SCRATCH,),
        python="import os\nfor number in range(10_000_000): os.close(os.open(f'/tmp/{number}', os.O_CREAT))",
    ),
    "processes that make processes": Bomb(
        SMALL_CROWD,
        (Limit.PROCESSES,),
        python="import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)",
    ),
    "the well-known fork bomb": Bomb(
        SMALL_CROWD, (Limit.PROCESSES, Limit.TIME), script="bash -c 'f() { f | f & }; f; sleep 1000'"
    ),
    "threads": Bomb(
        SMALL_CROWD,
        (Limit.PROCESSES,),
        python="import threading, time\nwhile True:\n"
        "    try: threading.Thread(target=time.sleep, args=(1000,)).start()\n    except RuntimeError: time.sleep(0.01)",
    ),
    "a disk fill": Bomb(
        CommandLimits(seconds=30, disk_bytes=32 * MIB, file_bytes=64 * MIB),
        (Limit.DISK,),
        script="while :; do head -c 4000000 /dev/zero > file$((n=n+1)); sleep 0.02; done",
    ),
    "files that are deleted while they are open": Bomb(
        CommandLimits(seconds=60, disk_bytes=32 * MIB, file_bytes=64 * MIB),
        (Limit.DISK,),
        python="import os, time\nkept = []\nfor number in range(8):\n    kept.append(open('file', 'wb'))\n"
        "    os.unlink('file')\n    for _ in range(24):\n        kept[-1].write(b'x' * (1 << 20)); kept[-1].flush()\n"
        "        time.sleep(0.01)\ntime.sleep(1000)",
    ),
    "files that are deleted while they are mapped": Bomb(
        CommandLimits(seconds=60, disk_bytes=32 * MIB, file_bytes=64 * MIB),
        (Limit.DISK,),
        python="import ctypes, os, time\nc = ctypes.CDLL(None)\nfor number in range(8):\n"
        "    file = open('file', 'w+b')\n    for _ in range(24): file.write(b'x' * (1 << 20))\n    file.flush()\n"
        "    assert c.mmap(None, ctypes.c_size_t(4096), 1, 1, file.fileno(), ctypes.c_long(0)) != -1\n"
        "    file.close(); os.unlink('file'); time.sleep(0.1)\ntime.sleep(1000)",
    ),
    "many files": Bomb(
        CommandLimits(seconds=30, files=2000),
        (Limit.FILES,),
        python="import time\nfor number in range(100_000): open(str(number), 'w').close(); time.sleep(0.0002)",
    ),
    "one large file": Bomb(
        CommandLimits(seconds=30, file_bytes=MIB),
        (Limit.FILE_SIZE,),
        script="sh -c 'cat /dev/zero > file'",
    ),
    "a sparse terabyte": Bomb(
        CommandLimits(seconds=30),
        (None, Limit.FILE_SIZE),
        script="truncate -s 1T file",
    ),
    "endless output": Bomb(CommandLimits(seconds=30, output_bytes=MIB), (Limit.OUTPUT,), script="yes"),
    "endless work": Bomb(
        CommandLimits(seconds=30, cpu_seconds=1),
        (Limit.CPU,),
        script="while :; do :; done",
    ),
    "endless work that does not listen": Bomb(
        CommandLimits(seconds=30, cpu_seconds=1),
        (Limit.CPU,),
        script="trap '' XCPU; while :; do :; done",
    ),
    "a sleep": Bomb(CommandLimits(seconds=0.5), (Limit.TIME,), script="sleep 1000"),
    "a tree that does not listen": Bomb(
        CommandLimits(seconds=0.5),
        (Limit.TIME,),
        script="trap '' TERM INT HUP QUIT TSTP; (setsid sleep 1000 &) ; kill -STOP 1; kill -9 1; sleep 1000",
    ),
    "a daemon": Bomb(
        CommandLimits(seconds=30),
        (None,),
        script="(setsid sh -c 'sleep 1000 & sleep 1000' >/dev/null 2>&1 </dev/null &) ; exit 0",
        success=True,
    ),
}


@pytest.fixture
def mark() -> str:
    return f"bomb-{uuid.uuid4()}"


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_ends_at_its_limit(host: Host, plan: SandboxPlan, python: str, mark: str, name: str) -> None:
    bomb = BOMBS[name]
    command = (python, "-I", "-c", bomb.python, mark) if bomb.python else ("sh", "-c", bomb.script, mark)
    plan = replace(plan, scratch=bomb.scratch)
    begin = time.monotonic()
    ended, printed = await run(host, plan, *command, limits=bomb.limits, measure=measuring(plan.workspace))

    assert ended.limit in bomb.ends_at, (ended, printed.text()[-2000:])
    assert ended.succeeded is bomb.success
    assert time.monotonic() - begin < bomb.limits.seconds + 10
    assert processes_with(mark) == []
    after, _ = await run(host, plan, "true", limits=CommandLimits(seconds=30))
    assert after.succeeded
