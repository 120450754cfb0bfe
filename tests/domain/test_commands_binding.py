"""A command that acts on code is bound to the head that its author can have seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.commands.binding import HeadChanged, bound_head
from app.domain.pull_request import Sha
from app.domain.row import KeptNote, Note
from tests.build import BASE, HEAD, pull_request

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("known", "heard_at", "bound"),
    [
        (HEAD, NOON - SECOND, HEAD),
        (HEAD, NOON, HEAD),
        (HEAD, NOON + SECOND, HeadChanged()),
        (HEAD, None, HeadChanged()),
        (BASE, NOON - SECOND, HeadChanged()),
        (None, NOON - SECOND, HeadChanged()),
    ],
    ids=["before", "at the same time", "after it", "nobody knows when", "another head", "no head known"],
)
def test_the_head_of_a_command(known: Sha | None, heard_at: datetime | None, bound: Sha | HeadChanged) -> None:
    kept = KeptNote(Note("comment:1", ""), known, NOON + SECOND, heard_at)

    assert bound_head(kept, pull_request(), NOON) == bound
