"""How far back to look, as people write it: `90d`, `12w` or a date."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def since_of(text: str, now: datetime) -> datetime:
    """The moment from which on merges count. A date is its first second in UTC. ValueError says what to write."""
    if span := _SPAN.fullmatch(text):
        days = int(span[1]) * (7 if span[2] == "w" else 1)
        return now - min(timedelta(days=days), now - _EARLIEST)
    if not _DATE.fullmatch(text):
        raise ValueError(
            f"{text!r} is no time to look back to; write days as 90d, weeks as 12w, or a date as 2026-01-31"
        )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is in no calendar; write a date as 2026-01-31") from None
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment > now:
        raise ValueError(f"{text!r} is in the future; write a date that has been, or days as 90d")
    return max(moment, _EARLIEST)
