"""What a hostile command may leave in a workspace, and the pieces that fill one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.domain.patches import Chunk, TreeEntry

ODD_NAMES = (
    b"new\nline",
    b"\x1b[31mred",
    b"-rf",
    b"caf\xe9",
    b"\xff\xfe",
    "gpj.\u202eexe".encode(),
    b"back\\slash",
    b"$(id)",
    b" ",
    b"x" * 255,
)


def names(directory: Path) -> list[bytes]:
    """What stands in a directory, sorted."""
    return sorted(os.fsencode(path.name) for path in directory.iterdir())


def git_sha(data: bytes) -> str:
    """Spelled out anew, so that a mistake in the code is not repeated here."""
    return hashlib.sha1(b"blob " + str(len(data)).encode() + b"\x00" + data, usedforsecurity=False).hexdigest()


def entry(path: str, mode: str = "100644", size: int = 0) -> TreeEntry:
    return TreeEntry(path, mode, "0" * 40, size)


def chunks(path: str, *pieces: bytes, mode: str = "100644") -> list[Chunk]:
    of = entry(path, mode, sum(map(len, pieces)))
    return [Chunk(of, piece, last=number == len(pieces)) for number, piece in enumerate(pieces, 1)]


def files(paths: Iterable[str], content: bytes = b"x\n") -> list[Chunk]:
    return [Chunk(entry(path, size=len(content)), content, last=True) for path in paths]


@contextlib.contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Writing beyond fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def plant_socket(path: Path) -> None:
    """A socket's name in /proc is short enough wherever the workspace is."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


def plant_deep(top: Path, levels: int, name: str = "d") -> None:
    """A chain of directories, with a file in the deepest; far deeper than a path can be long."""
    fd = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("deepest", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=fd))
    os.close(fd)
