"""Matches what a review found with what earlier reviews found: nothing open is said twice, nothing dismissed comes back
while its code stays, nothing is called fixed while its line stands.

Every new finding and every known one ends in exactly one class of `Matched`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from app.domain.anchors import Anchor, anchor_of, same_surroundings
from app.domain.findings import Evidence, Finding, Location
from app.domain.likeness import likeness, on_one_line, similar
from app.domain.memory import FindingState, KnownFinding
from app.domain.report import Standing
from app.domain.whereabouts import Head, Place, place_of


@dataclass(frozen=True, slots=True)
class Kept:
    """A known finding as it is to be remembered now: under its old id, with its place and anchor of now."""

    known: KnownFinding
    standing: Standing


@dataclass(frozen=True, slots=True)
class Told:
    """A new finding that need not be told, and the id of the known one that it repeats."""

    finding: Finding
    id: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A finding that no earlier review told, with the anchor to remember it by."""

    finding: Finding
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Matched:
    # Of the new findings; each that is the same as a known one is in `same` or `returned` under the known one's id.
    new: tuple[Fresh, ...]
    same: tuple[Kept, ...]
    """Open ones found again. The words are the new ones, the severity is the worse of both."""
    returned: tuple[Kept, ...]
    """Fixed ones whose line is back, and dismissed ones whose code has changed, found again: open once more."""
    left_out: tuple[Told, ...]
    """The same as one that was dismissed and whose code is as it was."""
    restated: tuple[Told, ...]
    """A second wording of one in `same` or `returned`."""
    # Of the known findings, besides those in `same` and `returned`.
    unconfirmed: tuple[Kept, ...]
    """Open ones whose line stands but that were not found again: to be asked about, or carried."""
    fixed: tuple[KnownFinding, ...]
    """Open ones whose line is gone or changed, and nothing new is the same. As they were: `fixed_by` is to be added."""
    closed: tuple[KnownFinding, ...]
    """Fixed or dismissed before, and still so."""


def match(known: Sequence[KnownFinding], found: Sequence[Finding], *, head: Head, added: Iterable[str] = ()) -> Matched:
    """`head` answers for the paths of all findings and of `added`, the entries that the change adds."""
    head, added = cache(head), tuple(added)
    places = [place_of(one, head, added) for one in known]
    fresh = [Fresh(one, _anchor(head, one.location.path, one.location.end_line)) for one in found]
    pairs = _pairs(known, places, fresh, head)
    first: dict[int, int] = {}
    taken: dict[int, int] = {}
    for _, _, i, j in pairs:
        if i not in first and j not in taken:
            first[i], taken[j] = j, i
    second = _second_wordings(known, found, pairs, taken)
    quiet = {j for j in taken if _as_dismissed(known[j], places[j], head)}
    told = {i: j for i, j in (first | second).items() if j in quiet}
    kept = {j: _found_again(known[j], fresh[i]) for j, i in taken.items() if j not in quiet}
    rest = [j for j in range(len(known)) if j not in kept]
    open_still = [(known[j], places[j]) for j in rest if known[j].state is FindingState.OPEN]
    unseen = [one for i, one in enumerate(fresh) if i not in first and i not in second]
    return Matched(
        new=_with_free_ids(unseen, frozenset(one.finding.id for one in known)),
        same=tuple(kept[j] for j in sorted(kept) if known[j].state is FindingState.OPEN),
        returned=tuple(kept[j] for j in sorted(kept) if known[j].state is not FindingState.OPEN),
        left_out=tuple(Told(found[i], known[told[i]].finding.id) for i in sorted(told)),
        restated=tuple(Told(found[i], known[second[i]].finding.id) for i in sorted(second) if i not in told),
        unconfirmed=tuple(_not_found_again(one, place, head) for one, place in open_still if place is not None),
        fixed=tuple(one for one, place in open_still if place is None),
        closed=tuple(known[j] for j in rest if known[j].state is not FindingState.OPEN),
    )


def _pairs(
    known: Sequence[KnownFinding], places: Sequence[Place | None], fresh: Sequence[Fresh], head: Head
) -> list[tuple[int, int, int, int]]:
    """(rank, lines between, place of the new one, place of the known one), the most alike first. Only what is in one
    file can be alike.
    """
    by_path: dict[str, list[int]] = {}
    for j, (other, place) in enumerate(zip(known, places, strict=True)):
        by_path.setdefault(other.finding.location.path if place is None else place.path, []).append(j)
    pairs: list[tuple[int, int, int, int]] = []
    for i, one in enumerate(fresh):
        lines, _ = head(one.finding.location.path) or ((), ())
        for j in by_path.get(one.finding.location.path, ()):
            other, place = known[j], places[j]
            rank = likeness(other, place, one.finding, anchor=one.anchor, lines=lines)
            if rank is not None:
                between = 0 if place is None else abs(place.line - one.finding.location.end_line)
                pairs.append((rank, between, i, j))
    return sorted(pairs)


def _second_wordings(
    known: Sequence[KnownFinding],
    found: Sequence[Finding],
    pairs: Sequence[tuple[int, int, int, int]],
    taken: Mapping[int, int],
) -> dict[int, int]:
    """New findings that are alike to a known one which another new one stands for already. What only stands near it, or
    on its line, is another defect, unless its title or its rule says the same; a static rule knows which line it means.
    """
    first, second = set(taken.values()), dict[int, int]()
    for rank, _, i, j in pairs:
        if i in first or i in second:
            continue
        alike = found[i].evidence is not Evidence.STATIC and similar(known[j].finding.title, found[i].title)
        if alike or (on_one_line(rank) and bool(found[i].rule) and found[i].rule == known[j].finding.rule):
            second[i] = j
    return second


def _as_dismissed(known: KnownFinding, place: Place | None, head: Head) -> bool:
    if known.state is not FindingState.DISMISSED or place is None:
        return False
    lines, _ = head(place.path) or ((), ())
    return same_surroundings(known.anchor, lines, place.line)


def _found_again(known: KnownFinding, fresh: Fresh) -> Kept:
    new, old = fresh.finding, known.finding
    worse = new.severity if new.severity.at_least(old.severity) else old.severity
    severity = worse if known.state is FindingState.OPEN else new.severity
    kept = replace(
        known,
        finding=replace(new, id=old.id, severity=severity),
        anchor=fresh.anchor,
        state=FindingState.OPEN,
        fixed_by=None,
        dismissed_by=None,
    )
    return Kept(kept, _standing(old.location, new.location))


def _not_found_again(known: KnownFinding, place: Place, head: Head) -> Kept:
    """As it was told, on its lines of now. Its suggestion was made for other lines where it moved."""
    old = known.finding
    first = max(1, place.line - (old.location.end_line - old.location.start_line))
    now = Location(place.path, first, place.line)
    standing = _standing(old.location, now)
    suggestion = old.suggestion if standing is Standing.STILL_THERE else None
    finding = replace(old, location=now, suggestion=suggestion)
    return Kept(replace(known, finding=finding, anchor=_anchor(head, place.path, place.line)), standing)


def _standing(old: Location, now: Location) -> Standing:
    return Standing.STILL_THERE if (old.path, old.end_line) == (now.path, now.end_line) else Standing.MOVED


def _anchor(head: Head, path: str, line: int) -> Anchor:
    lines, symbols = head(path) or ((), ())
    return anchor_of(lines, symbols, line)


def _with_free_ids(fresh: Iterable[Fresh], taken: frozenset[str]) -> tuple[Fresh, ...]:
    """A line that was put above an equal one has the id that the other got: it gets another, the same every time."""
    done: list[Fresh] = []
    used = set(taken)
    for one in fresh:
        id_ = one.finding.id
        while id_ in used:
            id_ = "F" + hashlib.sha256(f"{id_} is taken".encode()).hexdigest()[:9]
        used.add(id_)
        done.append(one if id_ == one.finding.id else replace(one, finding=replace(one.finding, id=id_)))
    return tuple(done)
