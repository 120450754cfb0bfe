"""Cgroups of version 2: one hierarchy for everything, in which a cgroup has either processes or bounded children.

Files as in the kernel's `admin-guide/cgroup-v2.rst`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.running.cgroup_v1 import keyed
from app.adapters.sandbox.running.cgroups import Directories, Events
from app.domain.sandbox import CommandLimits

_NEEDED = ("memory", "pids")
_LEAF = "revwright.self"
_PERIOD_MICROSECONDS = 100_000


@dataclass(frozen=True, slots=True)
class Version2:
    """Our own cgroup of version 2, as it was before we moved into a leaf below it."""

    directory: Path

    @property
    def version(self) -> str:
        return "v2"

    @property
    def own(self) -> Directories:
        return (self.directory,)

    def enable(self) -> None:
        """Move this process into a leaf, for the kernel to let our cgroup bound its children.

        Other processes are not moved: with one of them next to us, the kernel answers EBUSY, and so do we.
        """
        if str(os.getpid()) in (self.directory / "cgroup.procs").read_text().split():
            leaf = self.directory / _LEAF
            leaf.mkdir(exist_ok=True)
            (leaf / "cgroup.procs").write_text(str(os.getpid()))
        _hand_down(self.directory)

    def delegate(self, group: Directories, uid: int) -> None:
        (directory,) = group
        _hand_down(directory)
        for name in (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
            os.chown(directory / name, uid, -1)

    def bound(self, group: Directories, limits: CommandLimits, cpus: float | None) -> None:
        (directory,) = group
        (directory / "memory.max").write_text(str(limits.memory_bytes))
        swap = directory / "memory.swap.max"
        if swap.exists():  # only where the kernel counts swap
            swap.write_text("0")
        (directory / "memory.oom.group").write_text("1")
        (directory / "pids.max").write_text(str(limits.processes))
        if cpus is not None:
            (directory / "cpu.max").write_text(f"{int(cpus * _PERIOD_MICROSECONDS)} {_PERIOD_MICROSECONDS}")

    def events(self, group: Directories) -> Events:
        (directory,) = group
        return Events(
            memory_kills=keyed(directory / "memory.events", "oom_kill"),
            refused_processes=keyed(directory / "pids.events", "max"),
            tasks=int((directory / "pids.current").read_text()),
        )


def _hand_down(directory: Path) -> None:
    """Let the children of a cgroup be bounded. The kernel takes all of the list or nothing of it."""
    there = (directory / "cgroup.controllers").read_text().split()
    wanted = [name for name in (*_NEEDED, "cpu") if name in there]
    (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
