"""What `revwright doctor` asks GitHub about a repository, with the App's own key and permissions. It writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.adapters.github.client import Client
from app.adapters.github.organisation_policy import OrganisationPolicyReader
from app.adapters.github.people import PeopleReader
from app.adapters.github.repository_facts import RepositoryFacts, file_text, repository_facts
from app.adapters.github.required_checks import RequiredCheckReader
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.domain.codeowners import LOCATIONS
from app.domain.errors import GitHubError, GitHubRefused
from app.domain.policy import POLICY_PATH
from app.domain.pull_request import RepositoryName
from app.settings import Settings

MOST_TEAMS = 20
"""Of so many teams it is found out whether their members can be read."""

_TEAM = re.compile(r"@([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Requires:
    """`sources`: for each check that the branch requires, the Apps of which; None where that could not be read."""

    branch: str
    sources: Mapping[str, frozenset[int | None]] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What GitHub says of one repository. `policy`: whether its owner has one of its own; None where not readable.

    `teams`: those that may be asked for approvals. `unread`: of these, whose members the App may not read.
    """

    requires: Requires
    policy: bool | None
    policy_error: str
    members: bool
    teams: tuple[str, ...]
    unread: tuple[str, ...]


async def look_at(settings: Settings, name: RepositoryName) -> Looked | None:
    """None where the App is not installed. Raises GitHubError for what keeps everything from being asked."""
    github = settings.need_github()
    async with open_transport(github.api_url, now=_now) as transport:
        tokens = InstallationTokens(
            transport, app_id=github.app_id, private_key_pem=github.private_key.expose(), now=_now
        )
        client = Client(transport, tokens)
        facts = await repository_facts(client, name)
        if facts is None:
            return None
        policy, policy_error = await _policy(client, facts)
        teams = await _teams(client, facts)
        members = "members" in facts.permissions
        return Looked(
            requires=await _requires(client, facts),
            policy=policy,
            policy_error=policy_error,
            members=members,
            teams=teams,
            unread=await _unread(client, facts, teams) if members else teams,
        )


async def _requires(client: Client, facts: RepositoryFacts) -> Requires:
    branch = facts.default_branch
    try:
        return Requires(branch, await RequiredCheckReader(client).sources(facts.place, branch))
    except GitHubError as error:
        return Requires(branch, None, str(error))


async def _policy(client: Client, facts: RepositoryFacts) -> tuple[bool | None, str]:
    reader = OrganisationPolicyReader(client, now=_now)
    try:
        return await reader.read(facts.place.ref, facts.place.repository.owner) is not None, ""
    except GitHubError as error:
        return None, str(error)


async def _teams(client: Client, facts: RepositoryFacts) -> tuple[str, ...]:
    """Every `@organisation/team` that stands in the policy or a CODEOWNERS file of the default branch."""
    found: set[str] = set()
    for path in (POLICY_PATH, *LOCATIONS):
        try:
            text = await file_text(client, facts.place, path)
        except GitHubRefused:
            continue
        found |= {f"{owner}/{slug}".lower() for owner, slug in _TEAM.findall(text)}
    return tuple(sorted(found))


async def _unread(client: Client, facts: RepositoryFacts, teams: tuple[str, ...]) -> tuple[str, ...]:
    people = PeopleReader(client)
    return tuple([team for team in teams[:MOST_TEAMS] if await people.team(facts.place, team) is None])


def _now() -> datetime:
    return datetime.now(UTC)
