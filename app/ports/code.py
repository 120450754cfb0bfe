"""The files of commits, for tools that look around: all of it read from git objects, nothing from a work tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from app.domain.code import BlameLine, SearchLimits, SearchResult
from app.domain.objects import Blob
from app.domain.patches import TreeEntry
from app.domain.pull_request import Sha
from app.domain.rules import Pattern
from app.domain.symbols import Symbol

PatternCompiler = Callable[[str], Pattern]
"""A regular expression -> what finds it in linear time; raises ValueError, which says what is wrong."""


class Code(Protocol):
    """What can be asked of a commit. Raises GitFailed."""

    async def blobs(self, commit: Sha, paths: tuple[str, ...], *, max_bytes: int) -> dict[str, Blob]:
        """The files among `paths` that exist at `commit`; what is a directory or a submodule is left out."""
        ...

    async def listing(self, commit: Sha, directory: str) -> tuple[TreeEntry, ...] | None:
        """What stands directly in a directory ("" is the root), sorted by path; None when it is none.

        Paths are whole, from the root. Directories are included: `TreeEntry.is_directory` tells them apart.
        """
        ...

    async def search(self, commit: Sha, pattern: Pattern, *, glob: str, limits: SearchLimits) -> SearchResult:
        """The lines of text files whose path fits `glob` ("" is every path) in which the pattern is found.

        A file with a NUL among its first 8,000 bytes is no text. Raises ValueError for a glob that is malformed.
        """
        ...

    async def blame(self, commit: Sha, path: str, *, start_line: int, end_line: int) -> tuple[BlameLine, ...]:
        """Who wrote the lines of a file. Raises GitFailed also where there is no such file or line."""
        ...


class Parser(Protocol):
    """Reads source text. None means: no grammar for this path, too large, or it took too long; search text instead."""

    async def outline(self, path: str, text: str) -> tuple[Symbol, ...] | None:
        """The named things in a file, by line."""
        ...

    async def mentions(self, path: str, text: str, name: str) -> tuple[int, ...] | None:
        """The lines on which the identifier stands in code, not in comments or strings."""
        ...


class Structural(Protocol):
    """Finds shapes of code. A rule is an ast-grep rule object, such as `{"pattern": "eval($X)"}`."""

    async def structural(
        self, path: str, text: str, rules: tuple[tuple[str, Mapping[str, object]], ...]
    ) -> tuple[tuple[str, int], ...] | None:
        """Rule id and line for all that the rules describe; None as `Parser` answers it, and then nobody looked.

        The rules are for the language of the path: `check_structural` took them.
        """
        ...

    async def check_structural(self, language: str, rule: Mapping[str, object]) -> None:
        """Raises ValueError, with a reason fit for the author of the rule, when it is none for this language."""
        ...
