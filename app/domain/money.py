"""What may be spent on models, what was spent, and what stands in the way. All amounts are USD."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.policy import LimitsPolicy

BILLION = 1_000_000_000
MOST_USD = 1_000_000
"""More than anything here can cost: sums of a few of these are still exact in the doubles of a Lua script."""
_CENT = 0.01


class Cap(StrEnum):
    """Which cap it is, in words."""

    PULL_REQUEST = "this pull request"
    REPOSITORY = "this repository today"
    INSTALLATION = "this installation today"


@dataclass(frozen=True, slots=True)
class Caps:
    """None: no cap. Days are those of UTC, by the clock of the server that counts."""

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


def caps_for(limits: LimitsPolicy, deployment: Caps) -> Caps:
    """The caps of one pull request: what its repository's policy says can only narrow what the deployment allows."""
    allowed = deployment.pull_request
    most = limits.usd_per_pull_request if allowed is None else min(limits.usd_per_pull_request, allowed)
    return Caps(most, deployment.repository_day, deployment.installation_day)


def billionths(usd: float) -> int:
    """The amount as a whole number of billionths of a dollar, in which sums do not drift.

    Raises ValueError for what is no amount: negative, not finite, or over MOST_USD.
    """
    if not 0 <= usd <= MOST_USD:
        raise ValueError(f"{usd!r} is not an amount of USD from 0 to {MOST_USD}")
    return round(usd * BILLION)


def refusal(kept: NotReserved, usd: float, *, whose: str) -> str:
    """Why a call that may cost `usd` is not made, in words. `whose`: what the cap is for."""
    cap, cost = f"the cap of {_dollars(kept.limit)} for {whose}", _dollars(usd)
    if usd > kept.limit:
        return f"{cap} is below what one call may cost ({cost})"
    return f"{cap} is reached ({_dollars(kept.spent)} spent, and one more call may cost {cost})"


def _dollars(usd: float) -> str:
    return f"${usd:.4f}" if 0 < usd < _CENT else f"${usd:.2f}"
