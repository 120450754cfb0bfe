"""Where a finding stands in the code, in terms that survive moved lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain.symbols import Symbol

NEIGHBOURS = 3
_MAX_TEXT = 300
_SAYS_LITTLE = 12
"""A line of fewer characters, such as `else:`, stands in many places: it needs a neighbour to be known again."""
_NEAREST, _ORDINAL = 3, 2
_MOST_EQUAL = 400
"""Of more equal lines only those near the one that it was are compared by what stands around them."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line by what is in and around it: lines are compared with their white space folded."""

    symbol: str
    """The qualified name of the function or class around it; empty at the top of a file or without a parser."""
    text: str
    ordinal: int
    """Which of the equal lines within the symbol it is, from 0."""
    before: tuple[str, ...]
    """Up to three lines above, nearest first; blank ones are left out."""
    after: tuple[str, ...]


_OUTSIDE = "\x00outside"
"""The text of an anchor on a line that the file does not have, as that of a finding about a deletion has none. Then
`ordinal` is the line.
"""


def anchor_of(lines: Sequence[str], symbols: tuple[Symbol, ...], line: int) -> Anchor:
    """The anchor of a line, from 1. `lines` is the whole file, empty for one that is gone; `symbols` is empty without a
    parser.
    """
    if not 1 <= line <= len(lines):
        return Anchor("", _OUTSIDE, line, (), ())
    text = folded(lines[line - 1])
    owner = _owners(len(lines), symbols)
    return Anchor(owner[line - 1], text, _ordinals(tuple(lines), symbols, text)[line], *_around(lines, line))


def locate(anchor: Anchor, lines: Sequence[str], symbols: tuple[Symbol, ...]) -> int | None:
    """The line, from 1, on which the anchor stands now, or None when it is gone.

    Equal lines in the same symbol come first, then those elsewhere in the file; of several, that with the most
    neighbours in common and the same ordinal. Where the symbol still stands but has the line no more, or the line says
    little, an equal line elsewhere must have a neighbour in common.
    """
    if anchor.text == _OUTSIDE:
        return anchor.ordinal if anchor.ordinal > len(lines) else None
    found = list(_equal(lines, anchor.text))
    owner = _owners(len(lines), symbols)
    inside = [line for line in found if owner[line - 1] == anchor.symbol]
    if inside and (anchor.symbol or not _says_little(anchor)):
        return _best(anchor, lines, inside)
    few = [found[place] for place in _near(anchor, len(found))]
    related = [line for line in few if neighbours_shared(anchor, lines, line)]
    if related:
        return _best(anchor, lines, related)
    moved_away = bool(anchor.symbol) and anchor.symbol in owner
    return found[0] if len(found) == 1 and not moved_away and not _says_little(anchor) else None


def neighbours_shared(anchor: Anchor, lines: Sequence[str], line: int) -> int:
    """How many neighbours of the anchor stand around a line, the nearest counting thrice. 0 is none."""
    before, after = _around(lines, line)
    pairs = ((anchor.before, before), (anchor.after, after))
    return sum(_NEAREST - place for known, now in pairs for place, text in enumerate(known) if text in now)


def same_surroundings(anchor: Anchor, lines: Sequence[str], line: int) -> bool:
    """Whether the line and the lines around it are what they were: three on either side, blank ones left out."""
    if anchor.text == _OUTSIDE:
        return True
    return folded(lines[line - 1]) == anchor.text and _around(lines, line) == (anchor.before, anchor.after)


def finding_id(rule: str, path: str, anchor: Anchor) -> str:
    """A short id: `F` and nine characters. The rule, the path and the anchored line decide it, not the words, and not
    the lines around it.
    """
    material = json.dumps([rule, path, anchor.symbol, anchor.text, anchor.ordinal]).encode("ascii")
    return "F" + hashlib.sha256(material).hexdigest()[:9]


def folded(text: str) -> str:
    """A line with its white space folded; of a very long one the beginning and a digest of all."""
    return _bounded(" ".join(text.split()))


def symbol_at(lines: Sequence[str], symbols: tuple[Symbol, ...], line: int) -> str:
    """The name that an anchor on this line has as its symbol; empty for a line that is not there."""
    return _owners(len(lines), symbols)[line - 1] if 1 <= line <= len(lines) else ""


def _bounded(text: str) -> str:
    if len(text) <= _MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[:_MAX_TEXT]}... sha256:{digest}"


def _equal(lines: Sequence[str], text: str) -> Iterator[int]:
    """The numbers of the lines with this folded text. Folding every line of a large file for every finding is slow, so
    that only those are folded that have its longest and its last word.
    """
    words = text[:_MAX_TEXT].split(" ")
    longest, last = max(words, key=len), words[-1]
    likely = (number for number, line in enumerate(lines, 1) if last in line and longest in line)
    return (number for number in likely if folded(lines[number - 1]) == text)


@lru_cache(maxsize=4)  # many findings stand in one file
def _owners(count: int, symbols: tuple[Symbol, ...]) -> tuple[str, ...]:
    """For each line the name of the innermost symbol, as `symbols.enclosing` tells it: the widest are laid out first,
    narrower ones over them.
    """
    owner = [""] * count
    for symbol in sorted(symbols, key=lambda s: (s.start_line - s.end_line, s.start_line)):
        start, end = max(symbol.start_line, 1), min(symbol.end_line, count)
        if start <= end:
            owner[start - 1 : end] = [_bounded(symbol.name)] * (end - start + 1)
    return tuple(owner)


@lru_cache(maxsize=4)  # many findings may stand on equal lines
def _ordinals(lines: tuple[str, ...], symbols: tuple[Symbol, ...], text: str) -> Mapping[int, int]:
    """For each line with this folded text, which of them it is within its symbol, from 0."""
    owner = _owners(len(lines), symbols)
    seen: dict[str, int] = {}
    ordinals: dict[int, int] = {}
    for line in _equal(lines, text):
        ordinals[line] = seen.get(owner[line - 1], 0)
        seen[owner[line - 1]] = ordinals[line] + 1
    return ordinals


def _around(lines: Sequence[str], line: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not 1 <= line <= len(lines):
        return (), ()
    before = _first_texts(lines[number] for number in range(line - 2, -1, -1))
    return before, _first_texts(lines[number] for number in range(line, len(lines)))


def _first_texts(lines: Iterator[str]) -> tuple[str, ...]:
    found: list[str] = []
    for text in lines:
        if text.strip():
            found.append(folded(text))
            if len(found) == NEIGHBOURS:
                break
    return tuple(found)


def _best(anchor: Anchor, lines: Sequence[str], numbers: list[int]) -> int:
    """Neighbours count most, so that an equal line put above does not take the place; then the ordinal, which tells
    copies with equal neighbours apart; then the first.
    """

    def score(place: int) -> tuple[int, int]:
        shared = neighbours_shared(anchor, lines, numbers[place])
        return shared + (_ORDINAL if place == anchor.ordinal else 0), -place

    return numbers[max(_near(anchor, len(numbers)), key=score)]


def _near(anchor: Anchor, count: int) -> range:
    """Places among so many equal lines."""
    first = max(0, min(anchor.ordinal - _MOST_EQUAL // 2, count - _MOST_EQUAL))
    return range(first, min(first + _MOST_EQUAL, count))


def _says_little(anchor: Anchor) -> bool:
    """Not where the anchor has no neighbours at all: then it is known by its text alone."""
    return len(anchor.text) < _SAYS_LITTLE and bool(anchor.before or anchor.after)
