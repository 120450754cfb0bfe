"""Reads from a reply of GitHub's what it says about rate limits; whatever stands there, nothing here raises.

Source: GitHub Docs, "Rate limits for the REST API" and "Best practices for using the REST API".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

WINDOW = timedelta(hours=1)
"""A primary limit starts anew at most so much later; no wait that GitHub asks for is taken to be longer than that."""

_FORBIDDEN, _TOO_MANY = 403, 429
_CORE = "core"
SECONDARY_WORDS = ("secondary rate limit", "abuse detection mechanism")
"""Today's words, and those of older GitHub Enterprise Servers."""
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """The hour that a primary limit counts: `remaining` of `total` calls until `reset_at`."""

    remaining: int
    total: int
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call refused for a limit. `retry_at` is None where GitHub did not say when to come back."""

    secondary: bool
    retry_at: datetime | None


def read_window(headers: Mapping[str, str], now: datetime) -> Window | None:
    """The state of the limit `core`, against which all our calls count; None where nothing is said of it.

    A GitHub Enterprise Server whose limits are off sends no such headers.
    """
    if headers.get("x-ratelimit-resource", _CORE) != _CORE:
        return None
    remaining, total, reset = (_whole(headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "limit", "reset"))
    if remaining is None or reset is None:
        return None
    return Window(remaining, total or 0, _reset(reset, now))


def read_refusal(status: int, headers: Mapping[str, str], text: str, now: datetime) -> Refusal | None:
    """None when the reply is not about limits.

    `retry-after` counts first, then `x-ratelimit-reset` when nothing remains. A primary limit is told by
    `x-ratelimit-remaining: 0`, unless the words speak of a secondary one.
    """
    if status not in (_FORBIDDEN, _TOO_MANY):
        return None
    worded = any(words in text.lower() for words in SECONDARY_WORDS)
    after, empty = headers.get("retry-after"), _whole(headers.get("x-ratelimit-remaining")) == 0
    secondary = worded or not empty
    if after is not None:
        return Refusal(secondary, _bounded(_after(after, now), now))
    if empty:
        reset = _whole(headers.get("x-ratelimit-reset"))
        at = None if reset is None else _reset(reset, now)
        # A reset that is over says that the clocks differ: when the limit ends is then not known.
        return Refusal(secondary, at if at is not None and at > now else None)
    return Refusal(secondary=True, retry_at=None) if worded or status == _TOO_MANY else None


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The wait that a reply asks for, between nothing and an hour; None where it asks for none we understand."""
    value = headers.get("retry-after")
    at = None if value is None else _bounded(_after(value, now), now)
    return None if at is None else (at - now).total_seconds()


def _after(value: str, now: datetime) -> datetime | None:
    """`Retry-After`: seconds or an HTTP date; None for anything else."""
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return now + timedelta(seconds=min(float(text), WINDOW.total_seconds()))
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _bounded(at: datetime | None, now: datetime) -> datetime | None:
    return None if at is None else min(max(at, now), now + WINDOW)


def _reset(epoch_seconds: int, now: datetime) -> datetime:
    """A time in epoch seconds, and at most an hour from now."""
    latest = now + WINDOW
    return latest if epoch_seconds > latest.timestamp() else datetime.fromtimestamp(epoch_seconds, UTC)


def _whole(value: str | None) -> int | None:
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,12}", value.strip(), re.ASCII) else None
