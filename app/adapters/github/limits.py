"""Remembers, for each installation, until when GitHub must not be called, so that no call is made to be refused.

GitHub counts calls for each installation, and those that the App makes as itself apart. A primary limit is so many
calls an hour; a secondary limit stops too many calls or too much new content at once. Whoever calls on while limited
may get the App banned, so a refusal of either kind stops every call of that installation, reads as well.

Two things let a pull request say why its review waits:

- *The reserve.* The last calls of the hour are kept for essential ones, which are the writes of check runs.
- *One pass.* A secondary limit is most often one on new content, which a check run is not. So one essential call may
  still be tried after such a refusal. Whether it succeeds or not, nothing else passes before the time has come: a
  further refusal only moves that time.

What is remembered lasts as long as the process: every process learns the primary limit from any reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.adapters.github.limit_headers import WINDOW, Refusal, Window, read_refusal, read_window
from app.domain.errors import Limit, RateLimited

RESERVE = 50
"""Calls of the hour that are kept for essential calls; never more than a tenth of all."""

_PAUSE = timedelta(minutes=1)
"""GitHub: "wait for at least one minute", and exponentially longer if it goes on."""

_FORGOTTEN_AFTER = timedelta(minutes=10)
_MAX_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    """What is known of one installation, or of the App itself."""

    window: Window | None = None
    until: datetime | None = None
    limit: Limit = Limit.SECONDARY
    passes: int = 0
    pauses: int = 0
    """Refusals in a row that did not say when to come back."""


class Limits:
    """The limits of one App on one host. `None` as installation is the App itself."""

    def __init__(self, *, now: Callable[[], datetime], reserve: int = RESERVE) -> None:
        self._now = now
        self._reserve = reserve
        self._buckets: dict[int | None, _Bucket] = {}

    def check(self, installation_id: int | None, *, essential: bool = False) -> None:
        """Raises RateLimited when a call would not be admitted; uses nothing up."""
        bucket = self._buckets.get(installation_id)
        if bucket is None:
            return
        now = self._now()
        if bucket.until is not None and now < bucket.until and not (essential and bucket.passes):
            raise _limited(bucket.limit, installation_id, bucket.until, "not called")
        window = bucket.window
        if window is None or now >= window.reset_at:
            return
        if window.remaining <= 0:
            raise _limited(Limit.PRIMARY, installation_id, window.reset_at, "not called")
        if not essential and window.remaining < min(self._reserve, window.total // 10):
            raise _limited(Limit.RESERVE, installation_id, window.reset_at, "not called")

    def admit(self, installation_id: int | None, *, essential: bool = False) -> None:
        """The same right before a call: an essential one takes the pass, if it needs it."""
        self.check(installation_id, essential=essential)
        bucket = self._buckets.get(installation_id)
        if bucket is not None and bucket.until is not None and self._now() < bucket.until:
            bucket.passes = 0

    def heard(self, installation_id: int | None, headers: Mapping[str, str]) -> None:
        """Takes in what any reply says of the primary limit; replies may come in another order than they were made."""
        window = read_window(headers, self._now())
        if window is None:
            return
        bucket = self._bucket(installation_id)
        known = bucket.window
        if known is not None and self._now() < known.reset_at and _age(known) >= _age(window):
            return
        bucket.window = window

    def refused(
        self, installation_id: int | None, what: str, *, status: int, headers: Mapping[str, str], text: str
    ) -> RateLimited | None:
        """The error for a refusal that is about limits, remembered; None for any other refusal."""
        now = self._now()
        refusal = read_refusal(status, headers, text, now)
        if refusal is None:
            return None
        bucket = self._bucket(installation_id)
        limited_before = bucket.until is not None and now < bucket.until
        at = refusal.retry_at or now + self._pause(bucket, refusal, now)
        if not limited_before:  # what was under way at the first refusal must not give a second pass
            bucket.limit = Limit.SECONDARY if refusal.secondary else Limit.PRIMARY
            bucket.passes = 1 if refusal.secondary else 0
        elif not refusal.secondary:
            bucket.limit, bucket.passes = Limit.PRIMARY, 0
        bucket.until = at if bucket.until is None else max(at, bucket.until)
        return _limited(bucket.limit, installation_id, bucket.until, what)

    def _pause(self, bucket: _Bucket, refusal: Refusal, now: datetime) -> timedelta:
        """A minute, then two, four, eight ... while refusals follow each other closely; at most an hour."""
        if not refusal.secondary:
            return _PAUSE
        follows = bucket.until is not None and now - bucket.until < _FORGOTTEN_AFTER
        bucket.pauses = min(bucket.pauses + 1, 6) if follows else 0
        return min(_PAUSE * (1 << bucket.pauses), WINDOW)

    def _bucket(self, installation_id: int | None) -> _Bucket:
        if installation_id not in self._buckets and len(self._buckets) >= _MAX_BUCKETS:
            self._buckets.pop(next(iter(self._buckets)))
        return self._buckets.setdefault(installation_id, _Bucket())


def _age(window: Window) -> tuple[datetime, int]:
    """Grows with every call that GitHub counted."""
    return window.reset_at, -window.remaining


def _limited(limit: Limit, installation_id: int | None, until: datetime, what: str) -> RateLimited:
    whose = "the App itself" if installation_id is None else f"installation {installation_id}"
    message = f"{limit} for {whose}: no calls before {until:%Y-%m-%d %H:%M:%S} UTC ({what})"
    return RateLimited(message, retry_at=until, limit=limit, installation_id=installation_id)
