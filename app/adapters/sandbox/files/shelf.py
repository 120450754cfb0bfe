"""A directory of what outlives the sandbox it was made in: put there whole, found by name, cleaned by age and size.

Every entry is a directory of ours with a small file of ours, and beside it what sandboxed code made, which is never
looked at by a path that it could have changed. An entry that is used is locked with a shared lock by who uses it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.adapters.sandbox.files.directories import open_directory
from app.adapters.sandbox.files.workspaces import Claim, Draft
from app.domain.errors import SandboxUnavailable

_TOLD = b"told.json"
_MOST_TOLD = 1 << 20
_MOST_ENTRIES = 1_000
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things stay, and how much of the disk they take together. What is over, the oldest first, goes."""

    seconds: float
    """Since the last use."""
    bytes: int


class Shelf:
    """Calls block."""

    def __init__(
        self, claim: Claim, name: str, retention: Retention, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` tells the seconds since 1970, as file systems have them. Raises SandboxUnavailable."""
        self.path, self._fd = claim.shelf(name)
        self.retention = retention
        self._claim = claim
        self._clock = clock

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._fd)

    def names(self) -> list[str]:
        """Of all entries, in no order."""
        return [name for name in os.listdir(self._fd) if not name.startswith(".")]  # noqa: PTH208 - a descriptor

    def open(self, name: str) -> int | None:
        """A descriptor of an entry, which nobody removes while it is open; None when there is none."""
        try:
            fd = open_directory(self._fd, name.encode())
        except OSError:
            return None
        if self._lock(fd, name, fcntl.LOCK_SH):
            return fd
        os.close(fd)
        return None

    def used(self, fd: int) -> None:
        """From now on it counts as new."""
        os.utime(fd, (self._clock(), self._clock()))

    def put(self, draft: Draft, name: str, told: Mapping[str, object]) -> None:
        """Write down what is to be known of an entry, and put it in its place, in place of an older one. OSError."""
        fd = os.open(_TOLD, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=draft.fd)
        with os.fdopen(fd, "w") as file:
            json.dump(told, file)
        self.used(draft.fd)
        for _ in range(_ATTEMPTS):
            try:
                draft.put(self._fd, name)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
                self.remove(name)
            else:
                return
        raise SandboxUnavailable(f"{name} is put in place by others all the time")

    def remove(self, name: str) -> str | None:
        """Whether it is used or not. None, or in words what is left."""
        return self._claim.discard(self._fd, name)

    def clean(self) -> tuple[str, ...]:
        """Remove what is too old or too much and not used, the oldest first. In words what could not be removed."""
        now = self._clock()
        entries: list[tuple[float, str, int]] = []
        for name in self.names():
            with contextlib.suppress(OSError):  # somebody else removed it just now
                fd = open_directory(self._fd, name.encode())
                try:
                    told = read_told(fd)
                    size = told.get("bytes") if told is not None else None
                    entries.append((os.fstat(fd).st_mtime, name, size if isinstance(size, int) else -1))
                finally:
                    os.close(fd)
        entries.sort(reverse=True)
        total = 0
        left: list[str] = []
        for number, (used, name, size) in enumerate(entries):
            total += max(size, 0)
            over = total > self.retention.bytes or number >= _MOST_ENTRIES or now - used > self.retention.seconds
            if (over or size < 0) and (words := self._remove_unused(name)) is not None:
                left.append(words)
        return tuple(left)

    def _remove_unused(self, name: str) -> str | None:
        try:
            fd = open_directory(self._fd, name.encode())
        except OSError:
            return None
        try:
            return self.remove(name) if self._lock(fd, name, fcntl.LOCK_EX) else None
        finally:
            os.close(fd)

    def _lock(self, fd: int, name: str, kind: int) -> bool:
        """Whether it could be locked at once, and is still what stands at its name."""
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return os.path.samestat(os.stat(name, dir_fd=self._fd, follow_symlinks=False), os.fstat(fd))
        except (BlockingIOError, FileNotFoundError):
            return False


def read_told(fd: int) -> dict[str, object] | None:
    """What was written down of an entry; None where that is of no use."""
    try:
        told_fd = os.open(_TOLD, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return None
    with os.fdopen(told_fd, "rb") as file:
        try:
            told = json.loads(file.read(_MOST_TOLD))
        except (ValueError, RecursionError):
            return None
    return told if isinstance(told, dict) else None
