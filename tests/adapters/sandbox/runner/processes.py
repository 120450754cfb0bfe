"""What is alive on this machine because of a test: a runner's processes, found from its workspaces' directory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 30.0


def runners(directory: Path) -> list[int]:
    """Runners that have this directory in their environment."""
    wanted = f"REVWRIGHT_WORKSPACES_DIR={directory}".encode()
    return [pid for pid in _pids() if wanted in _environment(pid) and b"runner" in _arguments(pid)]


def children(pid: int) -> list[int]:
    """Of a process, and theirs, and so on; without those that are dead."""
    below = [int(name) for name in _read(Path(f"/proc/{pid}/task/{pid}/children")).split()]
    return [each for child in below for each in (child, *children(child)) if not is_dead(each)]


def is_dead(pid: int) -> bool:
    """Gone, or waiting to be reaped."""
    return _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[:1] in ([], [b"Z"])


def cgroups(runner: int) -> list[str]:
    """Of a runner, and of its sandboxes."""
    found = [str(top) for top in Path("/sys/fs/cgroup").glob(f"*/revwright-{runner}-*")]
    return found + [str(path) for path in Path("/sys/fs/cgroup/memory").glob(f"*/*/revwright-{runner}-*")]


async def until(holds: Callable[[], object], what: str) -> None:
    """Wait for it; AssertionError after half a minute."""
    for _ in range(int(WAIT_SECONDS / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what}: not within {WAIT_SECONDS:g} s")


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _arguments(pid: int) -> list[bytes]:
    return _read(Path(f"/proc/{pid}/cmdline")).split(b"\0")


def _environment(pid: int) -> list[bytes]:
    return _read(Path(f"/proc/{pid}/environ")).split(b"\0")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def environment(pid: int) -> list[bytes]:
    """Pairs of name and value."""
    return [pair for pair in _environment(pid) if pair]


def opened(pid: int) -> set[str]:
    """What a process has open."""
    return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
