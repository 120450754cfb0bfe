"""What the change to an entry is, wherever its lines stand: the same before and after a rebase that leaves it alone.

Like `git patch-id`: the lines of the hunks without their numbers, but white space counts. What this cannot see:

- base code outside of the hunks that became another while the hunks stayed as they are;
- the same hunk in another place with the same three lines around it under the same heading, when the base's file
  changed as well. Where the base's file is what it was, the new file must be what it was too.
"""

from __future__ import annotations

import hashlib
import json

from app.domain.diff import FileDiff
from app.domain.entries import Side
from app.domain.objects import Change

_REPLACED = "�"
"""Stands for bytes that are not UTF-8: two different ones look the same in a diff."""


def identity(change: Change) -> str:
    """Digests of the change, the old and the new content, with dots between: compare two with `same_change`."""
    entry = change.entry
    sides = [None if side is None else [side.mode, side.kind] for side in (entry.old, entry.new)]
    what: object = _hunks(change.diff) if change.diff is not None else change.not_diffed
    exact = change.diff is None or _has_replaced(change.diff)
    blobs = [_sha(entry.old), _sha(entry.new)] if exact else None
    material = json.dumps([entry.path, entry.status, sides, what, blobs]).encode("ascii")
    return f"{hashlib.sha256(material).hexdigest()[:40]}.{_sha(entry.old)}.{_sha(entry.new)}"


def same_change(before: str, now: str) -> bool:
    """Whether two identities are those of the same change to an entry."""
    if before == now:
        return True
    old, new = before.split("."), now.split(".")
    # The same old file and another new one: lines that look the same were moved.
    return old[0] == new[0] and old[1:2] != new[1:2]


def _hunks(diff: FileDiff) -> list[object]:
    return [[hunk.section, [[line.kind, line.text, line.newline] for line in hunk.lines]] for hunk in diff.hunks]


def _has_replaced(diff: FileDiff) -> bool:
    return any(_REPLACED in line.text for hunk in diff.hunks for line in hunk.lines)


def _sha(side: Side | None) -> str:
    return "-" if side is None else side.sha
