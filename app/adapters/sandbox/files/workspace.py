"""One workspace: a directory held open, and all that may be done to what is in it."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self

from app.adapters.sandbox.files.access import delete, read, write
from app.adapters.sandbox.files.directories import MODE, Root
from app.adapters.sandbox.files.filling import Filling
from app.adapters.sandbox.files.removal import remove_tree
from app.adapters.sandbox.files.usage import measure
from app.adapters.sandbox.files.walking import WalkLimits, walk
from app.adapters.sandbox.usage import Usage
from app.domain.patches import FoundFile


class Workspace:
    """Calls block. `remove` and `close` must not run beside another one."""

    def __init__(self, path: Path, fd: int, *, parent: int | None = None) -> None:
        """Takes the descriptors of the directory and, of one that may be removed, of the directory around it."""
        self.path = path
        """Where bubblewrap finds it on this machine; nothing here looks there again."""
        self._root = Root.of(fd)
        self._parent = parent
        self._open = True

    @staticmethod
    def at(path: Path) -> Workspace:
        """A directory that somebody else made, such as one named on a command line. OSError when there is none."""
        return Workspace(path, os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def fileno(self) -> int:
        """The directory's descriptor."""
        return self._root.fd

    def filling(self) -> Filling:
        """Takes the files of a commit while the workspace is fresh."""
        return Filling(self._root)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """The first bytes of a regular file. Raises SandboxRefused for anything else."""
        return read(self._root, path, max_bytes=max_bytes)

    def write(self, path: str, data: bytes, *, executable: bool = False) -> None:
        """A regular file in place of one or of nothing, with the directories above it. Raises SandboxRefused."""
        write(self._root, path, data, executable=executable)

    def delete(self, path: str) -> None:
        """Take a file or link away. Raises SandboxRefused when there is none."""
        delete(self._root, path)

    def walk(self, limits: WalkLimits | None = None) -> Generator[FoundFile, None, None]:
        """All that stands here, see `walking.walk`. Raises SandboxRefused over a limit."""
        return walk(self._root, limits or WalkLimits())

    def measure(self, *, max_bytes: int, max_files: int) -> Usage:
        """What it takes on disk, counted until one of the limits is passed."""
        return measure(self._root, max_bytes=max_bytes, max_files=max_files)

    def remove(self) -> str | None:
        """Remove the directory with all that is in it, and close. None, or in words what is left and why.

        Only for a workspace that was created here, once.
        """
        if not self._open or self._parent is None:
            raise ValueError(f"{self.path} was not created here, or is closed")
        try:
            return remove_tree(self._parent, os.fsencode(self.path.name))
        except OSError as error:
            return f"the workspace cannot be removed: {error.strerror}"
        finally:
            self.close()

    @property
    def is_open(self) -> bool:
        """Whether it is still ours: neither removed, nor moved, nor closed."""
        return self._open

    def move(self, directory: int, name: bytes) -> None:
        """Move it elsewhere on its file system, and close. OSError.

        Only for a workspace that was created here, once. What is in it goes along as it is; only the top is opened up,
        for a directory that its owner may not write cannot be moved.
        """
        if not self._open or self._parent is None:
            raise ValueError(f"{self.path} was not created here, or is closed")
        os.fchmod(self._root.fd, MODE)
        os.rename(os.fsencode(self.path.name), name, src_dir_fd=self._parent, dst_dir_fd=directory)
        self.close()

    @property
    def root(self) -> Root:
        """Where everything in it is found from."""
        return self._root

    def close(self) -> None:
        """Let go of the directory; harmless when done before."""
        if self._open:
            self._open = False
            os.close(self._root.fd)
            if self._parent is not None:
                os.close(self._parent)
