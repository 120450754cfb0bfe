"""Limits of the kernel on a sandboxed command: their values, and setting them on the process that will become it.

They are set while bubblewrap's child waits on its block descriptor, inside its own user namespace: only there does the
limit on processes count the sandbox's alone. Every process of the sandbox inherits them and none can raise them.

These are limits of each process, but for the number of processes. The memory of a sandbox as a whole is bounded by a
cgroup, or by who watches it; both can name what they found, where a limit of the kernel is an error like any other.
So the limits here are wider than theirs, and end what grows faster than can be watched.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from app.domain.sandbox import CommandLimits

_FIRST_TO_BE_KILLED = 1000
_NO_CORE = 1
"""Not 0, which a kernel that pipes core dumps into a program ignores (`coredump.c`, proc_sys core_pattern)."""
_CUSHION_BYTES = 256 << 20
_CUSHION_PROCESSES = 8


def rlimits(limits: CommandLimits, *, cgroup: bool) -> Mapping[int, tuple[int, int]]:
    """`RLIMIT_…` -> its soft and hard limit; `cgroup` tells that one bounds memory and processes as a whole."""
    processes = limits.processes + (_CUSHION_PROCESSES if cgroup else 0)
    same = {
        resource.RLIMIT_CORE: _NO_CORE,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_MEMLOCK: 64 << 10,
        resource.RLIMIT_MSGQUEUE: 0,  # memory of message queues belongs to no process
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_RTPRIO: 0,
    }
    if not cgroup:
        # Private writable memory, not address space, of which Go and Node reserve more than they use. A cgroup counts
        # what is used, and is enough: sanitizers, `go test -race` among them, reserve terabytes of the former too.
        same[resource.RLIMIT_DATA] = limits.memory_bytes + _CUSHION_BYTES
    # A process is told of the lower one by SIGXCPU, by which it can be known; the higher one kills who does not listen.
    cpu = {resource.RLIMIT_CPU: (limits.cpu_seconds, limits.cpu_seconds + 1)}
    return MappingProxyType({kind: (value, value) for kind, value in same.items()} | cpu)


def confine(pid: int, limits: CommandLimits, *, cgroup: bool) -> None:
    """Set the limits on a process that has not begun, and make it the first to be killed when memory runs out.

    Where a lower hard limit holds already, it stays. ProcessLookupError or FileNotFoundError when the process has
    ended, PermissionError when it is another user's: the command must not be started then.
    """
    for kind, (soft, hard) in rlimits(limits, cgroup=cgroup).items():
        _, before = resource.prlimit(pid, kind)
        highest = hard if before == resource.RLIM_INFINITY else min(hard, before)
        resource.prlimit(pid, kind, (min(soft, highest), highest))
    Path(f"/proc/{pid}/oom_score_adj").write_text(str(_FIRST_TO_BE_KILLED))
