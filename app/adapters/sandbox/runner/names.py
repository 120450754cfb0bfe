"""The name of a runner: unlike a process id alone, no later process has it."""

from __future__ import annotations

import re
from pathlib import Path

_BEGAN = 19
"""In ticks since the system began; field 22 of all."""
_DEAD = frozenset("ZX")
_NAME = re.compile(r"([0-9]{1,10})-([0-9]{1,20})")


def name_of(pid: int) -> str:
    """The process id, and when the process began. OSError when there is none."""
    return f"{pid}-{_stat(pid)[_BEGAN]}"


def is_alive(name: str) -> bool:
    """Whether the process of this name still runs. One that only waits to be reaped does not."""
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    try:
        stat = _stat(int(match[1]))
    except OSError:
        return False
    return stat[_BEGAN] == match[2] and stat[0] not in _DEAD


def _stat(pid: int) -> list[str]:
    """proc_pid_stat(5), from its third field on: what stands before may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
