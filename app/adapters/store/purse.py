"""What may be spent on models, in Redis: each call's money is put aside by one script, whoever else does the same."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import Scripts
from app.domain.money import BILLION, Cap, Caps, NotReserved, Reservation, Spent, billionths
from app.domain.pull_request import PullRequestRef

_ORDER = (Cap.PULL_REQUEST, Cap.REPOSITORY, Cap.INSTALLATION)


class RedisPurse:
    """Implements ports.Purse. Days are those of the server's clock.

    What was spent on a pull request is kept for as long as what was written there: 90 days after the last call.
    """

    def __init__(self, redis: Redis) -> None:
        self._scripts = Scripts(redis)

    async def reserve(self, ref: PullRequestRef, usd: float, caps: Caps) -> Reservation | NotReserved:
        """When LedgerUnavailable is raised the money may have been put aside all the same; it stays spent then."""
        id_ = uuid.uuid4().hex
        limits = (caps.pull_request, caps.repository_day, caps.installation_day)
        kept = (keys.OUTBOX_SECONDS, keys.SPENT_DAYS_SECONDS)
        asked = ["" if limit is None else billionths(limit) for limit in limits]
        broken, *more = await self._scripts.call("reserve", _names(ref), (id_, billionths(usd), *asked, *kept))
        if not broken:
            return Reservation(id_, usd)
        spent, midnight_ms = more
        cap, limit = _ORDER[broken - 1], limits[broken - 1] or 0.0
        until = None if cap is Cap.PULL_REQUEST else datetime.fromtimestamp(midnight_ms / 1000, UTC)
        return NotReserved(cap, int(spent) / BILLION, limit, until)

    async def settle(self, ref: PullRequestRef, reservation: Reservation, usd: float | None) -> None:
        """May be repeated. Of a reservation that is not known, or was settled before, nothing comes."""
        cost = "" if usd is None else billionths(usd)
        await self._scripts.call("settle", _names(ref), (reservation.id, cost))

    async def spent(self, ref: PullRequestRef) -> Spent:
        amounts = await self._scripts.call("spent", _names(ref), ())
        return Spent(*(int(amount) / BILLION for amount in amounts))


def _names(ref: PullRequestRef) -> tuple[str, str, str]:
    repository = f"{ref.installation_id}:{ref.repository_id}"
    return keys.purse(str(ref)), keys.spent_days(repository), keys.spent_days(str(ref.installation_id))
