"""Which entries of a change keep the coverage that an earlier review gave them, and which must be looked at again.

What a reviewer of one entry knew of the others is what it read of them and what its own lines mention. When one of
those has become another change, or is none any more, the entry is looked at again; when in doubt as well. A rebase
that leaves the change to every entry alone keeps everything.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.diff import FileDiff, LineKind
from app.domain.identity import same_change
from app.domain.memory import EntryMemory, PastReview
from app.domain.symbols import Symbol
from app.domain.tiers import Tier

MAX_NAMES = 1_000
ANY_NAME = "*"
"""Among the names that a change defines: there were too many to keep, so that anything may be meant."""

_NAME = re.compile(r"[^\W\d]\w{2,}")
_WORDS = re.compile(r"\w+")
_DEFINITION = re.compile(
    r"\b(?:class|const|def|enum|fn|func|function|fun|impl|interface|let|macro_rules!|module|namespace|object|package"
    r"|proc|protocol|record|struct|sub|trait|type|typedef|union|val|var)\s+(?:\([^()]{0,200}\)\s*)?(\w+)"
)
_ASSIGNED = re.compile(r"\A[ \t]*(?:[\w.]{1,40}[ \t]+){0,4}(\w+)[ \t]*(?::[^=]{0,200})?[:+|]?=(?!=)")
_CALLABLE = re.compile(r"(\w+)[ \t]*\(")
_MAX_LINE = 2_000
_CONTAINERS = frozenset(
    {
        "class",
        "enum",
        "impl",
        "interface",
        "module",
        "namespace",
        "object",
        "package",
        "record",
        "struct",
        "trait",
        "type",
    }
)
_PACKAGE_FILES = frozenset({"__init__", "__main__", "index", "init", "lib", "main", "mod"})


@dataclass(frozen=True, slots=True)
class Carry:
    """Every entry of the change is in one of the two."""

    kept: Mapping[str, EntryMemory]
    """By path: covered as before."""
    again: frozenset[str]
    """Paths to review."""


def carry(
    past: PastReview | None,
    steering: str,
    identities: Mapping[str, str],
    *,
    tiers: Mapping[str, Tier],
    mentions: Mapping[str, frozenset[str]],
    defines: Mapping[str, frozenset[str]],
) -> Carry:
    """`identities` has every entry of the change; `mentions` and `defines` are what `mentioned_names` and
    `changed_names` say of each. An entry that one of the three others does not have is reviewed again.
    """
    if past is None or past.steering != steering:
        return Carry({}, frozenset(identities))
    before = {memory.path: memory for memory in past.entries}
    same = {path for path, now in identities.items() if path in before and same_change(before[path].identity, now)}
    changed = (identities.keys() | before.keys()) - same
    names: set[str] = set()
    for path in changed:  # what it defined before counts too: that may have been taken back
        names |= defines.get(path, module_names(path))
        names.update(before[path].defines if path in before else ())
    kept: dict[str, EntryMemory] = {}
    for path in sorted(same):
        memory = before[path]
        sound = path in mentions and path in tiers and memory.tier >= tiers[path]
        if sound and changed.isdisjoint(memory.reads) and not _meets(mentions[path], names):
            kept[path] = memory
    return Carry(kept, frozenset(identities.keys() - kept.keys()))


def mentioned_names(diff: FileDiff | None) -> frozenset[str]:
    """The identifiers of three characters and more on added and removed lines; none where there is no diff."""
    if diff is None:
        return frozenset()
    return frozenset(name for text in _changed_texts(diff) for name in _NAME.findall(text))


def changed_names(
    path: str, diff: FileDiff | None, symbols_old: tuple[Symbol, ...], symbols_new: tuple[Symbol, ...]
) -> frozenset[str]:
    """The names that others may use and whose meaning the change may have changed: every symbol around a changed line,
    what git's headings and the lines beside the change define, the file's name as a module, and what a changed line
    looks to define where it stands in no function. Without a parser that is any changed line. More than `MAX_NAMES`
    become `ANY_NAME`.
    """
    found = set(module_names(path))
    for hunk in () if diff is None else diff.hunks:
        heading = hunk.section[:_MAX_LINE]
        found.update(_DEFINITION.findall(heading), _CALLABLE.findall(heading))
        for near in (line.text[:_MAX_LINE] for line in hunk.lines if line.kind is LineKind.CONTEXT):
            found.update(_DEFINITION.findall(near))  # git's heading is of what begins above the hunk
        old = {n.old_number: n.text for n in hunk.lines if n.kind is LineKind.REMOVED and n.old_number is not None}
        new = {n.new_number: n.text for n in hunk.lines if n.kind is LineKind.ADDED and n.new_number is not None}
        found.update(_touched(symbols_old, old), _touched(symbols_new, new))
    return frozenset(found) if len(found) <= MAX_NAMES else frozenset({ANY_NAME})


def module_names(path: str) -> frozenset[str]:
    """The words by which others may name the file: its name without the extension, and the directory's of a file that
    stands for its directory, such as `cart/__init__.py`.
    """
    directory, _, name = path.rpartition("/")
    stem = name.partition(".")[0] or name
    words = {stem, *_WORDS.findall(stem)}
    if stem in _PACKAGE_FILES:
        words.update(_WORDS.findall(directory.rpartition("/")[2]))
    return frozenset(words)


def _meets(mentioned: frozenset[str], names: set[str]) -> bool:
    return not names.isdisjoint(mentioned) or (ANY_NAME in names and bool(mentioned))


def _touched(symbols: tuple[Symbol, ...], texts: Mapping[int, str]) -> Iterator[str]:
    """Every part of the names of the symbols around these lines, since who calls `total` need not say `Cart`; and what
    the lines outside of functions look to define.
    """
    numbers = sorted(texts)
    inner: set[int] = set()
    for symbol in symbols:
        within = numbers[bisect_left(numbers, symbol.start_line) : bisect_right(numbers, symbol.end_line)]
        if within:
            yield from _WORDS.findall(symbol.name)
        if symbol.kind not in _CONTAINERS:
            inner.update(within)
    for number in numbers:
        text = texts[number][:_MAX_LINE]
        if number not in inner:
            yield from _DEFINITION.findall(text)
            yield from _ASSIGNED.findall(text)


def _changed_texts(diff: FileDiff) -> Iterator[str]:
    return (line.text for hunk in diff.hunks for line in hunk.lines if line.kind is not LineKind.CONTEXT)
