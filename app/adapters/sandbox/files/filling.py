"""Fills a fresh workspace with the files of a commit, piece by piece, fast: nothing else runs in there yet."""

from __future__ import annotations

import contextlib
import os
from types import TracebackType
from typing import Self

from app.adapters.sandbox.files.directories import Root, make_directory, open_directory
from app.adapters.sandbox.files.links import MAX_TARGET_BYTES, stays_inside
from app.adapters.sandbox.files.names import parts_of, refused_by_system
from app.domain.entries import Kind
from app.domain.patches import Chunk, TreeEntry

_VERB = "put"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Filling:
    """Takes pieces in the order in which they come. Nothing that stands in the workspace is overwritten or followed.

    Directories stay open from the top down to the last file's, so that files in git's order need few calls. Leave the
    context when done: it closes them.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._names: list[bytes] = []
        self._directories: list[int] = []
        self._file: int | None = None
        self._target: bytearray | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end_file()
        self._leave(0)

    def take(self, chunk: Chunk) -> None:
        """One piece. Raises SandboxRefused for a path that is not plainly below the top, and when the disk is full;
        ValueError for a submodule, which has no content.
        """
        if chunk.entry.kind is Kind.SUBMODULE:
            raise ValueError(f"a submodule has no content: {chunk.entry.path!r}")
        try:
            if chunk.entry.kind is Kind.SYMLINK and self._file is None:
                self._take_link(chunk)
            else:
                self._take_file(chunk.entry, chunk.data, last=chunk.last)
        except OSError as error:
            raise refused_by_system(_VERB, chunk.entry.path, error) from error

    def _take_file(self, entry: TreeEntry, data: bytes, *, last: bool) -> None:
        if self._file is None:
            directory, name = self._enter(entry.path)
            self._file = os.open(name, _NEW, 0o600, dir_fd=directory)
        write_all(self._file, data)
        if last:
            os.fchmod(self._file, 0o755 if entry.kind is Kind.EXECUTABLE else 0o644)
            self._end_file()

    def _take_link(self, chunk: Chunk) -> None:
        """Kept until it is whole, or longer than any link: then it can only be a file."""
        target = bytes(self._target or b"") + chunk.data
        if not chunk.last and len(target) <= MAX_TARGET_BYTES:
            self._target = bytearray(target)
            return
        self._target = None
        if chunk.last and stays_inside(chunk.entry.path, target):
            directory, name = self._enter(chunk.entry.path)
            os.symlink(target, name, dir_fd=directory)
        else:
            self._take_file(chunk.entry, target, last=chunk.last)

    def _enter(self, path: str) -> tuple[int, bytes]:
        """The directory of a file, made when missing, and the file's name in it."""
        *above, name = parts_of(_VERB, path)
        same = 0
        while same < min(len(above), len(self._names)) and above[same] == self._names[same]:
            same += 1
        self._leave(same)
        for part in above[same:]:
            parent = self._directories[-1] if self._directories else self._root.fd
            with contextlib.suppress(FileExistsError):  # git's order comes back to a directory after names in between
                make_directory(parent, part)
            self._directories.append(open_directory(parent, part, device=self._root.device))
            self._names.append(part)
        return (self._directories[-1] if self._directories else self._root.fd), name

    def _leave(self, depth: int) -> None:
        while len(self._directories) > depth:
            self._names.pop()
            os.close(self._directories.pop())

    def _end_file(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)


def write_all(fd: int, data: bytes) -> None:
    """Write to the end; one call takes at most 2 GiB and may take less."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
