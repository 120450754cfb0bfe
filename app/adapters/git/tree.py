"""All files of one commit: their list in one go, and their contents as a stream that waits for its reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from app.adapters.git.blobs import lacking
from app.adapters.git.process import Git, checked_sha
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha

_PIECE = 1 << 18
_LONGEST_HEADER = 100
LISTING = ("ls-tree", "-r", "-z", "-l", "--full-tree")


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """How large a tree may be. A few small objects can name billions of files, so git is stopped at the limit."""

    entries: int = 200_000
    list_bytes: int = 64 << 20
    """Of the list as git prints it, which is mostly paths."""
    content_bytes: int = 4 << 30
    """Of all files together. A blob counts as often as the tree names it."""


class GitTree:
    """The files of `commit`. `keep` is kept from being collected, with the files that go when it is."""

    def __init__(self, git: Git, commit: Sha, *, keep: object = None, limits: TreeLimits | None = None) -> None:
        self._git = git
        self._commit = commit
        self._keep = keep
        self._limits = limits or TreeLimits()

    @property
    def commit(self) -> Sha:
        """Which commit."""
        return self._commit

    async def entries(self) -> tuple[TreeEntry, ...]:
        """Every file, link and submodule, in git's order. GitFailed over a limit, and if a blob is not here."""
        listed = [tree_entry(self._git, line) for line in (await self._listing()).split(b"\0")[:-1]]
        size = sum(entry.size for entry in listed)
        if size > self._limits.content_bytes:
            raise self._too_large(f"{size} bytes in files", self._limits.content_bytes)
        return tuple(listed)

    async def contents(self, entries: Sequence[TreeEntry]) -> AsyncGenerator[Chunk, None]:
        """The blobs of these files and links, in this order, in pieces of at most 1 MiB.

        git is ended when the generator is closed, so close it (`aclose`) when leaving early. The time limit is on
        each wait for git. Raises GitFailed, and ValueError for a submodule, whose files are elsewhere.
        """
        if not entries:
            return
        names = "".join(f"{_blob_name(entry)}\n" for entry in entries).encode("ascii")
        whole = False
        async with self._git.printing("cat-file", "--batch", "--buffer", stdin=names) as stdout:
            printed = _Printed(self._git, stdout)
            with contextlib.suppress(EOFError):  # git ended early, and its exit status says why
                for entry in entries:
                    if await printed.line() != f"{entry.sha} blob {entry.size}\n".encode("ascii"):
                        raise lacking(self._git, entry.sha)
                    left = entry.size
                    while True:
                        piece = await printed.some(left)
                        left -= len(piece)
                        yield Chunk(entry, piece, last=left == 0)
                        if left == 0:
                            break
                    await printed.line()
                whole = await printed.at_end()
        if not whole:
            raise GitFailed(f"git cat-file of {self._git.label} printed something else than the blobs it was asked for")

    async def _listing(self) -> bytes:
        chunks: list[bytes] = []
        size = count = 0

        def collect(chunk: bytes) -> bool:
            nonlocal size, count
            size += len(chunk)
            count += chunk.count(b"\0")
            chunks.append(chunk)
            return size <= self._limits.list_bytes and count <= self._limits.entries

        if not await self._git.feed(collect, *LISTING, self._commit):
            if count > self._limits.entries:
                raise self._too_large("entries", self._limits.entries)
            raise self._too_large("bytes in paths", self._limits.list_bytes)
        return b"".join(chunks)

    def _too_large(self, what: str, limit: int) -> GitFailed:
        return GitFailed(f"the tree of {self._commit} in {self._git.label} is too large: {what}, over {limit}")


def tree_entry(git: Git, line: bytes) -> TreeEntry:
    """One line of `LISTING`. GitFailed for a blob that is not here."""
    about, _, path = line.partition(b"\t")
    mode, kind, sha, size = about.decode("ascii").split()
    if kind != "blob":
        size = "0"
    elif not size.isdecimal():  # git prints BAD for an object that is not there
        raise lacking(git, sha)
    return TreeEntry(path.decode("utf-8", "surrogateescape"), mode, sha, int(size))


class _Printed:
    """What `cat-file` prints, in pieces that its reader chooses. EOFError where there must be more."""

    def __init__(self, git: Git, stdout: asyncio.StreamReader) -> None:
        self._git = git
        self._stdout = stdout
        self._buffer = b""
        self._at = 0

    async def some(self, most: int) -> bytes:
        """At least one byte, unless none is wanted."""
        if most and self._at == len(self._buffer) and await self.at_end():
            raise EOFError
        piece = self._buffer[self._at : self._at + most]
        self._at += len(piece)
        return piece

    async def line(self) -> bytes:
        """A line, or the beginning of one that is too long to be a header."""
        line = b""
        while len(line) < _LONGEST_HEADER and not line.endswith(b"\n"):
            end = self._buffer.find(b"\n", self._at) + 1 or len(self._buffer)
            line += await self.some(max(1, end - self._at))
        return line

    async def at_end(self) -> bool:
        """Whether there is nothing more; waits for git to say."""
        if self._at < len(self._buffer):
            return False
        try:
            async with asyncio.timeout(self._git.limits.seconds):
                self._buffer = await self._stdout.read(_PIECE)
        except TimeoutError as late:
            raise self._git.slow("cat-file") from late
        self._at = 0
        return not self._buffer


def _blob_name(entry: TreeEntry) -> Sha:
    if entry.kind is Kind.SUBMODULE:
        raise ValueError(f"a submodule has no blob: {entry.path!r}")
    return checked_sha(entry.sha)
