r"""Patterns of CODEOWNERS as one tree, so that a file of 50,000 lines is not tried line by line.

docs        an entry of that name anywhere, and everything below it
/docs       at the root only; so is each pattern with a slash before its end
docs/       everything below a directory of that name
docs/*      the entries of docs, nothing below them
*  ?        any run of characters, or one, inside one segment
**          alone between slashes: any number of segments
\           takes the meaning of the next character away
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"[*?\\\[\]]")
_ANY = "\0"
"""Stands for `?` in the parts of a wildcard: no path has a NUL."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A segment with `*` or `?`: the texts between the stars."""

    parts: tuple[str, ...]

    def matches(self, name: str) -> bool:
        """The first place at which a part fits leaves the most room for the rest, so nothing is tried again."""
        first, *rest = self.parts
        if not rest:
            return len(name) == len(first) and _fits(first, name, 0)
        if len(first) > len(name) or not _fits(first, name, 0):
            return False
        *middle, last = rest
        at = len(first)
        for part in middle:
            at = _find(part, name, at)
            if at == -1:
                return False
            at += len(part)
        return len(name) - len(last) >= at and _fits(last, name, len(name) - len(last))


class Deep:
    """`**`: any number of segments."""


Segment = str | Wildcard | Deep


@dataclass(frozen=True, slots=True)
class Pattern:
    """`below`: everything below what the segments name is meant; `itself`: what they name is."""

    segments: tuple[Segment, ...]
    itself: bool
    below: bool


class _Node:
    """Without a dictionary where it has no children: a large file makes very many leaves."""

    __slots__ = ("below", "deep", "is_deep", "itself", "literals", "wildcards")

    def __init__(self, *, is_deep: bool = False) -> None:
        self.literals: dict[str, _Node] | None = None
        self.wildcards: dict[Wildcard, _Node] | None = None
        self.deep: _Node | None = None
        self.is_deep = is_deep
        self.itself = -1
        self.below = -1

    def child(self, segment: Segment) -> _Node:
        if isinstance(segment, str):
            self.literals = {} if self.literals is None else self.literals
            return self.literals.setdefault(segment, _Node())
        if isinstance(segment, Wildcard):
            self.wildcards = {} if self.wildcards is None else self.wildcards
            return self.wildcards.setdefault(segment, _Node())
        if self.is_deep:
            return self
        if self.deep is None:
            self.deep = _Node(is_deep=True)
        return self.deep

    def after(self, name: str) -> list[_Node]:
        """The nodes reached by one segment of a path."""
        reached = [self] if self.is_deep else []
        literal = self.literals.get(name) if self.literals else None
        if literal is not None:
            reached.append(literal)
        if self.wildcards:
            reached += [node for wildcard, node in self.wildcards.items() if wildcard.matches(name)]
        return reached


class PatternTree:
    """Patterns with numbers, of which the greatest that fits a path is wanted."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, pattern: Pattern, number: int) -> None:
        """Numbers are given in ascending order."""
        node = self._root
        for segment in pattern.segments:
            node = node.child(segment)
        if pattern.itself:
            node.itself = number
        if pattern.below:
            node.below = number

    def last_match(self, path: str, *, directory_too: bool = False) -> int | None:
        """The number of the last pattern that fits. With `directory_too`, `dir/` fits an entry `dir` as well."""
        best = -1
        names = path.split("/")
        states = _with_deep([self._root])
        for left, name in zip(range(len(names) - 1, -1, -1), names, strict=True):
            states = _with_deep([node for state in states for node in state.after(name)])
            for state in states:
                if left or directory_too:
                    best = max(best, state.below)
                if not left:
                    best = max(best, state.itself)
        return best if best >= 0 else None


def parse_pattern(text: str) -> Pattern:
    """Raises ValueError with the reason, fit for the author of the pattern."""
    if text.startswith("!"):
        raise ValueError("a pattern cannot be negated with !")
    if text.startswith("\\#"):
        raise ValueError("a pattern cannot begin with an escaped #")
    if "\0" in text:
        raise ValueError("a pattern has no NUL")
    segments = [_segment(segment) for segment in text.split("/")]
    if segments[0] == "":
        segments = segments[1:]
    elif len([segment for segment in segments if segment != ""]) == 1 and not isinstance(segments[0], Deep):
        segments = [Deep(), *segments]
    if not any(segment != "" for segment in segments):
        raise ValueError("a pattern names at least one file or directory")
    directory = segments[-1] == "" or (isinstance(segments[-1], Deep) and len(segments) > 1)
    named = segments[:-1] if directory else segments
    last = named[-1]
    entries_only = isinstance(last, Wildcard) and last.parts == ("", "") and not directory
    return Pattern(tuple(named), itself=not directory, below=not entries_only)


def _segment(text: str) -> Segment:
    if text == "**":
        return Deep()
    if "***" in text:
        raise ValueError("a pattern has no more than two * in a row")
    if not _SPECIAL.search(text):
        return text
    parts = [""]
    wild = False
    characters = iter(text)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "\\")
        elif character in "[]":
            raise ValueError("a pattern has no ranges in [ ]")
        elif character == "*":
            wild = True
            parts.append("")
        else:
            wild = wild or character == "?"
            parts[-1] += _ANY if character == "?" else character
    return Wildcard(tuple(parts)) if wild else parts[0]


def _with_deep(nodes: list[_Node]) -> list[_Node]:
    """With those reached by a `**` that takes no segment; each once."""
    deep = [node.deep for node in nodes if node.deep is not None]
    return list({id(node): node for node in (*nodes, *deep)}.values())


def _find(part: str, name: str, start: int) -> int:
    if _ANY not in part:
        return name.find(part, start)
    return next((at for at in range(start, len(name) - len(part) + 1) if _fits(part, name, at)), -1)


def _fits(part: str, name: str, at: int) -> bool:
    if _ANY not in part:
        return name.startswith(part, at)
    return all(mine in (_ANY, its) for mine, its in zip(part, name[at : at + len(part)], strict=True))
