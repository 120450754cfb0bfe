"""The directory in which runners keep their workspaces: each runner has a part of it that is locked while it lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.files.directories import MODE, open_directory, open_own_directory
from app.adapters.sandbox.files.removal import remove_tree
from app.adapters.sandbox.files.workspace import Workspace
from app.domain.errors import SandboxUnavailable, SettingsInvalid

_PART = re.compile(r"runner-[0-9a-f]{32}")
_ATTEMPTS = 10
_WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Draft:
    """A directory of our own that is not yet what it is to be, held open."""

    parent: int
    name: bytes
    fd: int

    def put(self, directory: int, name: str) -> None:
        """Give it its place, whole, by one rename. OSError, ENOTEMPTY where something stands there."""
        os.rename(self.name, name, src_dir_fd=self.parent, dst_dir_fd=directory)

    def close(self) -> None:
        os.close(self.fd)


@dataclass(frozen=True, slots=True)
class Claim:
    """One runner's part of the root. Closing it, or the end of the process however it comes, unlocks it."""

    path: Path
    _fd: int
    _root: int

    def create(self) -> Workspace:
        """A new, empty workspace under a name that tells nothing. SandboxUnavailable when the disk is full."""
        name = secrets.token_hex(16)
        try:
            os.mkdir(name, MODE, dir_fd=self._fd)
            fd = open_directory(self._fd, name.encode())
        except OSError as error:
            raise SandboxUnavailable(f"cannot make a workspace in {self.path}: {error.strerror}") from error
        os.fchmod(fd, MODE)
        return Workspace(self.path / name, fd, parent=os.dup(self._fd))

    def adopt(self, directory: int, name: bytes) -> Workspace:
        """Take a workspace in that was kept elsewhere in the root, whatever its last user made of it. FileNotFoundError
        when somebody else has taken it; OSError.
        """
        ours = secrets.token_hex(16)
        os.rename(name, ours, src_dir_fd=directory, dst_dir_fd=self._fd)
        fd, _ = open_own_directory(self._fd, ours.encode())
        os.fchmod(fd, MODE)
        return Workspace(self.path / ours, fd, parent=os.dup(self._fd))

    def draft(self) -> Draft:
        """An empty directory in which something is made that is to be kept; what is not put away goes with the part."""
        name = secrets.token_hex(16)
        os.mkdir(name, 0o700, dir_fd=self._fd)
        return Draft(self._fd, name.encode(), open_directory(self._fd, name.encode()))

    def discard(self, directory: int, name: str) -> str | None:
        """Remove what stands in a directory of the root, at once out of sight. None, or in words what is left."""
        ours = secrets.token_hex(16)
        try:
            os.rename(name, ours, src_dir_fd=directory, dst_dir_fd=self._fd)
            return remove_tree(self._fd, ours.encode())
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{name}: it cannot be removed: {error.strerror}"

    def shelf(self, name: str) -> tuple[Path, int]:
        """A directory beside the parts, which outlives runners: its path, and a descriptor. SandboxUnavailable."""
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=self._root)
            return self.path.parent / name, open_directory(self._root, name.encode())
        except OSError as error:
            raise SandboxUnavailable(f"cannot use {self.path.parent / name}: {error.strerror}") from error

    def close(self) -> tuple[str, ...]:
        """Remove every workspace and the part itself. What could not be removed is told, and left for a sweep."""
        try:
            return _removed(self._root, self._fd, self.path.name)
        finally:
            os.close(self._fd)
            os.close(self._root)


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed of runners that are dead, and in words what could not be."""

    parts: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workspaces:
    """`root` may be shared by several runners of the same user. It is made when missing; its parent must be there."""

    root: Path

    def claim(self) -> Claim:
        """A part for this process. Raises SettingsInvalid for a root that others could change."""
        root = self._opened()
        try:
            for _ in range(_ATTEMPTS):
                name = f"runner-{secrets.token_hex(16)}"
                os.mkdir(name, 0o700, dir_fd=root)
                if (part := _locked(root, name)) is not None:
                    return Claim(self.root.absolute() / name, part, root)
        except OSError as error:
            os.close(root)
            raise SandboxUnavailable(f"cannot use {self.root} for workspaces: {error.strerror}") from error
        os.close(root)
        raise SandboxUnavailable(f"cannot lock a directory in {self.root}: another process keeps removing it")

    def sweep(self) -> Swept:
        """Remove the parts of runners that are dead, however hostile what they left is.

        Only directories named as parts are touched. Raises SettingsInvalid as `claim` does.
        """
        root = self._opened()
        swept = 0
        left: list[str] = []
        try:
            for name in filter(_PART.fullmatch, _names(root)):
                if (part := _locked(root, name)) is None:
                    continue
                try:
                    told = _removed(root, part, name)
                finally:
                    os.close(part)
                left += told
                swept += not told
        finally:
            os.close(root)
        return Swept(swept, tuple(left))

    def _opened(self) -> int:
        try:
            with contextlib.suppress(FileExistsError):
                self.root.mkdir(mode=0o700)
            fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise SettingsInvalid(f"cannot use {self.root} for workspaces: {error.strerror}") from error
        status = os.fstat(fd)
        reason = None
        if status.st_uid != os.geteuid():
            reason = f"it belongs to user {status.st_uid}, and this process runs as {os.geteuid()}"
        elif stat.S_IMODE(status.st_mode) & _WRITABLE_BY_OTHERS:
            reason = f"others may write in it (mode {stat.S_IMODE(status.st_mode):04o}); make it 0700"
        if reason is not None:
            os.close(fd)
            raise SettingsInvalid(f"cannot use {self.root} for workspaces: {reason}")
        return fd


def _locked(root: int, name: str) -> int | None:
    """The part, locked; None when a runner that lives has it, or another process removed it just now."""
    try:
        fd = open_directory(root, name.encode())
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = os.stat(name, dir_fd=root, follow_symlinks=False)
        if os.path.samestat(there, os.fstat(fd)):
            return fd
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(fd)
    return None


def _removed(root: int, part: int, name: str) -> tuple[str, ...]:
    """Empty a part and remove it; in words what could not be."""
    told: list[str] = []
    for entry in _names(part):
        try:
            left = remove_tree(part, os.fsencode(entry))
        except OSError as error:
            left = f"it cannot be moved: {error.strerror}"
        if left is not None:
            told.append(f"{name}/{entry}: {left}")
    try:
        os.rmdir(name, dir_fd=root)
    except OSError as error:
        told.append(f"{name}: {error.strerror}")
    return tuple(told)


def _names(directory: int) -> list[str]:
    with os.scandir(directory) as listing:
        return [entry.name for entry in listing]
