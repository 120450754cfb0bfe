"""How far back people ask to look, and what they are told to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.gate.since import since_of

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("1d", NOW - timedelta(days=1)),
        ("90d", NOW - timedelta(days=90)),
        ("12w", NOW - timedelta(weeks=12)),
        ("99999w", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-03-04", datetime(2026, 3, 4, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0001-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_span_or_a_date(text: str, since: datetime) -> None:
    assert since_of(text, NOW) == since


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "-1d", "1.5d", "3m", "90 d", "100000d", "2026-3-4", "٩d", "1d\n"]
)
def test_anything_else_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write days as 90d, weeks as 12w, or a date as 2026-01-31"):
        since_of(text, NOW)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_day_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is in no calendar"):
        since_of(text, NOW)


def test_a_day_to_come() -> None:
    with pytest.raises(ValueError, match="is in the future"):
        since_of("2026-03-05", NOW)
