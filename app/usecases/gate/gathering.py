"""Finds out what a decision needs to know of people, and no more: each question is a call to GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.domain.gate.decision import GateDecision
from app.domain.gate.facts import CoreChange, Facts
from app.domain.gate.requirements import Requirement
from app.domain.gate.reviews import Review, ReviewState
from app.domain.pull_request import PullRequest, Sha
from app.ports import Collaborator, Fixes, Histories, People, Place, Repository, Reviews
from app.usecases.gate.standing import seen_at

MAX_REVIEWED_COMMITS = 50
"""Of so many reviewed commits, the newest ones, it is found out what was seen there."""
MAX_ASKED = 50
"""Of so many people it is found out whether they could be asked."""


@dataclass(frozen=True, slots=True)
class Gathered:
    reviews: tuple[Review, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Gathering:
    reviews: Reviews
    histories: Histories
    people: People
    fixes: Fixes

    async def of(
        self, place: Place, pull: PullRequest, repository: Repository, requirements: tuple[Requirement, ...]
    ) -> Gathered:
        """What decides whether the approvals that were given count."""
        history = await self.histories.of(place)
        remembered = await self.fixes.recall(place.ref)
        reviews = await self.reviews.all(place)
        approving = [one for one in reviews if one.state is ReviewState.APPROVED]
        known = await self._collaborators(place, [one.author.login for one in approving if one.author])
        return Gathered(
            reviews,
            Facts(
                head=pull.head_sha,
                author=pull.author_id,
                committers=history.committers,
                requesters=history.requesters | remembered.requesters,
                permissions={one.person.id: one.permission for one in known},
                user_ids={one.person.login.casefold(): one.person.id for one in known},
                team_members=await self._teams(place, requirements) if approving else {},
                seen=await _seen(repository, pull, approving),
                commits_complete=history.complete,
                retargeted_at=history.retargeted_at,
            ),
        )

    async def able(self, place: Place, decision: GateDecision, facts: Facts) -> Facts:
        """The same with those who could be asked for the approvals that are missing."""
        unmet = [state.requirement for state in decision.unmet]
        named = {user for one in unmet for user in one.eligible.users if user not in facts.user_ids}
        found = await self._collaborators(place, sorted(named)[:MAX_ASKED])
        if any(one.eligible.anyone for one in unmet):
            found += await self.people.writers(place, most=MAX_ASKED)
        teams = {**facts.team_members, **await self._teams(place, unmet, known=facts.team_members)}
        return replace(
            facts,
            permissions={**{one.person.id: one.permission for one in found}, **facts.permissions},
            user_ids={**{one.person.login.casefold(): one.person.id for one in found}, **facts.user_ids},
            team_members=teams,
        )

    async def _collaborators(self, place: Place, logins: Iterable[str]) -> tuple[Collaborator, ...]:
        asked = [await self.people.collaborator(place, login) for login in dict.fromkeys(logins)]
        return tuple(one for one in asked if one is not None)

    async def _teams(
        self, place: Place, requirements: Iterable[Requirement], *, known: Mapping[str, frozenset[int]] | None = None
    ) -> dict[str, frozenset[int]]:
        names = sorted({team for one in requirements for team in one.eligible.teams} - set(known or ()))
        read = {name: await self.people.team(place, name) for name in names}
        return {name: frozenset(one.id for one in people) for name, people in read.items() if people is not None}


async def _seen(
    repository: Repository, pull: PullRequest, approving: Iterable[Review]
) -> Mapping[Sha, frozenset[CoreChange]]:
    commits = dict.fromkeys(one.commit for one in reversed([*approving]) if one.commit and one.commit != pull.head_sha)
    seen = {}
    for commit in [*commits][:MAX_REVIEWED_COMMITS]:
        changes = await seen_at(repository, pull.base_sha, commit)
        if changes is not None:
            seen[commit] = changes
    return seen
