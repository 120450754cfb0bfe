"""Control groups that bound memory and processes of a sandbox as a whole, where this process may make them.

Below our own cgroup stands one for a runner, and in it one for each of its sandboxes:

    <our own>/revwright-<name of the runner>/<number of the sandbox>

Root makes the runner's and gives it to the runner's user, who can then do all the rest without rights. The kernel
guarantees that a sandbox cannot leave its cgroup: cgroup file systems are not mounted inside.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.domain.sandbox import CommandLimits

_PREFIX = "revwright-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_REMOVAL_SECONDS = 0.2
_SWEEP_SECONDS = 5.0
_PAUSE_SECONDS = 0.002

Directories = tuple[Path, ...]
"""A cgroup: its directory in each hierarchy; version 2 has only one."""


@dataclass(frozen=True, slots=True)
class Events:
    """What a cgroup has had to do to its processes, and how many there are."""

    memory_kills: int
    """Processes that were killed because the cgroup's memory was used up."""
    refused_processes: int
    """How often a new process or thread was refused."""
    tasks: int
    """Processes and threads now."""


class Hierarchy(Protocol):
    """What differs between the two versions of cgroups."""

    @property
    def version(self) -> str:
        """`v1` or `v2`."""
        ...

    @property
    def own(self) -> Directories:
        """The cgroup that we are in."""
        ...

    def enable(self) -> None:
        """Prepare our own cgroup for having cgroups below it that can be bounded. Raises OSError."""
        ...

    def delegate(self, group: Directories, uid: int) -> None:
        """Let a user make and bound cgroups below this one. Raises OSError."""
        ...

    def bound(self, group: Directories, limits: CommandLimits, cpus: float | None) -> None:
        """Set limits; `cpus` is how many processors' time the whole may take. Raises OSError."""
        ...

    def events(self, group: Directories) -> Events:
        """What has happened in it. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """The cgroup of one sandbox."""

    hierarchy: Hierarchy
    directories: Directories

    def attach(self, pid: int) -> None:
        """Put a process in, and with it all that it will start. Raises OSError."""
        for directory in self.directories:
            (directory / "cgroup.procs").write_text(str(pid))

    def events(self) -> Events:
        """What has happened in it. Raises OSError."""
        return self.hierarchy.events(self.directories)


@dataclass(frozen=True, slots=True)
class Subtree:
    """The cgroup of one runner, which makes one in it for each sandbox."""

    hierarchy: Hierarchy
    directories: Directories
    cpus: float | None = None
    """How many processors' time each sandbox may take; None for no bound."""
    _claims: tuple[int, ...] = field(default=(), repr=False)
    """Locked descriptors, which tell others that we are alive."""
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)
    _left: set[Directories] = field(default_factory=set, repr=False)

    @property
    def version(self) -> str:
        """`v1` or `v2`."""
        return self.hierarchy.version

    def make(self, limits: CommandLimits) -> Group:
        """A cgroup with these limits and nothing in it. Raises OSError."""
        self._remove_left()
        name = str(next(self._numbers))
        directories = tuple(directory / name for directory in self.directories)
        with ExitStack() as undo:
            for directory in directories:
                directory.mkdir()
                undo.callback(_removed, directory)
            self.hierarchy.bound(directories, limits, self.cpus)
            undo.pop_all()
        return Group(self.hierarchy, directories)

    def remove(self, group: Group) -> None:
        """Take it away again, now or, where the kernel is not done with what died in it, with a later one.

        Never waits: other commands go on in the thread of this one.
        """
        if not _remove(group.directories, seconds=0):
            self._left.add(group.directories)

    def close(self) -> None:
        """Take the runner's own away; where that is not ours to do, the next `sweep` does it."""
        for left in self._left:
            _remove(left, seconds=_REMOVAL_SECONDS)
        _remove(self.directories, seconds=_REMOVAL_SECONDS)
        for claim in self._claims:
            os.close(claim)

    def _remove_left(self) -> None:
        self._left.difference_update({left for left in self._left if _remove(left, seconds=0)})


@dataclass(frozen=True, slots=True)
class Cgroups:
    """What this process may do with cgroups."""

    hierarchy: Hierarchy

    def prepare(self, name: str, uid: int | None = None, *, cpus: float | None = None) -> Subtree:
        """Make the cgroup of a runner and, when root does it, give it to the user as which the runner will run.

        Raises OSError where the kernel or who set it up does not let us; ValueError for a name that is not a file's.
        """
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} cannot name a cgroup: letters, digits, '.', '_' and '-' only, 64 at most")
        self.hierarchy.enable()
        subtree = tuple(directory / f"{_PREFIX}{name}" for directory in self.hierarchy.own)
        with ExitStack() as undo:
            claims = []
            for directory in subtree:
                directory.mkdir()
                undo.callback(_removed, directory)
                claims.append(_opened(directory, undo))
                fcntl.flock(claims[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.hierarchy.delegate(subtree, os.geteuid() if uid is None else uid)
            undo.pop_all()
        return Subtree(self.hierarchy, subtree, cpus, tuple(claims))

    def sweep(self, is_alive: Callable[[str], bool]) -> None:
        """Kill what dead runners left in their cgroups, and remove these; a runner is known by the name it prepared.

        What a living process has claimed is left alone whatever `is_alive` says: containers may share a cgroup, and
        cannot see each other's processes. It has the last word only on what is not claimed, or not yet.
        """
        for own in self.hierarchy.own:
            for subtree in own.glob(f"{_PREFIX}*"):
                if not is_alive(subtree.name.removeprefix(_PREFIX)) and not _is_claimed(subtree):
                    for group in (*(path for path in subtree.iterdir() if path.is_dir()), subtree):
                        _clear(group)


def _opened(directory: Path, kept: ExitStack) -> int:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    kept.callback(os.close, descriptor)
    return descriptor


def _is_claimed(directory: Path) -> bool:
    with ExitStack() as kept:
        try:
            fcntl.flock(_opened(directory, kept), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            return True
    return False


def _clear(group: Path) -> None:
    """Remove a cgroup with what is in it. One with a process that cannot be killed stays, for the next to find."""
    by = time.monotonic() + _SWEEP_SECONDS
    while not _removed(group) and time.monotonic() < by:
        _kill(group)
        time.sleep(_PAUSE_SECONDS)


def _kill(group: Path) -> None:
    for number in _members(group):
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(int(number))
            try:
                # The number may have been given to another one meanwhile; what is still in here is no other.
                if number in _members(group):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            finally:
                os.close(descriptor)


def _members(group: Path) -> list[str]:
    try:
        return (group / "cgroup.procs").read_text().split()
    except FileNotFoundError:
        return []


def _remove(group: Directories, *, seconds: float) -> bool:
    """Whether it is gone. The kernel may still be busy with a process that has just ended."""
    by = time.monotonic() + seconds
    while sum(_removed(directory) for directory in group) < len(group):  # each is tried
        if time.monotonic() >= by:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _removed(directory: Path) -> bool:
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
