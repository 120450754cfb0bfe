"""Review rules as values: what to look for, where, and how to see it without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.domain.severity import Severity
from app.domain.tiers import Tier

WINDOW_CHARACTERS = 2_000
OVERLAP_CHARACTERS = 500


class Pattern(Protocol):
    """A compiled regular expression that answers in linear time."""

    def found_in(self, text: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Example:
    """A snippet as it would stand in a changed file at `path`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Detector:
    """Decides on one added line without a model: any `match`, and no `unless`.

    A line longer than a window is looked at in windows that overlap, each decided by itself. So nothing is
    hidden behind a cap, and an `unless` at one end of a minified file does not excuse the other end.
    """

    match: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()

    def hits(self, line: str) -> bool:
        return any(self._window_hits(window) for window in _windows(line))

    def _window_hits(self, text: str) -> bool:
        return any(p.found_in(text) for p in self.match) and not any(p.found_in(text) for p in self.unless)


@dataclass(frozen=True, slots=True)
class StructuralPattern:
    """What to look for in the syntax tree of a file. A node that fits is reported on the line it begins on."""

    language: str
    """The grammar, as ast-grep calls it (see `domain.grammars`): the pattern counts for files of this grammar only."""
    rule: Mapping[str, object]
    """One rule object of ast-grep, checked when it was read: <https://ast-grep.github.io/reference/rule.html>."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `pack/name`, its words for people, its prose for the model, where it applies."""

    id: str
    title: str
    severity: Severity
    globs: tuple[str, ...]
    """Paths it applies to; empty means every path."""
    prose: str
    """For the model: what to flag, what not to flag, why."""
    fix: str
    """One sentence for people: what to do instead."""
    detector: Detector | None
    must_hit: tuple[Example, ...]
    must_not: tuple[Example, ...]
    structural: tuple[StructuralPattern, ...] = ()
    """Seen in syntax trees, where a parser is installed; one for each grammar."""
    tier: Tier = Tier.STANDARD
    """The least tier in which the model is told the prose. Detectors run in every tier."""
    sha256: str = ""
    """Of the file that it was read from, in hexadecimal."""

    @property
    def pack(self) -> str:
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """The rules that could be read, and one line for each thing that is wrong with the others."""

    rules: tuple[Rule, ...]
    problems: tuple[str, ...]


def _windows(line: str) -> Iterator[str]:
    """Whatever is no longer than the overlap stands whole in one of them."""
    yield line[:WINDOW_CHARACTERS]
    step = WINDOW_CHARACTERS - OVERLAP_CHARACTERS
    for start in range(step, len(line) - OVERLAP_CHARACTERS, step):
        yield line[start : start + WINDOW_CHARACTERS]
