"""Finds out which cgroups this process is in, and whether it may make cgroups below them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.running.cgroup_v1 import Version1
from app.adapters.sandbox.running.cgroup_v2 import Version2
from app.adapters.sandbox.running.cgroups import Cgroups


@dataclass(frozen=True, slots=True)
class _Mount:
    """A cgroup file system, as a line of /proc/self/mountinfo has it (`proc_pid_mountinfo(5)`)."""

    root: PurePosixPath
    """The cgroup that stands at its mount point."""
    point: Path
    version: int
    controllers: frozenset[str]

    def directory(self, cgroup: PurePosixPath) -> Path | None:
        """Where a cgroup is; None for one above what is mounted."""
        if not cgroup.is_relative_to(self.root):
            return None
        return self.point / cgroup.relative_to(self.root)


def detect(process: Path = Path("/proc/self")) -> Cgroups | None:
    """What `Cgroups` this process can use, None for none: nothing is changed and nothing raised.

    That it can make a cgroup is only known once it has: see `Cgroups.prepare`.
    """
    try:
        mounts = list(_mounts((process / "mountinfo").read_text()))
        memberships = list(_memberships((process / "cgroup").read_text()))
        return _version_1(mounts, memberships) or _version_2(mounts, memberships)
    except (OSError, ValueError):
        return None


def _mounts(text: str) -> Iterator[_Mount]:
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            root, point = before.split(" ")[3:5]
            yield _Mount(
                root=PurePosixPath(root),
                point=Path(point),
                version=2 if kind == "cgroup2" else 1,
                controllers=frozenset(options.split(",")),
            )


def _memberships(text: str) -> Iterator[tuple[frozenset[str], PurePosixPath]]:
    """Controllers of a hierarchy, none for version 2, and our cgroup in it."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        yield frozenset(filter(None, controllers.split(","))), PurePosixPath(path)


def _version_1(mounts: list[_Mount], memberships: list[tuple[frozenset[str], PurePosixPath]]) -> Cgroups | None:
    def own(controller: str) -> Path | None:
        for controllers, cgroup in memberships:
            for mount in mounts:
                if controller in controllers and controller in mount.controllers and mount.version == 1:
                    directory = mount.directory(cgroup)
                    if directory is not None and os.access(directory, os.W_OK):
                        return directory
        return None

    memory, pids = own("memory"), own("pids")
    if memory is None or pids is None:
        return None
    return Cgroups(Version1(memory=memory, pids=pids, cpu=own("cpu")))


def _version_2(mounts: list[_Mount], memberships: list[tuple[frozenset[str], PurePosixPath]]) -> Cgroups | None:
    for controllers, cgroup in memberships:
        for mount in mounts:
            directory = mount.directory(cgroup) if mount.version == 2 and not controllers else None  # noqa: PLR2004
            if directory is None or not os.access(directory, os.W_OK):
                continue
            if {"memory", "pids"} <= set((directory / "cgroup.controllers").read_text().split()):
                return Cgroups(Version2(directory))
    return None
