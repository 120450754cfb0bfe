"""Directories by descriptor: opened one name at a time, never through a link, never on another file system."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.adapters.sandbox.files.names import kind_at, refused, refused_by_system

MODE = 0o755
_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | _NO_LINK
_OWNER = 0o700


@dataclass(frozen=True, slots=True)
class Root:
    """The directory of a workspace, open; everything is found from here."""

    fd: int
    device: int
    """The number of its file system."""

    @staticmethod
    def of(fd: int) -> Root:
        return Root(fd, os.fstat(fd).st_dev)


def open_top(root: Root) -> int:
    """Another descriptor of the top, that is read from its beginning. OSError when it is closed to us."""
    return os.open(b".", _DIRECTORY, dir_fd=root.fd)


def open_directory(parent: int, name: bytes, *, device: int | None = None) -> int:
    """A descriptor of the directory that stands at a name. OSError; ENOTDIR for a link."""
    fd = os.open(name, _DIRECTORY, dir_fd=parent)
    if device is not None and os.fstat(fd).st_dev != device:
        os.close(fd)
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    return fd


def make_directory(parent: int, name: bytes) -> None:
    """A new directory, with our mode whatever the umask is. OSError when something stands there."""
    os.mkdir(name, MODE, dir_fd=parent)
    fd = open_directory(parent, name)
    try:
        os.fchmod(fd, MODE)
    finally:
        os.close(fd)


@contextlib.contextmanager
def directory_of(root: Root, verb: str, path: str, parts: Sequence[bytes], *, make: bool = False) -> Iterator[int]:
    """The directory in which the last of `parts` stands, those above it made when asked to. Raises SandboxRefused."""
    fd = os.dup(root.fd)
    try:
        for part in parts[:-1]:
            below = _entered(fd, part, verb, path, device=root.device, make=make)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


def _entered(parent: int, name: bytes, verb: str, path: str, *, device: int, make: bool) -> int:
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                make_directory(parent, name)
        return open_directory(parent, name, device=device)
    except NotADirectoryError as error:
        raise refused(verb, path, f"{kind_at(parent, name)} stands where the path needs a directory") from error
    except OSError as error:
        raise refused_by_system(verb, path, error) from error


def open_own_directory(parent: int, name: bytes, *, device: int | None = None) -> tuple[int, int]:
    """A descriptor of a directory that its owner may have closed to himself, opened up, and the mode it had.

    The mode is changed through a descriptor that needs no permission to be had, so that it is surely this directory's.
    OSError where it is not ours, or on another file system.
    """
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | _NO_LINK, dir_fd=parent)
    try:
        status = os.fstat(handle)
        if device is not None and status.st_dev != device:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        mode = stat.S_IMODE(status.st_mode)
        same = f"/proc/self/fd/{handle}"
        if mode & _OWNER != _OWNER:
            Path(same).chmod(mode | _OWNER)
        return os.open(same, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), mode
    finally:
        os.close(handle)
