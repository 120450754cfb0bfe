"""Which changes to a tree may become a commit: few and small ones, of regular files, at harmless paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.blobs import blob_id
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.patches import Edit, Refusal, TreeEntry
from app.domain.tree_paths import collisions, is_protected, problem_with

_NEVER = frozenset({Kind.SYMLINK, Kind.SUBMODULE})
_WORDS = {
    Kind.SYMLINK: "a symbolic link",
    Kind.SUBMODULE: "a submodule",
    Kind.FILE: "a file",
    Kind.EXECUTABLE: "a file",
}


@dataclass(frozen=True, slots=True)
class PatchLimits:
    """How much one patch may change."""

    files: int = 300
    file_bytes: int = 1_000_000
    """Of one file as it is to be."""
    total_bytes: int = 4_000_000
    """Of all of them."""
    diff_bytes: int = 5_000_000
    """Of the text of a diff."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What edits come to on a base: `changes` by path, without those that change nothing."""

    changes: Mapping[str, Entry]
    refusals: tuple[Refusal, ...]
    """Of edits that mean nothing: two of one path, or the deletion of nothing."""


def plan(edits: Sequence[Edit], base: Mapping[str, TreeEntry]) -> Plan:
    """The changes that git must find afterwards, no more and no fewer."""
    changes: dict[str, Entry] = {}
    refusals = []
    seen = set()
    for edit in edits:
        old = base.get(edit.path)
        if edit.path in seen:
            refusals.append(Refusal(edit.path, "is edited twice"))
        elif edit.content is None and old is None:
            refusals.append(Refusal(edit.path, "is to be deleted but is not in the base"))
        elif (entry := _planned(edit, old)) is not None:
            changes[edit.path] = entry
        seen.add(edit.path)
    return Plan(changes, tuple(refusals))


def too_many(files: int, limits: PatchLimits) -> tuple[Refusal, ...]:
    """One refusal, if there are more files than a patch may change; to be asked before each of them is looked at."""
    return (Refusal("", f"it changes {files} files, over {limits.files}"),) if files > limits.files else ()


def refused_paths(paths: Iterable[str], base: Mapping[str, TreeEntry]) -> tuple[Refusal, ...]:
    """Those of the paths that nothing may be written to or deleted at, each with one reason."""
    directories = _directories(base)
    refusals = []
    for path in paths:
        reason = (
            _problem_with_path(path)
            or _problem_with_old(base.get(path))
            or _problem_with_place(path, base, directories)
        )
        if reason is not None:
            refusals.append(Refusal(path, reason))
    return tuple(refusals)


def refused(
    changes: Iterable[Entry], base: Mapping[str, TreeEntry], sizes: Mapping[str, int], limits: PatchLimits
) -> tuple[Refusal, ...]:
    """Every changed path that may not be changed so, each with one reason. `sizes` are those of new blobs, by id."""
    entries = tuple(changes)
    if many := too_many(len(entries), limits):
        return many
    reasons = {one.path: one.reason for one in refused_paths((entry.path for entry in entries), base)}
    for entry in entries:
        if entry.path not in reasons and (reason := _problem_with_new(entry.new, sizes, limits)):
            reasons[entry.path] = reason
    for path, reason in _collisions(entries, base):
        reasons.setdefault(path, reason)
    return (*_too_large(entries, sizes, limits), *(Refusal(*one) for one in reasons.items()))


def _planned(edit: Edit, old: TreeEntry | None) -> Entry | None:
    before = None if old is None else Side(old.mode, old.sha, old.kind)
    after = None
    if edit.content is not None:
        mode = "100755" if edit.executable else "100644"
        after = Side(mode, blob_id(edit.content), Kind.of_mode(mode))
    if before == after:
        return None
    status = Status.MODIFIED
    if before is None or after is None:
        status = Status.ADDED if before is None else Status.DELETED
    return Entry(edit.path, status, before, after)


def _problem_with_path(path: str) -> str | None:
    problem = problem_with(path) or is_protected(path)
    return None if problem is None else f"is a path that {problem}"


def _problem_with_old(old: TreeEntry | None) -> str | None:
    if old is None or old.kind not in _NEVER:
        return None
    return f"is {_WORDS[old.kind]} in the base, and those are never changed or deleted"


def _problem_with_new(new: Side | None, sizes: Mapping[str, int], limits: PatchLimits) -> str | None:
    if new is None:
        return None
    if new.kind in _NEVER:
        return f"would be {_WORDS[new.kind]}, and those are never made"
    if sizes[new.sha] > limits.file_bytes:
        return f"has {sizes[new.sha]} bytes, over {limits.file_bytes}"
    return None


def _problem_with_place(path: str, base: Mapping[str, TreeEntry], directories: frozenset[str]) -> str | None:
    if path in directories:
        return "is a directory in the base"
    end = path.find("/")
    while end != -1:
        above = base.get(path[:end])
        if above is not None:
            return f"lies below what is {_WORDS[above.kind]} in the base"
        end = path.find("/", end + 1)
    return None


def _too_large(entries: Sequence[Entry], sizes: Mapping[str, int], limits: PatchLimits) -> tuple[Refusal, ...]:
    total = sum(sizes.get(entry.new.sha, 0) for entry in entries if entry.new is not None)
    return (Refusal("", f"it writes {total} bytes, over {limits.total_bytes}"),) if total > limits.total_bytes else ()


def _collisions(entries: Sequence[Entry], base: Mapping[str, TreeEntry]) -> Iterator[tuple[str, str]]:
    """Of paths that are new: what collided before is not this patch's doing."""
    added = {entry.path for entry in entries if entry.status is Status.ADDED}
    if not added:
        return
    stay = base.keys() - {entry.path for entry in entries if entry.status is Status.DELETED}
    for group in collisions(stay | added):
        for path in sorted(added.intersection(group)):
            other = next(one for one in group if one != path)
            yield path, f"cannot stand beside {other!r} on every file system"


def _directories(base: Iterable[str]) -> frozenset[str]:
    directories: set[str] = set()
    for path in base:
        above = path.rpartition("/")[0]
        while above and above not in directories:
            directories.add(above)
            above = above.rpartition("/")[0]
    return frozenset(directories)
