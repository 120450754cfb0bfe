"""Which commits carry a check under one of our names that is not ours, and whether GitHub would count it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.domain.errors import GitHubRefused
from app.domain.foreign_checks import Foreign, ForeignCheck, decode, encode
from app.domain.merge_group import QUEUE_NUMBER
from app.domain.pull_request import PullRequestRef, Sha
from app.ports import Heads, Place, RequiredChecks


@dataclass(frozen=True, slots=True)
class ForeignChecks:
    """`seen` has a place of its own: what is on a commit is there for every pull request that has it."""

    seen: Heads
    required: RequiredChecks
    app_id: int

    async def remember(self, ref: PullRequestRef, head: Sha, check: ForeignCheck) -> None:
        """One job does that for a repository, one after the other."""
        known = await self._known(ref, head)
        if check not in known:
            await self.seen.note(_whole(ref), head, encode(known | {check}))

    async def on(self, place: Place, head: Sha, branch: str) -> Foreign | None:
        """What is on the commit and how GitHub would count it for the branch; None when nothing is.

        GitHub is asked only where there is something. What may not be read is not pinned.
        """
        known = await self._known(place.ref, head)
        if not known:
            return None
        return Foreign(tuple(sorted(known)), await self._pinned(place, branch, {one.name for one in known}))

    async def _known(self, ref: PullRequestRef, head: Sha) -> frozenset[ForeignCheck]:
        return decode(await self.seen.state(_whole(ref), head) or "")

    async def _pinned(self, place: Place, branch: str, names: Iterable[str]) -> bool:
        try:
            sources = await self.required.sources(place, branch)
        except GitHubRefused:
            return False
        return all(self.app_id in sources.get(name, ()) for name in names)


def _whole(ref: PullRequestRef) -> PullRequestRef:
    return replace(ref, number=QUEUE_NUMBER)
