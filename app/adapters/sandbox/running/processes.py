"""What the processes of a sandbox use, read from /proc by descending from the process 1 of its namespace.

A walk is not a snapshot: what forks and ends while it lasts can be missed. So it bounds honest programs and plain
bombs; a cgroup bounds the rest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# Fields of /proc/PID/stat after the name in brackets (`proc(5)`: 14, 15, 20 and 24, counted from 1 with the name as 2).
_USER_TICKS, _SYSTEM_TICKS, _THREADS, _RESIDENT_PAGES = 11, 12, 17, 21
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_NOT_THERE = (FileNotFoundError, ProcessLookupError, PermissionError)
"""What reading about a process that has just ended says; the last one of a file that has lost its owner with it."""


@dataclass(frozen=True, slots=True)
class Census:
    """All processes of a sandbox."""

    pids: tuple[int, ...] = ()
    tasks: int = 0
    """Processes and threads."""
    resident_bytes: int = 0
    """Of each process, so that what several share counts several times."""
    cpu_seconds: float = 0.0
    """Of the process that has used most."""


def census(first: int) -> Census:
    """The process with this number, and all below it; nothing for one that is gone."""
    pids, tasks, resident, cpu = [], 0, 0, 0.0
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        try:
            fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            threads = int(fields[_THREADS])
            waiting += _children(pid, threads)
        except _NOT_THERE:
            continue
        pids.append(pid)
        tasks += max(1, threads)
        resident += int(fields[_RESIDENT_PAGES]) * _PAGE
        cpu = max(cpu, (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS)
    return Census(tuple(pids), tasks, resident, cpu)


def _children(pid: int, threads: int) -> list[int]:
    """A child belongs to the thread that made it."""
    if threads <= 1:
        return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]
    children: list[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names only, and often
        try:
            children += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
        except _NOT_THERE:
            continue
    return children


def proportional_bytes(pids: tuple[int, ...]) -> int:
    """What these processes hold in memory, with what is shared divided among those who share it: exact, and slow."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
        except _NOT_THERE:
            continue
        total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith(b"Pss:"))
    return total


def _read(path: str) -> bytes:
    """Without what `open` does on top, 20 times a second for each process."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        content = b""
        while chunk := os.read(descriptor, 16384):
            content += chunk
        return content
    finally:
        os.close(descriptor)
