"""The name of a runner: unlike a process id alone, no later process has it."""

from __future__ import annotations

import os
import re
from pathlib import Path

_BEGAN = 19
"""In ticks since the system began; field 22 of all."""
_DEAD = frozenset("ZX")
_NAME = re.compile(r"([0-9]{1,20})-([0-9]{1,10})-([0-9]{1,20})")


def name_of(pid: int) -> str:
    """The namespace of process ids that we are in, the id, and when the process began. OSError when there is none."""
    return f"{_namespace()}-{pid}-{_stat(pid)[_BEGAN]}"


def may_be_alive(name: str) -> bool:
    """False for the name of a process that runs no more; one that only waits to be reaped is none.

    True for what is no such name, and for a process that another container would have to judge.
    """
    match = _NAME.fullmatch(name)
    if match is None or match[1] != _namespace():
        return True
    try:
        stat = _stat(int(match[2]))
    except OSError:
        return False
    return stat[_BEGAN] == match[3] and stat[0] not in _DEAD


def _namespace() -> str:
    return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 - it is followed, not resolved


def _stat(pid: int) -> list[str]:
    """proc_pid_stat(5), from its third field on: what stands before may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
