"""Where the findings of earlier reviews stand at the head of now, also in files that were renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.domain.anchors import locate, neighbours_shared, symbol_at
from app.domain.memory import KnownFinding
from app.domain.symbols import Symbol

Head: TypeAlias = Callable[[str], tuple[Sequence[str], tuple[Symbol, ...]] | None]
"""A path -> the lines and symbols of the file at the head, or None when it is gone. `get` of a mapping will do."""

MAX_NEW_PATHS = 100
"""So many added files are looked through for what stood in one that is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line at the head, from 1, and the name of the symbol around it."""

    path: str
    line: int
    symbol: str


def place_of(known: KnownFinding, head: Head, added: Iterable[str]) -> Place | None:
    """None when its line is gone. `added` names the entries that the change adds: where the file is gone and its line
    stands with a neighbour in exactly one of them, the file was renamed.
    """
    path = known.finding.location.path
    file = head(path)
    lines, symbols = file or ((), ())
    line = locate(known.anchor, lines, symbols)
    if line is not None:
        return Place(path, line, symbol_at(lines, symbols, line))
    if file is not None:
        return None
    found: list[Place] = []
    for new_path in _likely(path, added):
        lines, symbols = head(new_path) or ((), ())
        line = locate(known.anchor, lines, symbols)
        if line is not None and neighbours_shared(known.anchor, lines, line):
            found.append(Place(new_path, line, symbol_at(lines, symbols, line)))
    return found[0] if len(found) == 1 else None


def _likely(path: str, added: Iterable[str]) -> tuple[str, ...]:
    """Those with the same extension; where they are many, those with the same name; where these are many, none."""
    same_kind = [other for other in added if _extension(other) == _extension(path)]
    if len(same_kind) > MAX_NEW_PATHS:
        same_kind = [other for other in same_kind if _name(other) == _name(path)]
    return tuple(same_kind) if len(same_kind) <= MAX_NEW_PATHS else ()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _extension(path: str) -> str:
    return _name(path).rpartition(".")[2]
