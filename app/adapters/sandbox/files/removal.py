"""Removes a tree whatever was made of it: any depth, any names, closed directories, a million files.

Every directory is first moved to the top of a directory of ours, under a name of ours. So there is no depth, no path
and no recursion, one descriptor beside ours, and nothing is kept in memory but a count. No link is followed: entries
are removed by name from a directory that is held open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass

from app.adapters.sandbox.files.directories import open_own_directory

_PASSES = 100
"""Over one directory, while each still finds something: files may come in until the last process is dead."""
_LOOKS = 100
"""So often an empty directory may turn out to have something in it after all."""
_CURRENT = b"current"


def remove_tree(parent: int, name: bytes) -> str | None:
    """Remove what stands at `name`, with everything in it. None, or in words what could not be removed and why.

    `parent` is a directory of ours. What is left stands there in a directory called `gone-...`, for the next attempt.
    OSError when it cannot even be moved there.
    """
    if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=parent)
        return None
    trash = b"gone-" + secrets.token_hex(16).encode()
    os.mkdir(trash, 0o700, dir_fd=parent)
    fd = os.open(trash, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        removal = _Removal(fd)
        removal.run(parent, name)
    finally:
        os.close(fd)
        with contextlib.suppress(OSError):  # not empty: what is left is told
            os.rmdir(trash, dir_fd=parent)
    return removal.left()


@dataclass(slots=True)
class _Removal:
    trash: int
    waiting: int = 0
    """Directories that wait in the trash; they are called 0, 1, 2 ..."""
    stuck: int = 0
    failures: int = 0
    first: str = ""

    def run(self, parent: int, name: bytes) -> None:
        self._take_in(parent, name)
        while self.waiting:
            self.waiting -= 1
            os.rename(b"%d" % self.waiting, _CURRENT, src_dir_fd=self.trash, dst_dir_fd=self.trash)
            if not self._gone():
                os.rename(_CURRENT, b"left-%d" % self.stuck, src_dir_fd=self.trash, dst_dir_fd=self.trash)
                self.stuck += 1

    def _gone(self) -> bool:
        """Removes the current directory, with what comes into it meanwhile; False where something in it stays."""
        for _ in range(_LOOKS):
            emptied = self._emptied()
            try:
                os.rmdir(_CURRENT, dir_fd=self.trash)
            except OSError as error:
                self._failed(error)
            else:
                return True
            if not emptied:
                return False
        return False

    def _emptied(self) -> bool:
        """Whether nothing was left in the current directory at the end of the last look into it."""
        try:
            fd, _ = open_own_directory(self.trash, _CURRENT)
        except OSError as error:
            self._failed(error)
            return False
        try:
            return self._empty(fd)
        finally:
            os.close(fd)

    def left(self) -> str | None:
        if not self.stuck:
            return None
        return f"{self.stuck} directories could not be removed, after {self.failures} failures such as: {self.first}"

    def _empty(self, fd: int) -> bool:
        for _ in range(_PASSES):
            removed = seen = 0
            with os.scandir(fd) as listing:
                for entry in listing:
                    seen += 1
                    try:
                        self._take_away(fd, entry)
                    except FileNotFoundError:
                        pass
                    except OSError as error:
                        self._failed(error)
                    else:
                        removed += 1
            if removed == 0 or seen == 0:
                return seen == 0
        return False

    def _take_away(self, directory: int, entry: os.DirEntry[str]) -> None:
        name = os.fsencode(entry.name)
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(name, dir_fd=directory)
            return
        self._take_in(directory, name)

    def _take_in(self, directory: int, name: bytes) -> None:
        place = b"%d" % self.waiting
        try:
            os.rename(name, place, src_dir_fd=directory, dst_dir_fd=self.trash)
        except PermissionError:  # moving changes its `..`, so its owner must be allowed to write in it
            fd, _ = open_own_directory(directory, name)
            os.close(fd)
            os.rename(name, place, src_dir_fd=directory, dst_dir_fd=self.trash)
        self.waiting += 1

    def _failed(self, error: OSError) -> None:
        self.failures += 1
        self.first = self.first or (error.strerror or "unknown error")
