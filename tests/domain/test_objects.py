"""A change has a diff, or a reason for having none."""

from __future__ import annotations

import pytest

from app.domain.diff import FileDiff
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.objects import Change, NotDiffed

ENTRY = Entry("a.py", Status.ADDED, None, Side("100644", "a" * 40, Kind.FILE))


def test_a_diff_or_a_reason() -> None:
    assert Change(ENTRY, FileDiff(()), None).not_diffed is None
    assert Change(ENTRY, None, NotDiffed.BINARY).diff is None


@pytest.mark.parametrize(("diff", "reason"), [(None, None), (FileDiff(()), NotDiffed.BINARY)])
def test_never_both_or_neither(diff: FileDiff | None, reason: NotDiffed | None) -> None:
    with pytest.raises(ValueError, match=r"not both or neither: .*'a\.py'"):
        Change(ENTRY, diff, reason)
