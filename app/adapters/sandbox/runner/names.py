"""The name of a runner: unlike a process id alone, no later process has it."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"([0-9]{1,10})-([0-9]{1,20})")


def name_of(pid: int) -> str:
    """The process id and when the process began, in ticks since the system did (proc_pid_stat(5), field 22)."""
    return f"{pid}-{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"


def is_alive(name: str) -> bool:
    """Whether the process of this name still runs."""
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    try:
        return name_of(int(match[1])) == name
    except (FileNotFoundError, ProcessLookupError):
        return False
