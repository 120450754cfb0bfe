"""Asks people and teams for a review. Source: GitHub Docs, "REST API endpoints for review requests"."""

from __future__ import annotations

from app.adapters.github.client import Client
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import Stage
from app.ports import Place, Reviewers, Reviewing

_PENDING = "PENDING"


class ReviewRequestWriter:
    """Implements ports.ReviewRequests."""

    def __init__(self, client: Client, writes: NotifyingWrites) -> None:
        self._client = client
        self._writes = writes

    async def asked(self, place: Place) -> Reviewers:
        path = f"/repos/{place.repository}/pulls/{place.ref.number}/requested_reviewers"
        asked = (await self._client.call(place.ref, Stage.PUBLISH, "GET", path)).json
        return Reviewers(
            users=frozenset(one["login"].lower() for one in asked["users"]),
            teams=frozenset(one["slug"].lower() for one in asked["teams"]),
        )

    async def standing(self, place: Place) -> Reviewing:
        """A review that was dismissed counts as one; a pending one is seen by nobody yet."""
        pull = f"/repos/{place.repository}/pulls/{place.ref.number}"
        author = (await self._client.call(place.ref, Stage.PUBLISH, "GET", pull)).json["user"]
        asked = await self.asked(place)
        reviewed: set[str] = set()
        async for page in self._client.pages(place.ref, Stage.PUBLISH, f"{pull}/reviews"):
            reviewed |= {one["user"]["login"].lower() for one in page if one["user"] and one["state"] != _PENDING}
        return Reviewing(
            author=author["login"].lower() if author else None,
            asked=asked,
            reviewed=frozenset(reviewed),
        )

    async def ask(self, place: Place, reviewers: Reviewers) -> None:
        body = {"reviewers": sorted(reviewers.users), "team_reviewers": sorted(reviewers.teams)}
        await self._writes.send(place, "POST", f"/pulls/{place.ref.number}/requested_reviewers", body)
