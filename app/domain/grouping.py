"""Packs the files of a change into groups, one for each pass: every line once in its tier, or the reason why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.domain.objects import Change
from app.domain.sections import Section, sections_of, unreadable
from app.domain.shown import shown_path
from app.domain.tiers import Tier

MAX_CHARACTERS = 60_000
"""Of one group: about 17,000 tokens, which leaves most of a context window for what tools return."""

MAX_GROUPS = 80
"""Of one review, all tiers together: near five million characters, beyond which nobody would pay for it."""

_NAMESAKES = 100
"""Of how many files of one name the nearest is looked for, so that many of one name do not take long."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one pass looks at. `number` counts from 1 to `of` within the tier."""

    number: int
    of: int
    tier: Tier
    sections: tuple[Section, ...]

    @property
    def label(self) -> str:
        """As in `standard 1/2`."""
        return f"{self.tier} {self.number}/{self.of}"

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of which at least a part is here."""
        return tuple(dict.fromkeys(section.path for section in self.sections))


def showing(groups: Sequence[Group], path: str, line: int) -> Group | None:
    """Of the groups that hold a part of the file the one that shows this line of the head; else the first."""
    row = f"\n{line:>6}|"
    there = (one for one in groups if any(row in s.text for s in one.sections if s.path == path))
    return next(there, groups[0] if groups else None)


@dataclass(frozen=True, slots=True)
class Grouped:
    """The groups, the most important tier first, and path -> reason for every file that is in none of them."""

    groups: tuple[Group, ...]
    left_out: Mapping[str, str]


def group(
    changes: Iterable[Change],
    tiers: Mapping[str, Tier],
    *,
    max_characters: int = MAX_CHARACTERS,
    max_groups: int = MAX_GROUPS,
) -> Grouped:
    """Files of the tier `skip` are neither in a group nor left out. The same input gives the same groups."""
    left_out: dict[str, str] = {}
    readable: dict[Tier, list[_File]] = {tier: [] for tier in _ORDER}
    known = tuple(changes)
    names = Counter(shown_path(change.entry.path) for change in known)
    for change in known:
        path, tier = change.entry.path, tiers[change.entry.path]
        if tier is Tier.SKIP:
            continue
        if names[shown_path(path)] > 1:
            left_out[path] = "its name cannot be told from another one's"
        elif (reason := unreadable(change)) or change.diff is None:
            left_out[path] = str(reason)
        elif (sections := sections_of(change, change.diff, max_characters=max_characters)) is None:
            left_out[path] = f"a line of it is over the budget of {max_characters} characters a group"
        else:
            readable[tier].append(_File(path, sections))
    groups: list[Group] = []
    for tier, files in readable.items():
        packed = _within(_packed(files, max_characters), max_groups - len(groups))
        kept = {section.path for one in packed for section in one}
        over = f"over the budget of {max_groups} groups a review"
        left_out |= {file.path: over for file in files if file.path not in kept}
        groups += [Group(n, len(packed), tier, tuple(one)) for n, one in enumerate(packed, 1)]
    return Grouped(tuple(groups), left_out)


_ORDER = (Tier.CORE, Tier.STANDARD, Tier.LIGHT)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    sections: tuple[Section, ...]

    @property
    def size(self) -> int:
        """With the line feed that stands between sections."""
        return sum(len(section.text) + 1 for section in self.sections)


def _within(packed: list[list[Section]], room: int) -> list[list[Section]]:
    """The first groups; a file that goes on beyond them is not in them at all."""
    cut = {section.path for one in packed[room:] for section in one}
    kept = ([section for section in one if section.path not in cut] for one in packed[:room])
    return [one for one in kept if one]


def _packed(files: list[_File], max_characters: int) -> list[list[Section]]:
    """Directory by directory; a file and its tests are torn apart only where they are too large for one group."""
    room = max_characters + 1
    packing = _Packing(room)
    for directory in _directories(files):
        size = sum(file.size for cluster in directory for file in cluster)
        if packing.left < size <= room and packing.left < room // 2:
            packing.begin()
        for cluster in directory:
            if packing.left < sum(file.size for file in cluster) <= room:
                packing.begin()
            for file in cluster:
                for section in file.sections:
                    packing.add(section)
    return [one for one in packing.groups if one]


class _Packing:
    """Groups as they fill up; the last one is open."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.groups: list[list[Section]] = [[]]
        self.left = room

    def begin(self) -> None:
        self.groups.append([])
        self.left = self._room

    def add(self, section: Section) -> None:
        size = len(section.text) + 1
        if size > self.left:
            self.begin()
        self.groups[-1].append(section)
        self.left -= size


def _directories(files: Sequence[_File]) -> Iterator[list[list[_File]]]:
    """Files as clusters of one and its tests, the clusters by directory, all in an order of their own."""
    subjects = _subjects([file.path for file in files])
    by_subject: dict[str, list[_File]] = {}
    for file in sorted(files, key=lambda f: (f.path in subjects, f.path)):
        by_subject.setdefault(subjects.get(file.path, file.path), []).append(file)
    ordered = sorted(by_subject, key=lambda path: (_directory(path).split("/"), path))
    for _, paths in groupby(ordered, key=_directory):
        yield [by_subject[path] for path in paths]


def _directory(path: str) -> str:
    return path.rpartition("/")[0]


_TEST_NAME = re.compile(r"(?:test[_-])?(?P<stem>.+?)(?:[._-](?:test|tests|spec)|Tests?|Spec)?", re.DOTALL)


def _stem(path: str) -> str:
    """The name without its last extension."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _subjects(paths: Sequence[str]) -> dict[str, str]:
    """Test -> the changed file it tests: that of the same name, in the nearest directory."""
    by_stem: dict[str, list[str]] = {}
    tested: dict[str, str] = {}
    for path in sorted(paths):
        stem = _stem(path)
        match = _TEST_NAME.fullmatch(stem)
        if match is not None and match["stem"] != stem:
            tested[path] = match["stem"]
        else:
            by_stem.setdefault(stem, []).append(path)
    return {test: _nearest(test, by_stem[stem][:_NAMESAKES]) for test, stem in tested.items() if stem in by_stem}


def _nearest(path: str, others: Iterable[str]) -> str:
    parts = frozenset(_directory(path).split("/"))
    return min(others, key=lambda other: (-len(parts.intersection(_directory(other).split("/"))), other))
