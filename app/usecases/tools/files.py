"""The files of the head and of the merge base as tools read them: from git objects, by paths that are checked.

Nothing here opens a file of this machine. A path is looked up in a commit's tree, which has no `..` and no `/proc`; the
checks before that are there so that a model is told what is wrong, and so that no spelling reaches git at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.domain.entries import Kind
from app.domain.errors import GitFailed, ToolRefused
from app.domain.lines import split_lines
from app.domain.objects import Blob
from app.domain.patches import TreeEntry
from app.domain.prompting import shown_path
from app.domain.pull_request import Sha
from app.domain.snapshot import Snapshot
from app.domain.static_checks import redact_secrets
from app.domain.tree_paths import is_dot_git, problem_with
from app.ports import Code

MAX_FILE_BYTES = 1024 * 1024
MAX_LINE_CHARACTERS = 2_000

_BINARY_WITHIN = 8_000
"""Bytes in which git looks for a NUL to tell binary files from text."""
_TARGET = 200


@dataclass(slots=True)
class Reads:
    """What tools looked at: the paths at the head of which content was shown."""

    paths: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Source:
    """A text file. `lines` are without line feeds, and have placeholders where secrets are."""

    path: str
    text: str
    lines: tuple[str, ...]

    @staticmethod
    def of(path: str, data: bytes) -> Source:
        """Bytes that are not UTF-8 are replaced, as in diffs. Secrets are looked for in the whole, for a part of one
        does not look like one.
        """
        text = data.decode("utf-8", "replace")
        return Source(path, text, split_lines(redact_secrets(text, keep_lines=True)))

    @staticmethod
    async def reading(path: str, data: bytes) -> Source:
        """The same in a thread: of a large file the search for secrets takes a tenth of a second, or more."""
        return await asyncio.to_thread(Source.of, path, data)

    def numbered(self, first: int, last: int) -> str:
        """Lines as diffs show unchanged ones: the number left of the bar, and a space."""
        rows = zip(range(first, last + 1), self.lines[first - 1 : last], strict=False)
        return "\n".join(f"{number:>6}| {cut_line(line)}" for number, line in rows)


class Files:
    """What stands in the two commits of a snapshot."""

    def __init__(self, code: Code, snapshot: Snapshot, reads: Reads, names: Mapping[str, str]) -> None:
        self.code = code
        self.snapshot = snapshot
        self.reads = reads
        self._by_shown_path = names

    async def read(self, commit: Sha, asked: str) -> Source:
        """A text file of one of the two commits. Raises ToolRefused, which says what stands at the path instead."""
        candidates = self._candidates(asked)
        with git_answering():
            blobs = await self.code.blobs(commit, candidates, max_bytes=MAX_FILE_BYTES)
        for path in candidates:
            if path in blobs:
                return await Source.reading(path, self._text_bytes(path, blobs[path]))
        raise ToolRefused(f"{shown_path(candidates[0])!r} {await self._why_absent(commit, candidates[0])}")

    async def list(self, asked: str) -> tuple[TreeEntry, ...]:
        """What stands in a directory of the head. Raises ToolRefused."""
        directory = asked.removesuffix("/") if asked != "/" else asked
        if directory and (problem := _problem(directory)):
            raise ToolRefused(f'the path {shown_path(asked)!r} {problem}; the root is ""')
        with git_answering():
            listed = await self.code.listing(self.snapshot.head, directory)
        if listed is None:
            raise ToolRefused(f"{shown_path(directory)!r} is no directory of the head")
        return listed

    def _candidates(self, asked: str) -> tuple[str, ...]:
        """The path as it is, and the changed entry of which a prompt shows it. A path in the tree comes first."""
        problem = _problem(asked)
        found = [] if problem else [asked]
        changed = self._by_shown_path.get(asked, asked)
        if changed != asked and not any(is_dot_git(part) for part in changed.split("/")):
            found.append(changed)
        if not found:
            raise ToolRefused(f"the path {shown_path(asked)!r} {problem}: give a path from the repository's root")
        return tuple(found)

    def _text_bytes(self, path: str, blob: Blob) -> bytes:
        name = shown_path(path)
        if blob.kind is Kind.SYMLINK:
            target = blob.text_bytes[:_TARGET].decode("utf-8", "replace")
            raise ToolRefused(f"{name!r} is a symbolic link to {target!r}; links are not followed")
        if blob.truncated:
            raise ToolRefused(f"{name!r} is too large: {blob.size:,} bytes, and at most {MAX_FILE_BYTES:,} are read")
        if is_binary(blob):
            raise ToolRefused(f"{name!r} is binary, with {blob.size:,} bytes")
        return blob.text_bytes

    async def _why_absent(self, commit: Sha, path: str) -> str:
        where = "head" if commit == self.snapshot.head else "merge base"
        with git_answering():
            if await self.code.listing(commit, path) is not None:
                return f"is a directory at the {where}"
            beside = await self.code.listing(commit, path.rpartition("/")[0])
        if any(entry.path == path and not entry.is_directory for entry in beside or ()):
            return "is a submodule: its files are in another repository"
        for entry in self.snapshot.entries:
            if entry.path == path and entry.new is None and commit == self.snapshot.head:
                return "is deleted by this change: base_version has what it was"
        return f"is no file of the {where}"


def is_binary(blob: Blob) -> bool:
    """As git tells it."""
    return b"\0" in blob.text_bytes[:_BINARY_WITHIN]


def cut_line(line: str, most: int = MAX_LINE_CHARACTERS) -> str:
    """The beginning of a line that is too long to be shown."""
    return line if len(line) <= most else f"{line[:most]} [... {len(line) - most:,} more characters]"


@contextmanager
def git_answering() -> Iterator[None]:
    """What git cannot answer is refused. Its own words stay here: they may name a place on this machine."""
    try:
        yield
    except GitFailed as failed:
        raise ToolRefused("git could not answer that; ask for less, or go on without it") from failed


def _problem(path: str) -> str | None:
    if path.casefold().startswith("file:"):
        return "is a URL"
    return problem_with(path)
