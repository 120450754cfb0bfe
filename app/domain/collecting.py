"""Compares a workspace with the commit that it was filled from: what changed, and what of it may leave the sandbox.

Two steps, so that only contents that may become part of the patch are fetched: `plan_collection` decides by paths,
kinds and hashes alone, `collected` takes the contents and believes none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.blobs import blob_id
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.patch_policy import PatchLimits, refused
from app.domain.patches import Collected, Edit, FoundFile, FoundKind, Patch, Refusal, TreeEntry
from app.domain.pull_request import Sha
from app.domain.tree_paths import problem_with

MAX_EXTRAS = 1_000

_MODES = {FoundKind.FILE: "100644", FoundKind.EXECUTABLE: "100755", FoundKind.SYMLINK: "120000"}
_RUNS = {Kind.FILE: FoundKind.FILE, Kind.EXECUTABLE: FoundKind.EXECUTABLE}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file whose content is to be fetched, and what it must turn out to be."""

    path: str
    size: int
    sha: str
    executable: bool


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What a collection comes to before any content is seen."""

    wanted: tuple[Wanted, ...]
    deletions: tuple[str, ...]
    extras: tuple[str, ...]
    refused: tuple[Refusal, ...]


def plan_collection(
    entries: Iterable[TreeEntry], found: Iterable[FoundFile], declared: Collection[str], limits: PatchLimits
) -> CollectionPlan:
    """Holds what a walk found against the tree that the workspace was filled from. Only `declared` paths may leave it.

    Sizes and counts of the patch are judged here, so that what is wanted is small enough to be fetched.
    """
    base = {entry.path: entry for entry in entries}
    asked = frozenset(declared)
    changed, missing = _differences(base, found)
    opaque = frozenset(path for path, one in changed.items() if _hides(one, asked))
    hidden = frozenset(path for path in missing if not opaque.isdisjoint(_above(path)))
    changes: list[Entry] = []
    refusals: list[Refusal] = []
    for path in sorted(asked):
        if path in changed:
            reason = _problem_with_kind(changed[path])
            if reason is None:
                changes.append(_entry(path, base.get(path), changed[path]))
            else:
                refusals.append(Refusal(path, reason))
        elif path in hidden:
            refusals.append(Refusal(path, "lies below what was a directory and is none any more"))
        elif path in missing:
            changes.append(_entry(path, base[path], None))
        elif path not in base and (problem := problem_with(path)) is not None:
            refusals.append(Refusal(path, f"is a path that {problem}"))
    sizes = {one.sha: one.size for path, one in changed.items() if one.sha is not None and path in asked}
    refusals += refused(changes, base, sizes, limits)
    allowed = _allowed(changes, refusals)
    return CollectionPlan(
        tuple(_wanted(entry.path, changed[entry.path]) for entry in allowed if entry.new is not None),
        tuple(entry.path for entry in allowed if entry.new is None),
        _extras((changed.keys() | missing - hidden) - asked, base, asked),
        tuple(refusals),
    )


def collected(plan: CollectionPlan, base: Sha, contents: Mapping[str, bytes]) -> Collected:
    """The patch of a plan with the contents of its wanted files, each hashed anew."""
    edits = [Edit(path, None) for path in plan.deletions]
    refusals = list(plan.refused)
    for want in plan.wanted:
        content = contents.get(want.path)
        if content is None:
            refusals.append(Refusal(want.path, "could not be read again"))
        elif len(content) != want.size or blob_id(content) != want.sha:
            refusals.append(Refusal(want.path, "changed while it was collected"))
        else:
            edits.append(Edit(want.path, content, executable=want.executable))
    edits.sort(key=lambda edit: edit.path)
    return Collected(Patch(base, tuple(edits)), plan.extras, tuple(refusals))


def _differences(
    base: Mapping[str, TreeEntry], found: Iterable[FoundFile]
) -> tuple[dict[str, FoundFile], frozenset[str]]:
    """What was found and is not as in the base, and the paths of files and links that were not found."""
    changed: dict[str, FoundFile] = {}
    missing = {path for path, entry in base.items() if entry.kind is not Kind.SUBMODULE}
    for one in found:
        missing.discard(one.path)
        if not _unchanged(base.get(one.path), one):
            changed[one.path] = one
    return changed, frozenset(missing)


def _unchanged(old: TreeEntry | None, found: FoundFile) -> bool:
    """A link may have been put into the workspace as a small file that holds its target."""
    if old is None or old.kind is Kind.SUBMODULE or old.sha != found.sha:
        return False
    return old.kind is Kind.SYMLINK or _RUNS[old.kind] is found.kind


def _hides(found: FoundFile, asked: Collection[str]) -> bool:
    """Whether files below this path are out of sight rather than gone. A file in place of a directory, itself meant to
    be there, is a plain change.
    """
    return found.kind in {FoundKind.OTHER, FoundKind.SYMLINK} or found.path not in asked


def _problem_with_kind(found: FoundFile) -> str | None:
    if found.kind is FoundKind.OTHER:
        return f"is {FoundKind.OTHER}"
    if found.sha is None:
        return f"has {found.size} bytes, which is too much, or was changing while it was read"
    return None


def _entry(path: str, old: TreeEntry | None, found: FoundFile | None) -> Entry:
    before = None if old is None else Side(old.mode, old.sha, old.kind)
    after = None
    if found is not None:
        assert found.sha is not None
        mode = _MODES[found.kind]
        after = Side(mode, found.sha, Kind.of_mode(mode))
    status = Status.MODIFIED
    if before is None or after is None:
        status = Status.ADDED if before is None else Status.DELETED
    return Entry(path, status, before, after)


def _allowed(changes: Sequence[Entry], refusals: Iterable[Refusal]) -> list[Entry]:
    """Nothing of a patch that is refused as a whole, which may be because it is too large to be fetched."""
    not_allowed = {refusal.path for refusal in refusals}
    return [] if "" in not_allowed else [entry for entry in changes if entry.path not in not_allowed]


def _wanted(path: str, found: FoundFile) -> Wanted:
    assert found.sha is not None
    return Wanted(path, found.size, found.sha, found.kind is FoundKind.EXECUTABLE)


def _extras(paths: Iterable[str], base: Iterable[str], declared: Iterable[str]) -> tuple[str, ...]:
    """Files of directories that are new and of which nothing is declared are told as the directory, with a slash."""
    told_apart = {above for path in (*base, *declared) for above in _above(path)}
    extras: set[str] = set()
    for path in paths:
        new = next((above for above in _above(path) if above not in told_apart), None)
        extras.add(path if new is None else f"{new}/")
    if len(extras) <= MAX_EXTRAS:
        return tuple(sorted(extras))
    return (*sorted(extras)[:MAX_EXTRAS], f"... and {len(extras) - MAX_EXTRAS} more")


def _above(path: str) -> Iterable[str]:
    """The directories above a path, from the top down."""
    end = path.find("/")
    while end != -1:
        yield path[:end]
        end = path.find("/", end + 1)
