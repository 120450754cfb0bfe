"""Cgroups of version 1: one hierarchy for memory, one for the number of processes, one for processor time.

Files as in the kernel's `admin-guide/cgroup-v1/memory.rst`, `pids.rst` and `scheduler/sched-bwc.rst`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.running.cgroups import Directories, Events
from app.domain.sandbox import CommandLimits

_PERIOD_MICROSECONDS = 100_000


@dataclass(frozen=True, slots=True)
class Version1:
    """Our own cgroups of version 1."""

    memory: Path
    pids: Path
    cpu: Path | None

    @property
    def version(self) -> str:
        return "v1"

    @property
    def own(self) -> Directories:
        # Controllers may share a hierarchy: then their directories are one.
        found = (self.memory, self.pids, *([] if self.cpu is None else [self.cpu]))
        return tuple(dict.fromkeys(found))

    def enable(self) -> None:
        """Nothing to do: every cgroup has what its hierarchy has."""

    def delegate(self, group: Directories, uid: int) -> None:
        for directory in group:
            for path in (directory, directory / "cgroup.procs", directory / "tasks"):
                os.chown(path, uid, -1)

    def bound(self, group: Directories, limits: CommandLimits, cpus: float | None) -> None:
        memory, pids, cpu = self._parts(group)
        (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        with_swap = memory / "memory.memsw.limit_in_bytes"
        if with_swap.exists():  # only where the kernel counts swap
            with_swap.write_text(str(limits.memory_bytes))
        else:
            (memory / "memory.swappiness").write_text("0")
        (pids / "pids.max").write_text(str(limits.processes))
        if cpus is not None and cpu is not None:
            (cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
            (cpu / "cpu.cfs_quota_us").write_text(str(int(cpus * _PERIOD_MICROSECONDS)))

    def events(self, group: Directories) -> Events:
        memory, pids, _ = self._parts(group)
        return Events(
            memory_kills=keyed(memory / "memory.oom_control", "oom_kill"),
            refused_processes=keyed(pids / "pids.events", "max"),
            tasks=int((pids / "pids.current").read_text()),
        )

    def _parts(self, group: Directories) -> tuple[Path, Path, Path | None]:
        by_hierarchy = dict(zip(self.own, group, strict=True))
        return by_hierarchy[self.memory], by_hierarchy[self.pids], None if self.cpu is None else by_hierarchy[self.cpu]


def keyed(path: Path, key: str) -> int:
    """The number after a key in a file of such lines; 0 for a key that this kernel does not have."""
    for line in path.read_text().splitlines():
        name, _, number = line.partition(" ")
        if name == key:
            return int(number)
    return 0
