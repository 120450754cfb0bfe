"""What no fix may do, whoever asked for it and whatever its tests say: decided on the change as git has it.

It is the last look at a commit that is built and not yet pushed. One refusal rejects the whole of it. The tools of a
model are told the same of paths beforehand, so that it does not work in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.domain.diff import FileDiff
from app.domain.entries import Entry, Kind
from app.domain.fix.guarded_paths import is_allowed, refused_path
from app.domain.fix.install_hooks import changed_hooks
from app.domain.globs import Glob
from app.domain.objects import Change
from app.domain.patches import Refusal
from app.domain.policy import Policy
from app.domain.static_checks import check_file, redact_secrets
from app.domain.tree_paths import collisions

_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |\r?$)")


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """What a fix may do in one repository. ValueError for a pattern that is none, in words for its author."""

    policy: Policy = field(default_factory=Policy)
    """The base commit's."""
    allow_paths: tuple[str, ...] = ()
    """Globs of paths that are guarded by name alone, such as lock files, and may be changed all the same. They never
    lift what is core or protected, nor what tells agents what to do."""
    max_files: int = 20
    max_file_bytes: int = 500_000
    """Of one file as it is to be."""

    def __post_init__(self) -> None:
        for pattern in self.allow_paths:
            Glob.parse(pattern)

    def path_refusal(self, path: str) -> str | None:
        """Why a fix may not touch the path, in words that follow it; None where it may."""
        if redact_secrets(path) != path:
            return "has a secret in its name"
        return refused_path(path, self.policy, self.allow_paths)


@dataclass(frozen=True, slots=True)
class GuardedChange:
    """One changed path with its diff, and the whole content of both sides: None where there is none or it is unread."""

    change: Change
    before: bytes | None
    after: bytes | None


def guard(changes: Sequence[GuardedChange], policy: GuardPolicy) -> tuple[Refusal, ...]:
    """Every reason not to push the changes, by path in their order, and those about the whole first; none: push."""
    if not changes:
        return (Refusal("", "it changes nothing"),)
    if len(changes) > policy.max_files:
        return (Refusal("", f"it changes {len(changes)} files, over {policy.max_files}"),)
    refusals = [*_of_whole(changes, policy)]
    for change in changes:
        path = change.change.entry.path
        refusals += [Refusal(path, reason) for reason in dict.fromkeys(_of_file(change, policy))]
    return tuple(refusals)


def _of_whole(changes: Sequence[GuardedChange], policy: GuardPolicy) -> Iterator[Refusal]:
    lines = sum(one.change.diff.changed_line_count for one in changes if one.change.diff is not None)
    if lines > (most := policy.policy.fix.max_changed_lines):
        yield Refusal("", f"it changes {lines} lines, over {most} (fix.max_changed_lines)")
    for group in collisions(one.change.entry.path for one in changes):
        yield Refusal(group[0], f"is the same path as {group[1]!r}, or lies below it, on some file systems")


def _of_file(one: GuardedChange, policy: GuardPolicy) -> Iterator[str]:
    entry = one.change.entry
    if (named := policy.path_refusal(entry.path)) is not None:
        yield named
    if (reason := _problem_with_kind(entry)) is not None:
        yield reason
    elif (diff := one.change.diff) is None:
        yield f"has no diff that could be looked at ({one.change.not_diffed})"
    elif (reason := _problem_with_content(one, policy)) is not None:
        yield reason
    else:
        yield from _of_content(one, diff, policy)


def _problem_with_kind(entry: Entry) -> str | None:
    kinds = {side.kind for side in entry.sides}
    if Kind.SYMLINK in kinds:
        return "is or would be a symbolic link"
    if Kind.SUBMODULE in kinds:
        return "is or would be a submodule"
    if entry.old is None:
        return "would be a new executable file" if Kind.EXECUTABLE in kinds else None
    if entry.new is not None and entry.old.mode != entry.new.mode:
        return f"would have its mode changed from {entry.old.mode} to {entry.new.mode}"
    return None


def _problem_with_content(one: GuardedChange, policy: GuardPolicy) -> str | None:
    """What keeps it from being looked at. What nobody looked at is not pushed."""
    entry = one.change.entry
    if (entry.old is None) != (one.before is None) or (entry.new is None) != (one.after is None):
        return "was not read whole"
    if any(data is not None and not _is_text(data) for data in (one.before, one.after)):
        return "is or would be binary: it has a NUL byte or is not UTF-8"
    if one.after is not None and len(one.after) > policy.max_file_bytes:
        return f"would have {len(one.after)} bytes, over {policy.max_file_bytes}"
    return None


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _of_content(one: GuardedChange, diff: FileDiff, policy: GuardPolicy) -> Iterator[str]:
    """Of a text: by kind and line, and never by what stands there."""
    path = one.change.entry.path
    if not is_allowed(path, policy.allow_paths) and (reason := changed_hooks(path, one.before, one.after)):
        yield reason
    for line in diff.added_lines():
        if _CONFLICT.match(line.text):
            yield f"would have a marker of a merge conflict in line {line.new_number}"
    for hit in check_file(path, diff, ()):
        yield f"has in line {hit.line}: {hit.title}"
