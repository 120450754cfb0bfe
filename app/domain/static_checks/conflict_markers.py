"""Finds merge conflicts that were committed: an opening, a middle and a closing marker, in this order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.diff import DiffLine, FileDiff, LineKind
from app.domain.severity import Severity
from app.domain.static_checks.hit import StaticHit

RULE_ID = "general/conflict-marker"

_OPENING = re.compile(r"<{7}(?: |$)")
_MIDDLE = re.compile(r"={7}$")
_CLOSING = re.compile(r">{7}(?: |$)")


def check(path: str, diff: FileDiff) -> Iterator[StaticHit]:
    """One hit for each whole conflict of the new file of which at least one marker was added.

    A lone row of seven `=` underlines a heading, so it counts only between the other two.
    """
    opening: DiffLine | None = None
    middle: DiffLine | None = None
    for line in _new_side(diff):
        text = line.text.removesuffix("\r")
        if _OPENING.match(text):
            opening, middle = line, None
        elif opening is not None and middle is None and _MIDDLE.match(text):
            middle = line
        elif opening is not None and middle is not None and _CLOSING.match(text):
            added = [marker for marker in (opening, middle, line) if marker.kind is LineKind.ADDED]
            if added and added[0].new_number is not None:
                yield _hit(path, added[0].new_number)
            opening = middle = None


def _new_side(diff: FileDiff) -> Iterator[DiffLine]:
    return (line for hunk in diff.hunks for line in hunk.lines if line.kind is not LineKind.REMOVED)


def _hit(path: str, number: int) -> StaticHit:
    return StaticHit(
        line=number,
        rule_id=RULE_ID,
        path=path,
        severity=Severity.P0,
        title="Merge conflict was committed",
        body="The markers of an unresolved merge conflict stand in this file. Keep the side that is meant, "
        "or both, and delete the three marker lines.",
    )
