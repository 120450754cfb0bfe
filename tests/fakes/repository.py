"""A repository in memory for use cases that only read: commits are mappings from paths to bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.code import BlameLine, SearchLimits, SearchResult
from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.errors import GitFailed
from app.domain.objects import Blob, Change
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha
from app.domain.rules import Pattern

_MODES = {Kind.FILE: "100644", Kind.EXECUTABLE: "100755", Kind.SYMLINK: "120000"}
_DIRECTORY = "040000"


@dataclass(slots=True)
class FakeRepository:
    """`kinds` has what is no ordinary file. `asked` records the blobs that were asked for, as (commit, paths)."""

    commits: Mapping[Sha, Mapping[str, bytes]]
    ancestor: Sha | None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    asked: list[tuple[Sha, tuple[str, ...]]] = field(default_factory=list)

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        return self.ancestor

    async def changes(self, old: Sha, new: Sha) -> tuple[Change, ...]:
        """Each changed file as one hunk that replaces all of it."""
        before, after = self.commits[old], self.commits[new]
        paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        return tuple(self._change(path, before.get(path), after.get(path)) for path in paths)

    async def blobs(self, commit: Sha, paths: tuple[str, ...], *, max_bytes: int) -> dict[str, Blob]:
        self.asked.append((commit, paths))
        files = self.commits[commit]
        return {
            path: Blob(files[path][:max_bytes], len(files[path]), len(files[path]) > max_bytes, self._kind(path))
            for path in paths
            if path in files
        }

    async def listing(self, commit: Sha, directory: str) -> tuple[TreeEntry, ...] | None:
        above = f"{directory}/" if directory else ""
        below = [path for path in self.commits[commit] if path.startswith(above)]
        names = sorted({path.removeprefix(above).split("/")[0] for path in below})
        found = tuple(self._tree_entry(commit, above + name) for name in names)
        return found or None

    async def search(self, commit: Sha, pattern: Pattern, *, glob: str, limits: SearchLimits) -> SearchResult:
        raise GitFailed("this repository cannot be searched")

    async def blame(self, commit: Sha, path: str, *, start_line: int, end_line: int) -> tuple[BlameLine, ...]:
        raise GitFailed("this repository does not know who wrote what")

    async def last_change(self, old: Sha, new: Sha, path: str) -> Sha | None:
        return None

    def tree(self, commit: Sha) -> FakeTree:
        return FakeTree(commit)

    def _kind(self, path: str) -> Kind:
        return self.kinds.get(path, Kind.FILE)

    def _tree_entry(self, commit: Sha, path: str) -> TreeEntry:
        content = self.commits[commit].get(path)
        mode = _DIRECTORY if content is None else _MODES[self._kind(path)]
        return TreeEntry(path, mode, "e" * 40, len(content or b""))

    def _change(self, path: str, before: bytes | None, after: bytes | None) -> Change:
        side = Side(_MODES[self._kind(path)], "e" * 40, self._kind(path))
        status = Status.ADDED if before is None else Status.DELETED if after is None else Status.MODIFIED
        entry = Entry(path, status, None if before is None else side, None if after is None else side)
        old, new = _lines(before), _lines(after)
        rows = [DiffLine(LineKind.REMOVED, n, None, text) for n, text in enumerate(old, 1)]
        rows += [DiffLine(LineKind.ADDED, None, n, text) for n, text in enumerate(new, 1)]
        return Change(entry, FileDiff((Hunk(1, len(old), 1, len(new), "", tuple(rows)),)), None)


@dataclass(frozen=True, slots=True)
class FakeTree:
    """A tree without files."""

    commit: Sha

    async def entries(self) -> tuple[TreeEntry, ...]:
        return ()

    async def contents(self, entries: Sequence[TreeEntry]) -> AsyncGenerator[Chunk, None]:
        for entry in entries:
            yield Chunk(entry, b"", last=True)


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode().splitlines()
