"""Accounts and teams, and what they may do. Source: GitHub Docs, "REST API endpoints for collaborators", "... for team
members", "... for pull requests".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.permissions import answer_about, role_of
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused
from app.domain.gate.reviews import Person
from app.domain.threads import Permission
from app.ports import Place
from app.ports.gate import Collaborator

_FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE = 403, 404, 422
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_TEAM = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,99})/([A-Za-z0-9][A-Za-z0-9._-]{0,99})", re.ASCII)


class PeopleReader:
    """Implements ports.People. Nothing is remembered: who lost a right has lost it at once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def collaborator(self, place: Place, login: str) -> Collaborator | None:
        if not _LOGIN.fullmatch(login):
            return None
        answer = await answer_about(self._client, place, login)
        user = None if answer is None else answer.get("user")
        if answer is None or not isinstance(user, dict) or user.get("type") != "User":
            return None
        return Collaborator(Person(int(user["id"]), str(user["login"])), _permission(answer))

    async def writers(self, place: Place, *, most: int) -> tuple[Collaborator, ...]:
        path = f"/repos/{place.repository}/collaborators?permission=push"
        found: list[Collaborator] = []
        async for page in self._client.pages(place.ref, Stage.PUBLISH, path):
            people = (one for one in page if one.get("type") == "User")
            found += [Collaborator(Person(int(one["id"]), str(one["login"])), _permission(one)) for one in people]
            if len(found) >= most:
                break
        return tuple(found[:most])

    async def team(self, place: Place, name: str) -> tuple[Person, ...] | None:
        """None also where the App was not given the organization permission "Members: read"."""
        match = _TEAM.fullmatch(name)
        if match is None:
            return None
        people: list[Person] = []
        try:
            async for page in self._client.pages(
                place.ref, Stage.MEMBERS, f"/orgs/{match[1]}/teams/{quote(match[2], safe='')}/members"
            ):
                people += [Person(int(one["id"]), str(one["login"])) for one in page if one.get("type") == "User"]
        except GitHubRefused as error:
            if error.status in {_FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE}:
                return None
            raise
        return tuple(people)

    async def open_requests(self, place: Place) -> Mapping[str, int]:
        """Of the 100 pull requests that were opened last."""
        path = f"/repos/{place.repository}/pulls?state=open&per_page=100"
        pulls = (await self._client.call(place.ref, Stage.GATHER, "GET", path)).json
        waiting: Counter[str] = Counter()
        for pull in pulls:
            waiting.update(str(user["login"]).lower() for user in pull.get("requested_reviewers") or ())
            owner = place.repository.owner.lower()
            waiting.update(f"{owner}/{str(team['slug']).lower()}" for team in pull.get("requested_teams") or ())
        return waiting


def _permission(answer: Mapping[str, Any]) -> Permission:
    """The least that GitHub grants for sure: of a role that an organization made itself, the one it builds on."""
    if (role := role_of(answer)) is not None:
        return role
    flags = answer.get("permissions") or {}
    granted = [_FLAGS[flag] for flag in _FLAGS if flags.get(flag)]
    return granted[0] if granted else Permission.NONE


_FLAGS = {
    "admin": Permission.ADMIN,
    "maintain": Permission.MAINTAIN,
    "push": Permission.WRITE,
    "triage": Permission.TRIAGE,
    "pull": Permission.READ,
}
"""How lists of collaborators tell what somebody may do, the most first."""
