"""Writes that notify people, each in its turn: GitHub asks for a second between them.

Source: GitHub Docs, "Best practices for using the REST API". Check runs notify nobody and do not come this way.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.adapters.github.transport import Reply, Sleep
from app.domain.errors import Limit, RateLimited
from app.ports import Clock, Pace, Place

LONGEST_WAIT_SECONDS = 5.0
"""A worker sleeps no longer than this for its turn; where the line is longer, the job comes back. The same for all."""


class NotifyingWrites:
    """Sends a write when its turn has come."""

    def __init__(
        self,
        client: Client,
        pace: Pace,
        *,
        now: Clock,
        sleep: Sleep = asyncio.sleep,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._client = client
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._longest = longest_wait_seconds

    async def send(self, place: Place, method: str, path: str, body: object = None) -> Reply:
        """One write to the pull request's repository; `path` begins after the repository.

        Raises RateLimited when the line is too long, and what Client.call raises.
        """
        await self.turn(place)
        return await self._client.call(place.ref, Stage.PUBLISH, method, f"/repos/{place.repository}{path}", body)

    async def turn(self, place: Place) -> None:
        """Waits for the next turn, for a write that goes another way. Raises RateLimited when the line is too long."""
        self._client.check(place.ref)  # a limited installation must not use up turns
        installation = place.ref.installation_id
        seconds = await self._pace.turn(installation, longest_seconds=self._longest)
        if seconds > self._longest:
            at = self._now() + timedelta(seconds=seconds)
            message = f"{Limit.PACE} for installation {installation}: the next turn is in {seconds:.0f} s"
            raise RateLimited(message, retry_at=at, limit=Limit.PACE, installation_id=installation)
        if seconds > 0:
            await self._sleep(seconds)
