"""Searching the text files of a commit: its tree is listed once, its blobs come as one stream, matching has a thread.

What a limit kept from being searched or shown is said in the answer's `cut`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol, runtime_checkable

from app.adapters.git.process import Git, GitSlow
from app.adapters.git.tree import LISTING, GitTree, tree_entry
from app.domain.code import SearchHit, SearchLimits, SearchResult
from app.domain.entries import Kind
from app.domain.globs import Glob
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha
from app.domain.rules import Pattern

LONGEST_TEXT = 400
_NUL_WITHIN = 8000
_PIECE_BYTES = 1 << 20
_PIECE_FILES = 1_000
_LINES_AT_ONCE = 64
_LISTED_BYTES = 64 << 20
_LISTED_ENTRIES = 200_000
_TEXT_KINDS = frozenset({Kind.FILE, Kind.EXECUTABLE})

_Content = tuple[str, bytes]

# What asks for a place in the text: there a line differs from the same line among others.
_PLACE = re.compile(r"[\^$]|\\[AzZ]")


@runtime_checkable
class _Written(Protocol):
    """A pattern that tells how it was written."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Looked:
    """One text file that was searched; `more` when it has more hits than may be shown of a file."""

    hits: tuple[SearchHit, ...]
    more: bool


@dataclass(slots=True)
class _Tally:
    """What was found so far, and what was left out."""

    limits: SearchLimits
    hits: list[SearchHit] = field(default_factory=list)
    files_searched: int = 0
    cuts: list[str] = field(default_factory=list)
    more_in: int = 0

    def add(self, looked: Sequence[_Looked]) -> bool:
        """Whether there is room for more."""
        for file in looked:
            self.hits += file.hits
            self.files_searched += 1
            self.more_in += file.more
            if len(self.hits) > self.limits.hits:
                del self.hits[self.limits.hits :]
                self.cuts.append(f"only the first {self.limits.hits} hits are shown; ask for less at once")
                return False
        return True

    def result(self) -> SearchResult:
        most = self.limits.hits_per_file
        more = [f"of {self.more_in} files only the first {most} hits are shown"] if self.more_in else []
        return SearchResult(tuple(self.hits), self.files_searched, "; ".join([*self.cuts, *more]))


async def search_files(git: Git, commit: Sha, pattern: Pattern, *, glob: str, limits: SearchLimits) -> SearchResult:
    """The lines in which the pattern is found, in git's order of paths. ValueError for a glob that is malformed."""
    wanted = Glob.parse(glob) if glob else None
    tally = _Tally(limits)
    matcher = _Matcher(pattern, limits, deadline=time.monotonic() + limits.seconds)
    timely = replace(git, limits=replace(git.limits, seconds=limits.seconds))
    try:
        async with asyncio.timeout(limits.seconds):
            lines = await _listed(timely, commit, tally)
            entries = await asyncio.to_thread(_chosen, timely, lines, wanted, tally)
            async with aclosing(GitTree(timely, commit).contents(entries)) as chunks:
                async for piece in _pieces(chunks):
                    if not tally.add(await asyncio.to_thread(matcher.look, piece)):
                        break
    except (TimeoutError, GitSlow):
        tally.cuts.append(f"not all files were searched within {limits.seconds:g} seconds")
    return tally.result()


async def _listed(git: Git, commit: Sha, tally: _Tally) -> list[bytes]:
    """Of a tree that is too large, its beginning: a few small objects can name billions of files."""
    chunks: list[bytes] = []
    size = count = 0

    def collect(chunk: bytes) -> bool:
        nonlocal size, count
        size += len(chunk)
        count += chunk.count(b"\0")
        chunks.append(chunk)
        return size <= _LISTED_BYTES and count <= _LISTED_ENTRIES

    whole = await git.feed(collect, *LISTING, commit)
    lines = b"".join(chunks).split(b"\0")[:-1]
    if not whole:
        tally.cuts.append(f"the tree is very large: only its first {len(lines)} entries were looked at")
    return lines


def _chosen(git: Git, lines: Sequence[bytes], glob: Glob | None, tally: _Tally) -> list[TreeEntry]:
    """The files to read, as far as the limits on their size and number allow."""
    limits = tally.limits
    fitting = [
        entry
        for entry in (tree_entry(git, line) for line in lines)
        if entry.kind in _TEXT_KINDS and (glob is None or glob.matches(entry.path))
    ]
    small = [entry for entry in fitting if entry.size <= limits.file_bytes]
    if len(small) < len(fitting):
        left = len(fitting) - len(small)
        tally.cuts.append(f"files over {limits.file_bytes} bytes were not searched: {left}")
    chosen: list[TreeEntry] = []
    room = limits.bytes
    for entry in small:
        room -= entry.size
        if room < 0 or len(chosen) == limits.files:
            what = f"{limits.bytes} bytes" if room < 0 else f"{limits.files} files"
            tally.cuts.append(
                f"only the first {len(chosen)} of {len(small)} files were searched, for the limit of {what}"
            )
            break
        chosen.append(entry)
    return chosen


async def _pieces(chunks: AsyncIterator[Chunk]) -> AsyncIterator[list[_Content]]:
    """Whole files, about a mebibyte at a time."""
    piece: list[_Content] = []
    size = 0
    content = bytearray()
    async for chunk in chunks:
        content += chunk.data
        if chunk.last:
            piece.append((chunk.entry.path, bytes(content)))
            size += len(content)
            content.clear()
        if size >= _PIECE_BYTES or len(piece) == _PIECE_FILES:
            yield piece
            piece, size = [], 0
    yield piece


@dataclass(frozen=True, slots=True)
class _Matcher:
    """Looks into files, in a thread; ends early after the deadline, when nobody waits for the answer any more."""

    pattern: Pattern
    limits: SearchLimits
    deadline: float

    def look(self, piece: Sequence[_Content]) -> list[_Looked]:
        """Those that are text."""
        looked = []
        for path, content in piece:
            if b"\0" not in content[:_NUL_WITHIN]:
                hits = tuple(islice(self._hits(path, content), self.limits.hits_per_file + 1))
                most = hits[: self.limits.hits_per_file]
                looked.append(_Looked(most, more=len(hits) > len(most)))
        return looked

    def _hits(self, path: str, content: bytes) -> Iterator[SearchHit]:
        text = content.decode("utf-8", "replace")
        by_blocks = isinstance(self.pattern, _Written) and _PLACE.search(self.pattern.text) is None
        # Where a pattern asks for no place, a line that fits makes every run of lines with it fit. So one look at
        # the whole refuses most files, and one at a block most lines; what fits is then decided line by line.
        if by_blocks and not self.pattern.found_in(text):
            return
        lines = text.removesuffix("\n").split("\n")
        for start in range(0, len(lines), _LINES_AT_ONCE):
            if time.monotonic() > self.deadline:
                return
            block = lines[start : start + _LINES_AT_ONCE]
            if by_blocks and not self.pattern.found_in("\n".join(block)):
                continue
            for number, line in enumerate(block, start + 1):
                plain = line.removesuffix("\r")
                if self.pattern.found_in(plain):
                    yield SearchHit(path, number, _cut(plain))


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
