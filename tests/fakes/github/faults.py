"""Faults on demand: errors, delays, lost answers and exhausted rate limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tests.fakes.github.records import Installation
    from tests.fakes.github.state import FakeGitHub

When = Literal["before", "after"]


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next requests that match."""

    method: str | None
    path: re.Pattern[str]
    times: int
    status: int | None = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0
    when: When = "before"
    drop: bool = False
    hits: int = 0


@dataclass(slots=True)
class Quota:
    """What an installation may still do in this hour."""

    left: int
    reset_at: int


class Faults:
    """The faults still to come, in the order they were added."""

    def __init__(self, fake: FakeGitHub) -> None:
        """Start without faults."""
        self._fake = fake
        self._waiting: list[Fault] = []
        self._limited_until: float | None = None
        self._quotas: dict[int, Quota] = {}

    def add(
        self,
        *,
        method: str | None = None,
        path: str = "",
        times: int = 1,
        status: int | None = 500,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        delay: float = 0,
        when: When = "before",
        drop: bool = False,
    ) -> Fault:
        """Let the next ``times`` requests fail whose path, without ``/api/v3``, contains the pattern.

        ``before`` answers instead of acting; ``after`` acts first. ``drop`` cuts the connection instead of answering.
        ``status=None`` without ``drop`` only delays.
        """
        fault = Fault(method, re.compile(path), times, status, dict(headers or {}), body, delay, when, drop)
        self._waiting.append(fault)
        return fault

    def primary_rate_limit(self, reset_at: datetime) -> None:
        """Refuse everything until that time on GitHub's clock."""
        self._limited_until = reset_at.timestamp()

    def calls_left(self, number: int, *, installation: Installation) -> None:
        """Let an installation make so many more calls in this hour; the next is refused."""
        self._quotas[installation.id] = Quota(number, int(self._fake.now().timestamp()) + 3600)

    def quota(self, installation_id: int | None) -> Quota | None:
        """What an installation may still do, if a test has said so and the hour is not over."""
        quota = None if installation_id is None else self._quotas.get(installation_id)
        return None if quota is None or self._fake.now().timestamp() >= quota.reset_at else quota

    def count(self, installation_id: int | None) -> bool:
        """Count one call; says whether the installation may make it."""
        quota = self.quota(installation_id)
        if quota is None:
            return True
        allowed, quota.left = quota.left > 0, max(quota.left - 1, 0)
        return allowed

    def secondary_rate_limit(self, retry_after: int, *, times: int = 1, path: str = "") -> Fault:
        """Refuse the next requests for being too many at once."""
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        headers = {"retry-after": str(retry_after)}
        return self.add(path=path, times=times, status=403, headers=headers, body={"message": message})

    def clear(self) -> None:
        """Let everything work again."""
        self._waiting.clear()
        self._limited_until = None
        self._quotas.clear()

    def limited_until(self) -> int | None:
        """When the primary rate limit ends, if it is exhausted now."""
        if self._limited_until is not None and self._fake.now().timestamp() >= self._limited_until:
            self._limited_until = None
        return None if self._limited_until is None else int(self._limited_until)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if there is one."""
        for fault in self._waiting:
            if fault.method in (None, method) and fault.path.search(path):
                fault.hits += 1
                if fault.hits >= fault.times:
                    self._waiting.remove(fault)
                return fault
        return None
