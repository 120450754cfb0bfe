"""One file of a workspace: read, put in place, or taken away, whatever else was planted at its path."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Sequence

from app.adapters.sandbox.files.directories import Root, directory_of
from app.adapters.sandbox.files.filling import write_all
from app.adapters.sandbox.files.names import kind_of, parts_of, refused, refused_by_system

# O_NONBLOCK: a FIFO would wait for its writer, and opening some devices does things.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20


def read(root: Root, path: str, *, max_bytes: int) -> bytes:
    """The first bytes of a regular file. Raises SandboxRefused for anything else."""
    return read_at(root, parts_of("read", path), path, max_bytes=max_bytes)


def read_at(root: Root, parts: Sequence[bytes], path: str, *, max_bytes: int) -> bytes:
    """The same for a file that stands at `parts`, and is called `path` in words."""
    with directory_of(root, "read", path, parts) as directory:
        fd = _open_file(root, directory, parts[-1], path)
        try:
            return _read_most(fd, max_bytes)
        except OSError as error:
            raise refused_by_system("read", path, error) from error
        finally:
            os.close(fd)


def write(root: Root, path: str, data: bytes, *, executable: bool) -> None:
    """A regular file with this content, in place of a regular file or of nothing. Raises SandboxRefused.

    The content is written beside it and moved into place, so nobody sees half of it, and no other name of the old
    file, no reader and no link is affected.
    """
    parts = parts_of("write", path)
    with directory_of(root, "write", path, parts, make=True) as directory:
        _refuse_other_than(directory, parts[-1], "write", path, links=False, missing=True)
        draft = b".revwright-" + secrets.token_hex(8).encode()
        try:
            fd = os.open(draft, _NEW, 0o600, dir_fd=directory)
            try:
                write_all(fd, data)
                os.fchmod(fd, 0o755 if executable else 0o644)
            finally:
                os.close(fd)
            os.replace(draft, parts[-1], src_dir_fd=directory, dst_dir_fd=directory)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=directory)
            raise refused_by_system("write", path, error) from error


def delete(root: Root, path: str) -> None:
    """Takes a regular file or a link away. Raises SandboxRefused for anything else, and when there is nothing."""
    parts = parts_of("delete", path)
    with directory_of(root, "delete", path, parts) as directory:
        _refuse_other_than(directory, parts[-1], "delete", path, links=True, missing=False)
        try:
            os.unlink(parts[-1], dir_fd=directory)
        except OSError as error:
            raise refused_by_system("delete", path, error) from error


def open_regular(directory: int, name: bytes, device: int) -> tuple[int, os.stat_result] | None:
    """A descriptor of the regular file at a name, and what it is; None for anything else. OSError, also for a link."""
    fd = os.open(name, _READ, dir_fd=directory)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_dev == device:
        return fd, status
    os.close(fd)
    return None


def _open_file(root: Root, directory: int, name: bytes, path: str) -> int:
    _refuse_other_than(directory, name, "read", path, links=False, missing=False)
    try:
        opened = open_regular(directory, name, root.device)
    except OSError as error:
        raise refused_by_system("read", path, error) from error
    if opened is None:
        raise refused("read", path, "it is not a regular file of this file system")
    return opened[0]


def _refuse_other_than(directory: int, name: bytes, verb: str, path: str, *, links: bool, missing: bool) -> None:
    """For the words only, and to keep away from devices: what counts is how the file is opened or replaced after it."""
    try:
        mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError as error:
        if missing:
            return
        raise refused_by_system(verb, path, error) from error
    except OSError as error:
        raise refused_by_system(verb, path, error) from error
    if not (stat.S_ISREG(mode) or (links and stat.S_ISLNK(mode))):
        raise refused(verb, path, f"it is {kind_of(mode)}")


def _read_most(fd: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(fd, min(most, _PIECE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)
