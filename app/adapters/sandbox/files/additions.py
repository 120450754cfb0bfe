"""What setup added to a commit's files: directories and single files, moved out of the workspace by descriptors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.adapters.sandbox.files.directories import MODE, Root, open_directory, open_own_directory
from app.adapters.sandbox.files.names import parts_of, text_of
from app.domain.errors import SandboxRefused

MOST_THINGS = 64
"""Each is a mount of every later command."""
_NOT_KEPT = frozenset({b".git", b"__pycache__"})
"""A repository is nobody's product, and of these caches there may be one in each directory."""


@dataclass(slots=True)
class BasePaths:
    """The paths that a workspace was filled with, as they come, and the directories above them."""

    files: set[bytes] = field(default_factory=set)
    directories: set[bytes] = field(default_factory=set)

    def add(self, path: str) -> None:
        """A file or link."""
        name = path.encode("utf-8", "surrogateescape")
        self.files.add(name)
        while b"/" in name:
            name = name.rpartition(b"/")[0]
            if name in self.directories:
                return
            self.directories.add(name)


def additions(root: Root, base: BasePaths, into: int) -> tuple[tuple[str, bool], ...]:
    """Moves every directory and regular file that is not of the base into a directory of ours, as `0`, `1` and so on,
    sorted by path; with each path, whether it is a directory.

    Links and what is neither file nor directory stay behind, as do changes of the base's own files. Raises
    SandboxRefused for more things than can be mounted, OSError.
    """
    os.fchmod(root.fd, MODE)
    found = sorted(_found(root, base, b""))[: MOST_THINGS + 1]
    if len(found) > MOST_THINGS:
        raise SandboxRefused(
            f"setup made more than {MOST_THINGS} files and directories beside those of the commit, such as "
            f"{text_of(found[0][0])!r}; let it put them into fewer directories"
        )
    taken: list[tuple[str, bool]] = []
    for path, directory in found:
        _move(root, path, into, b"%d" % len(taken), directory=directory)
        taken.append((text_of(path), directory))
    return tuple(taken)


def _found(root: Root, base: BasePaths, above: bytes) -> Iterator[tuple[bytes, bool]]:
    """The topmost things below a directory of the base that are not of it. No deeper than the base is."""
    fd = _directory(root, above)
    if fd is None:
        return
    below: list[bytes] = []
    try:
        with os.scandir(fd) as listing:
            for entry in listing:
                name = os.fsencode(entry.name)
                path = above + b"/" + name if above else name
                if entry.is_dir(follow_symlinks=False):
                    if path in base.directories:
                        below.append(path)
                    elif path not in base.files and _may_be_kept(name, path):
                        yield path, True
                elif (
                    entry.is_file(follow_symlinks=False)
                    and path not in base.files
                    and path not in base.directories
                    and _may_be_kept(name, path)
                ):
                    yield path, False
    finally:
        os.close(fd)
    for path in below:
        yield from _found(root, base, path)


def _may_be_kept(name: bytes, path: bytes) -> bool:
    try:
        parts_of("keep", text_of(path))
    except SandboxRefused:
        return False
    return name not in _NOT_KEPT


def _directory(root: Root, path: bytes) -> int | None:
    """None where setup left something else, or what is closed even to us."""
    fd = os.dup(root.fd)
    try:
        for name in [b".", *path.split(b"/")] if path else [b"."]:
            below = open_directory(fd, name) if name == b"." else open_own_directory(fd, name, device=root.device)[0]
            os.close(fd)
            fd = below
    except OSError:
        os.close(fd)
        return None
    return fd


def _move(root: Root, path: bytes, into: int, name: bytes, *, directory: bool) -> None:
    above, _, last = path.rpartition(b"/")
    fd = _directory(root, above)
    if fd is None:
        raise SandboxRefused(f"{text_of(path)!r}, which setup made, cannot be taken: it is closed to us")
    try:
        if directory:  # moving changes its `..`, so its owner must be allowed to write in it
            os.close(open_own_directory(fd, last, device=root.device)[0])
        os.rename(last, name, src_dir_fd=fd, dst_dir_fd=into)
    finally:
        os.close(fd)
