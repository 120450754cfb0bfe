"""Who owns a path by the repository's CODEOWNERS file, as GitHub reads it.

The rules are those of https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/\
customizing-your-repository/about-code-owners: patterns as in .gitignore, of which the last that fits decides; one
without owners says that nobody owns the path; a line that is not understood is skipped. What that page leaves open:
`#` begins a comment at the start of a line and after white space, and `***` is not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.globs import fold, loosest
from app.domain.owner_patterns import PatternTree, parse_pattern

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks; the first of these that exists in the base commit is the file."""

MAX_BYTES = 3 * 1024 * 1024
"""GitHub does not load a file that is not smaller."""

MAX_SKIPPED = 100
"""More lines that are not understood are not listed."""

_TOKEN = re.compile(r"(?:\\.?|[^ \t\r\f\v\\])+")
_USER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_TEAM = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class OwnerKind(StrEnum):
    USER = "user"
    TEAM = "team"
    EMAIL = "e-mail"


@dataclass(frozen=True, slots=True)
class Owner:
    """`name` is a login, `organisation/team`, or an e-mail address, as written but without the leading @."""

    kind: OwnerKind
    name: str

    def __str__(self) -> str:
        return self.name if self.kind is OwnerKind.EMAIL else f"@{self.name}"

    @staticmethod
    def parse(text: str) -> Owner:
        """ValueError for what is neither `@user`, `@organisation/team` nor an e-mail address."""
        if _USER.fullmatch(text):
            return Owner(OwnerKind.USER, text[1:])
        if _TEAM.fullmatch(text):
            return Owner(OwnerKind.TEAM, text[1:])
        if _EMAIL.fullmatch(text):
            return Owner(OwnerKind.EMAIL, text)
        raise ValueError(f"an owner is @user, @organisation/team or an e-mail address, not {text!r}")


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line, counted from 1, that has no effect, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Codeowners:
    """A file that was read. Asking for owners costs about as much as the path is deep, and more for each wildcard."""

    skipped: tuple[SkippedLine, ...] = ()
    _owners: tuple[tuple[Owner, ...], ...] = field(default=(), repr=False)
    """By the number of the rule."""
    _exact: PatternTree = field(default_factory=PatternTree, repr=False, compare=False)
    _folded: PatternTree = field(default_factory=PatternTree, repr=False, compare=False)

    def owners_of(self, path: str) -> tuple[Owner, ...]:
        """As GitHub says: upper and lower case told apart, and `dir/` is not the entry `dir` itself."""
        return self._of(self._exact.last_match(path))

    def owners_of_lookalike(self, path: str) -> tuple[Owner, ...]:
        """Owners by the loosest reading: what some file system takes for the same path, and a link or submodule `dir`
        that stands where `dir/` is owned.
        """
        seen = (self._folded.last_match(one, directory_too=True) for one in (fold(path), loosest(path)))
        return self._of(max((rule for rule in seen if rule is not None), default=None))

    def _of(self, rule: int | None) -> tuple[Owner, ...]:
        return () if rule is None else self._owners[rule]


TOO_LARGE = Codeowners((SkippedLine(1, "the file is not smaller than 3 MB, so GitHub and the gate ignore it"),))
"""A file of `MAX_BYTES` or more: nobody owns anything by it."""


def parse_codeowners(data: bytes) -> Codeowners:
    """Reads the bytes of the file. It never fails: what is not understood stands in `skipped`."""
    if len(data) >= MAX_BYTES:
        return TOO_LARGE
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    exact, folded = PatternTree(), PatternTree()
    owners: list[tuple[Owner, ...]] = []
    skipped: list[SkippedLine] = []
    for number, line in enumerate(text.split("\n"), 1):
        pattern, *names = _tokens(line) or [""]
        if not pattern:
            continue
        try:
            rule = tuple(dict.fromkeys(Owner.parse(name) for name in names))
            parsed, loose = parse_pattern(pattern), fold(pattern)
            exact.add(parsed, len(owners))
            folded.add(parsed if loose == pattern else parse_pattern(loose), len(owners))
        except ValueError as problem:
            skipped.append(SkippedLine(number, str(problem)))
        else:
            owners.append(rule)
    return Codeowners(tuple(skipped[:MAX_SKIPPED]), tuple(owners), exact, folded)


def _tokens(line: str) -> list[str]:
    tokens: list[str] = []
    for match in _TOKEN.finditer(line):
        if match[0].startswith("#"):
            break
        tokens.append(match[0])
    return tokens
