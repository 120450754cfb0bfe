"""What can be asked of the files of a commit: what is in a directory, where text stands, who wrote a line."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """What one search may cost."""

    hits: int = 200
    hits_per_file: int = 20
    files: int = 20_000
    """Files that are looked at; of a larger tree the rest is not searched, and the answer says so."""
    bytes: int = 64 * 1024 * 1024
    file_bytes: int = 1024 * 1024
    """A larger file is not searched."""
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One line that fits. `text` is cut when it is very long."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits by path and line. `cut` says in words what was not searched or not shown, and is empty for all of it."""

    hits: tuple[SearchHit, ...]
    files_searched: int
    cut: str


@dataclass(frozen=True, slots=True)
class BlameLine:
    """The commit that wrote a line. `date` is the author's day, `2026-11-21`; `summary` is the author's words."""

    line: int
    commit: Sha
    date: str
    summary: str
    text: str
