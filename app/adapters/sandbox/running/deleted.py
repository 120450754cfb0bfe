"""Finds files of a workspace that have no name any more, and that processes of the sandbox keep on the disk.

They are seen through /proc as `proc(5)` has it: descriptors of every thread, for threads need not share them, and
memory maps. What is on its way in a message of a Unix socket is not seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.running.processes import census
from app.adapters.sandbox.usage import Usage

_MOST_LOOKED_AT = 1 << 16
"""Descriptors and maps, at a few microseconds each. Hundreds of threads with as many descriptors stay below it."""
_BLOCK = 512
"""Bytes in a unit of st_blocks (inode(7))."""
_DELETED = b" (deleted)\n"
_PLACE = b"/workspace/"
"""How a sandbox calls the workspace, also where the file system tells another device for a map than for a file."""
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was found."""

    usage: Usage
    complete: bool
    """Whether that is all: False where there was too much to look at, or a map of a file whose size nobody tells."""


def deleted(first: int, workspace: PurePosixPath) -> Deleted:
    """In the namespace with this process 1. Costs as much as there are descriptors and maps, within a bound."""
    search = _Search(Path(workspace).stat().st_dev)
    try:
        for pid in census(first).pids:
            search.through(pid)
    except _TooMuchError:
        return search.found(complete=False)
    return search.found(complete=search.mapped <= search.bytes_of.keys())


class _TooMuchError(Exception):
    """More than is looked at."""


class _Search:
    def __init__(self, device: int) -> None:
        self.bytes_of: dict[int, int] = {}
        """By inode, of those with a descriptor."""
        self.mapped: set[int] = set()
        self._device = device
        self._looked_at = 0

    def found(self, *, complete: bool) -> Deleted:
        return Deleted(Usage(sum(self.bytes_of.values()), len(self.bytes_of)), complete)

    def through(self, pid: int) -> None:
        """Look at all that a process holds. Raises _TooMuchError."""
        for thread in _names(f"/proc/{pid}/task"):
            folder = f"/proc/{pid}/task/{thread}/fd"
            for number in _names(folder):
                self._count()
                try:
                    status = os.stat(f"{folder}/{number}")  # noqa: PTH116 - often
                except _GONE:
                    continue
                if status.st_nlink == 0 and status.st_dev == self._device:
                    self.bytes_of[status.st_ino] = status.st_blocks * _BLOCK
        for line in _lines(f"/proc/{pid}/maps"):
            self._count()
            # address, rights, offset, device, inode, path
            if line.endswith(_DELETED) and len(words := line.split(None, 5)) > 5:  # noqa: PLR2004
                device = os.makedev(*(int(part, 16) for part in words[3].split(b":")))
                if device == self._device or words[5].startswith(_PLACE):
                    self.mapped.add(int(words[4]))

    def _count(self) -> None:
        self._looked_at += 1
        if self._looked_at > _MOST_LOOKED_AT:
            raise _TooMuchError


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names only, and often
    except _GONE:
        return []


def _lines(path: str) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            yield from file
    except _GONE:
        return
