"""Limits of the kernel on a sandboxed command: their values, and setting them on the process that will become it.

They are set while bubblewrap's child waits on its block descriptor, inside its own user namespace: only there does the
limit on processes count the sandbox's alone. Every process of the sandbox inherits them and none can raise them.

These are limits of each process, but for the number of processes. The memory of a sandbox as a whole is bounded by a
cgroup, or by who watches it.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

_FIRST_TO_BE_KILLED = 1000
_NO_CORE = 1
"""Not 0, which a kernel that pipes core dumps into a program ignores (`coredump.c`, proc_sys core_pattern)."""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What the processes of one command may take; ValueError for a limit below 1."""

    memory_bytes: int = 512 << 20
    """Private writable memory of each process. Not address space, of which Go and Node reserve more than they use."""
    processes: int = 128
    """Processes and threads of the sandbox together."""
    cpu_seconds: int = 900
    """Of each process."""
    file_bytes: int = 512 << 20
    """The largest file."""
    open_files: int = 1024
    """Of each process."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value < 1:
                raise ValueError(f"the limit {item.name} is {value}: it must be at least 1")

    def rlimits(self) -> Mapping[int, int]:
        """`RLIMIT_…` -> the value for its soft and hard limit."""
        return MappingProxyType(
            {
                resource.RLIMIT_CORE: _NO_CORE,
                resource.RLIMIT_CPU: self.cpu_seconds,
                resource.RLIMIT_DATA: self.memory_bytes,
                resource.RLIMIT_FSIZE: self.file_bytes,
                resource.RLIMIT_MEMLOCK: 64 << 10,
                resource.RLIMIT_MSGQUEUE: 0,  # memory of message queues belongs to no process
                resource.RLIMIT_NICE: 0,
                resource.RLIMIT_NOFILE: self.open_files,
                resource.RLIMIT_NPROC: self.processes,
                resource.RLIMIT_RTPRIO: 0,
            }
        )


def confine(pid: int, limits: ProcessLimits) -> None:
    """Set the limits on a process that has not begun, and make it the first to be killed when memory runs out.

    Where a lower hard limit holds already, it stays. ProcessLookupError or FileNotFoundError when the process has
    ended, PermissionError when it is another user's: the command must not be started then.
    """
    for kind, value in limits.rlimits().items():
        _, hard = resource.prlimit(pid, kind)
        lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.prlimit(pid, kind, (lower, lower))
    Path(f"/proc/{pid}/oom_score_adj").write_text(str(_FIRST_TO_BE_KILLED))
