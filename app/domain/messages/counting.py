"""Numbers, money and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 finding`, `1,200 findings`; `plural` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def dollars(usd: float) -> str:
    """Cents, and four digits of what is less than a dollar and would be rounded away."""
    return f"${usd:,.2f}" if usd >= 1 or round(usd, 2) == usd else f"${usd:.4f}"


def at_utc(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
