"""What stands in a workspace: every file and link with its hash, without following, waiting, or trusting anything."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from app.adapters.sandbox.files.access import open_regular
from app.adapters.sandbox.files.directories import Root, open_directory, open_top
from app.adapters.sandbox.files.names import text_of
from app.domain.blobs import blob_digest, blob_id
from app.domain.errors import SandboxRefused
from app.domain.patches import FoundFile, FoundKind
from app.domain.tree_paths import MAX_DEPTH, MAX_PATH_BYTES

_PIECE = 1 << 20
_EXECUTABLE_BY_OWNER = 0o100
_GIT = b".git"


@dataclass(frozen=True, slots=True)
class WalkLimits:
    """What a walk may meet. Over `file_bytes`, `depth` or a path's length single files are not read, and told as such;
    over the others there is no result.
    """

    entries: int = 250_000
    """Files, links, directories and all else."""
    path_bytes: int = 64 << 20
    """Of all paths together, which stay in memory."""
    content_bytes: int = 2 << 30
    """Read in all."""
    file_bytes: int = 512 << 20
    depth: int = MAX_DEPTH
    """Parts of a path."""


def walk(root: Root, limits: WalkLimits) -> Generator[FoundFile, None, None]:
    """Everything but empty directories and the `.git` at the top, in no order. Raises SandboxRefused over a limit.

    A directory that cannot be entered, is too deep, or is called `.git` is told as one thing that is no file. What
    changes while it is read has no hash. Close the iterator when leaving early: it holds a descriptor for each level.
    """
    yield from _Walk(root, limits).run()


@dataclass(slots=True)
class _Level:
    fd: int
    path: bytes
    """With a slash at its end, but for the top."""
    below: list[bytes]
    """Names of directories that are not visited yet."""


@dataclass(slots=True)
class _Walk:
    root: Root
    limits: WalkLimits
    levels: list[_Level] = field(default_factory=list)
    entries: int = 0
    path_bytes: int = 0
    content_bytes: int = 0

    def run(self) -> Iterator[FoundFile]:
        try:
            yield from self._entered(self._top(), b"")
            while self.levels:
                level = self.levels[-1]
                if not level.below:
                    os.close(self.levels.pop().fd)
                    continue
                name = level.below.pop()
                path = level.path + name
                try:
                    fd = open_directory(level.fd, name, device=self.root.device)
                except OSError:  # closed to us, on another file system, or not a directory any more
                    yield self._other(path)
                else:
                    yield from self._entered(fd, path + b"/")
        finally:
            for level in self.levels:
                os.close(level.fd)

    def _top(self) -> int:
        try:
            return open_top(self.root)
        except OSError as error:
            raise SandboxRefused(f"the workspace cannot be read: {(error.strerror or 'it failed').lower()}") from error

    def _entered(self, fd: int, path: bytes) -> Iterator[FoundFile]:
        """Everything in a directory but what is in directories below it."""
        level = _Level(fd, path, [])
        self.levels.append(level)
        try:
            listing = os.scandir(fd)
        except OSError:
            yield self._other(path.removesuffix(b"/"))
            return
        with listing:
            for entry in listing:
                name = os.fsencode(entry.name)
                self._count(len(path) + len(name))
                if not _is_directory(entry):
                    yield self._found(fd, name, path + name, entry)
                elif name == _GIT:
                    if path:
                        yield self._other(path + name)
                elif len(self.levels) >= self.limits.depth or len(path) + len(name) > MAX_PATH_BYTES:
                    yield self._other(path + name)
                else:
                    level.below.append(name)

    def _count(self, path_bytes: int) -> None:
        self.entries += 1
        self.path_bytes += path_bytes
        if self.entries > self.limits.entries:
            raise SandboxRefused(f"the workspace has more than {self.limits.entries} files and directories")
        if self.path_bytes > self.limits.path_bytes:
            raise SandboxRefused(f"the paths in the workspace are longer than {self.limits.path_bytes} bytes in all")

    def _found(self, directory: int, name: bytes, path: bytes, entry: os.DirEntry[str]) -> FoundFile:
        try:
            if entry.is_symlink():
                target = os.readlink(name, dir_fd=directory)
                return FoundFile(text_of(path), FoundKind.SYMLINK, len(target), blob_id(target))
            if entry.is_file(follow_symlinks=False):
                opened = open_regular(directory, name, self.root.device)
                if opened is not None:
                    return self._file(*opened, path)
        except OSError:  # closed to us, or something else by now
            pass
        return self._other(path)

    def _file(self, fd: int, status: os.stat_result, path: bytes) -> FoundFile:
        try:
            sha = None if status.st_size > self.limits.file_bytes else self._hashed(fd, status.st_size)
        finally:
            os.close(fd)
        executable = stat.S_IMODE(status.st_mode) & _EXECUTABLE_BY_OWNER
        kind = FoundKind.EXECUTABLE if executable else FoundKind.FILE
        return FoundFile(text_of(path), kind, status.st_size, sha)

    def _hashed(self, fd: int, size: int) -> str | None:
        """None when the file has not, or no longer, the size that it had: then somebody is still writing."""
        self.content_bytes += size
        if self.content_bytes > self.limits.content_bytes:
            raise SandboxRefused(f"the files in the workspace have more than {self.limits.content_bytes} bytes in all")
        digest = blob_digest(size)
        left = size
        while piece := os.read(fd, min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                return None
            digest.update(piece)
        return digest.hexdigest() if left == 0 else None

    def _other(self, path: bytes) -> FoundFile:
        return FoundFile(text_of(path), FoundKind.OTHER, 0, None)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # the file system does not tell with the name, and asking is not permitted
        return False
