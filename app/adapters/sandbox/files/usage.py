"""How much a workspace takes on disk: counted while a command may be changing it, and stopped once it is too much."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field

from app.adapters.sandbox.files.directories import Root, open_directory, open_own_directory, open_top
from app.adapters.sandbox.usage import Usage

_HELD = 64
"""Directories that are kept open on the way down; the way back to deeper ones is `..`."""
_ATTEMPTS = 5
"""A directory that is moved while it is counted makes the count begin again, so often."""
_OWNER = 0o700
_BLOCK = 512
"""Bytes in a unit of st_blocks, whatever the file system's own blocks are (inode(7))."""


def measure(root: Root, *, max_bytes: int, max_files: int) -> Usage:
    """Count all below the top until one of the limits is passed.

    A tree that is moved about all the time cannot be counted. It is told as one with too many files: what is in it
    could as well be more than it may be, and who moves deep directories without end does so to hide that.
    """
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(_LostError):
            return _Count(root, max_bytes=max_bytes, max_files=max_files).run()
    return Usage(0, max_files + 1)


class _LostError(Exception):
    """The way back up leads somewhere else than where we came from."""


@dataclass(slots=True)
class _Level:
    fd: int | None
    inode: tuple[int, int]
    below: list[str] = field(default_factory=list)
    restore: int | None = None
    """The mode that the directory had before it was opened up for counting."""


@dataclass(slots=True)
class _Count:
    root: Root
    max_bytes: int
    max_files: int
    bytes: int = 0
    files: int = 0
    largest: int = 0
    linked: set[int] = field(default_factory=set)
    levels: list[_Level] = field(default_factory=list)

    def run(self) -> Usage:
        try:
            self._enter(*_top(self.root))
            while self.levels and not self._over():
                level = self.levels[-1]
                if not level.below:
                    self._leave()
                else:
                    assert level.fd is not None
                    name = os.fsencode(level.below.pop())
                    with contextlib.suppress(OSError):  # gone, or swapped for something else
                        self._enter(*_opened(level.fd, name, self.root.device))
            return Usage(self.bytes, self.files, self.largest)
        finally:
            while self.levels:
                self._close(self.levels.pop())

    def _over(self) -> bool:
        return self.bytes > self.max_bytes or self.files > self.max_files

    def _enter(self, fd: int, restore: int | None) -> None:
        if len(self.levels) > _HELD:
            above = self.levels[-1]
            assert above.fd is not None
            os.close(above.fd)
            above.fd = None
        level = _Level(fd, _inode(fd), restore=restore)
        self.levels.append(level)
        with os.scandir(fd) as listing:
            for entry in listing:
                self._add(entry, level)
                if self._over():
                    return

    def _add(self, entry: os.DirEntry[str], level: _Level) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):
            level.below.append(entry.name)
        self.files += 1
        if stat.S_ISREG(status.st_mode):
            self.largest = max(self.largest, status.st_size)
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if status.st_ino in self.linked:
                return
            self.linked.add(status.st_ino)
        self.bytes += status.st_blocks * _BLOCK

    def _leave(self) -> None:
        """Back to the directory above. One that was not kept open is found through `..`, if it is still the same."""
        left = self.levels[-1]
        above = self.levels[-2] if len(self.levels) > 1 else None
        if above is not None and above.fd is None:
            above.fd = _above(left.fd, above.inode)
        self._close(self.levels.pop())

    def _close(self, level: _Level) -> None:
        if level.fd is None:
            return
        if level.restore is not None:
            os.fchmod(level.fd, level.restore)
        os.close(level.fd)


def _top(root: Root) -> tuple[int, int | None]:
    mode = stat.S_IMODE(os.fstat(root.fd).st_mode)
    try:
        return open_top(root), None
    except PermissionError:
        os.fchmod(root.fd, mode | _OWNER)
        return open_top(root), mode


def _opened(parent: int, name: bytes, device: int) -> tuple[int, int | None]:
    """A directory that can be listed and searched, and the mode to give back to it.

    A command could close a directory to everybody and go on filling it through what it holds open.
    """
    try:
        fd = open_directory(parent, name, device=device)
    except PermissionError:
        return open_own_directory(parent, name, device=device)
    if stat.S_IMODE(os.fstat(fd).st_mode) & 0o100:
        return fd, None
    os.close(fd)
    return open_own_directory(parent, name, device=device)


def _above(fd: int | None, inode: tuple[int, int]) -> int:
    """The directory above one, which has to be the one that we came from."""
    assert fd is not None
    try:
        above = open_directory(fd, b"..")
    except OSError as error:
        raise _LostError from error
    if _inode(above) != inode:
        os.close(above)
        raise _LostError
    return above


def _inode(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino
