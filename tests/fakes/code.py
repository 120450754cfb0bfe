"""The files of commits in memory, for tools that read them, and a parser that knows Python's `def`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.blobs import blob_id
from app.domain.code import BlameLine, SearchHit, SearchLimits, SearchResult
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.globs import Glob
from app.domain.objects import Blob
from app.domain.patches import TreeEntry
from app.domain.pull_request import Sha
from app.domain.rules import Pattern
from app.domain.symbols import Symbol

AUTHOR_DAY = "2026-11-20"


@dataclass(frozen=True, slots=True)
class File:
    """What stands at a path; of a link, `data` is the target."""

    data: bytes
    mode: str = "100644"

    @staticmethod
    def link(target: str) -> File:
        return File(target.encode(), "120000")

    @staticmethod
    def submodule() -> File:
        return File(b"", "160000")

    @property
    def kind(self) -> Kind:
        return Kind.of_mode(self.mode)


@dataclass(slots=True)
class MemoryCode:
    """Implements `ports.Code`. With `broken`, git fails whatever it is asked."""

    commits: Mapping[Sha, Mapping[str, File]]
    broken: bool = False
    globs: list[str] = field(default_factory=list)
    """Of every search so far."""

    async def blobs(self, commit: Sha, paths: tuple[str, ...], *, max_bytes: int) -> dict[str, Blob]:
        files = self._files(commit)
        return {
            path: Blob(file.data[:max_bytes], len(file.data), truncated=len(file.data) > max_bytes, kind=file.kind)
            for path in paths
            if (file := files.get(path)) and file.kind is not Kind.SUBMODULE
        }

    async def listing(self, commit: Sha, directory: str) -> tuple[TreeEntry, ...] | None:
        prefix = f"{directory}/" if directory else ""
        found: dict[str, TreeEntry] = {}
        for path, file in self._files(commit).items():
            if not path.startswith(prefix):
                continue
            name, slash, _ = path.removeprefix(prefix).partition("/")
            size = 0 if slash or file.kind is Kind.SUBMODULE else len(file.data)
            mode = "040000" if slash else file.mode
            found[name] = TreeEntry(prefix + name, mode, blob_id(file.data), size)
        return tuple(found[name] for name in sorted(found)) if found or not directory else None

    async def search(self, commit: Sha, pattern: Pattern, *, glob: str, limits: SearchLimits) -> SearchResult:
        """Text files only, as git tells them; of the limits those on hits and on the size of a file."""
        self.globs.append(glob)
        hits: list[SearchHit] = []
        wanted = Glob.parse(glob) if glob else None
        files = {path: file for path, file in self._files(commit).items() if wanted is None or wanted.matches(path)}
        plain = {path: file for path, file in files.items() if file.kind in {Kind.FILE, Kind.EXECUTABLE}}
        small = {path: file.data for path, file in plain.items() if len(file.data) <= limits.file_bytes}
        cut = (
            [f"files over {limits.file_bytes} bytes were not searched: {left}"]
            if (left := len(plain) - len(small))
            else []
        )
        more_in = 0
        for path, data in sorted(small.items()):
            rows = [] if b"\0" in data[:8_000] else data.decode("utf-8", "replace").split("\n")
            fit = [SearchHit(path, n, row) for n, row in enumerate(rows, 1) if pattern.found_in(row)]
            shown = fit[: limits.hits_per_file]
            more_in += len(fit) > len(shown)
            if len(hits) + len(shown) > limits.hits:
                cut.append(f"only the first {limits.hits} hits are shown; ask for less at once")
                hits += shown[: limits.hits - len(hits)]
                break
            hits += shown
        if more_in:
            cut.append(f"of {more_in} files only the first {limits.hits_per_file} hits are shown")
        return SearchResult(tuple(hits), len(small), "; ".join(cut))

    async def blame(self, commit: Sha, path: str, *, start_line: int, end_line: int) -> tuple[BlameLine, ...]:
        rows = self._files(commit)[path].data.decode().split("\n")
        return tuple(
            BlameLine(n, commit, AUTHOR_DAY, f"Write line {n}", rows[n - 1]) for n in range(start_line, end_line + 1)
        )

    def _files(self, commit: Sha) -> Mapping[str, File]:
        if self.broken:
            raise GitFailed("git ls-tree of /srv/mirrors/22.git ended with 128")
        return self.commits[commit]


class DefParser:
    """Implements `ports.Parser` for `.py`: a symbol is a line with `def`, a comment is what follows `#`."""

    async def outline(self, path: str, text: str) -> tuple[Symbol, ...] | None:
        if not path.endswith(".py"):
            return None
        rows = enumerate(text.split("\n"), 1)
        return tuple(
            Symbol(found[1], "function", n, n + 1) for n, row in rows if (found := re.search(r"def (\w+)", row))
        )

    async def mentions(self, path: str, text: str, name: str) -> tuple[int, ...] | None:
        if not path.endswith(".py"):
            return None
        rows = enumerate(text.split("\n"), 1)
        return tuple(n for n, row in rows if re.search(rf"\b{name}\b", row.partition("#")[0]))
