"""What may be spent on models, what was spent, and what stands in the way. All amounts are USD."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cap(StrEnum):
    """Which cap it is, in words."""

    PULL_REQUEST = "this pull request"
    REPOSITORY = "this repository today"
    INSTALLATION = "this installation today"


@dataclass(frozen=True, slots=True)
class Caps:
    """None: no cap. Days are those of UTC."""

    pull_request: float | None
    repository_day: float | None = None
    installation_day: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, and what is reserved for calls that are under way: both count."""

    pull_request: float
    repository_today: float
    installation_today: float


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money put aside for one call, until its true cost is known. If that never comes, it stays spent."""

    id: str
    usd: float


@dataclass(frozen=True, slots=True)
class NotReserved:
    """The cap that a call would break. `until`: when it begins anew, or None for never."""

    cap: Cap
    spent: float
    limit: float
    until: datetime | None
