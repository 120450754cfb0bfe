"""Our App installed on the GitHub of the tests, with the product's own client and writers, and one open change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.adapters.github.checks import CheckWriter
from app.adapters.github.client import Client
from app.adapters.github.conversation import ConversationWriter
from app.adapters.github.graphql import GraphQL
from app.adapters.github.labels import LabelWriter
from app.adapters.github.limits import RESERVE
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.permissions import PermissionReader
from app.adapters.github.review_requests import ReviewRequestWriter
from app.adapters.github.threads import ThreadWriter
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import Transport, open_transport
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.ports import Pace, Place
from tests.fakes.github import FakeGitHub, PullRequest, User


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Slept:
    """A sleep that takes no time and remembers what was asked of it."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class NoLine:
    """Implements ports.Pace: everybody's turn is now."""

    async def turn(self, installation_id: int, *, longest_seconds: float) -> float:
        return 0.0


@dataclass
class Installed:
    github: FakeGitHub
    author: User
    pull: PullRequest
    place: Place
    clock: Clock
    transport: Transport
    tokens: InstallationTokens
    client: Client
    conversation: ConversationWriter
    checks: CheckWriter
    labels: LabelWriter
    requests: ReviewRequestWriter
    threads: ThreadWriter
    permissions: PermissionReader
    slept: Slept

    def written(self) -> list[str]:
        """Method and path of every write that reached GitHub, token requests aside."""
        calls = (call for call in self.github.calls if call.method != "GET")
        return [f"{call.method} {call.path}" for call in calls if not call.path.endswith("/access_tokens")]


@asynccontextmanager
async def installed(
    github: FakeGitHub, *, account: str = "acme", pace: Pace | None = None, reserve: int = RESERVE
) -> AsyncIterator[Installed]:
    """Every call is checked against GitHub's description at the end."""
    installation = github.add_installation(account)
    repo = github.create_repository(f"{account}/web", installation=installation)
    repo.commit("main", {"a.py": "a = 1\n"})
    repo.commit("feature", {"a.py": "a = 2\n"})
    author = github.add_user(f"{account}-dev")
    repo.permissions[author.id] = "write"
    pull = repo.open_pull_request(head="feature", user=author)
    clock, slept = Clock(datetime.now(UTC)), Slept()
    github.clock = clock
    async with open_transport(github.api_url, now=clock, sleep=slept, reserve=reserve) as transport:
        tokens = InstallationTokens(transport, app_id=github.app.id, private_key_pem=github.app_private_key, now=clock)
        client = Client(transport, tokens)
        writes = NotifyingWrites(client, pace or NoLine(), now=clock, sleep=slept)
        yield Installed(
            github=github,
            author=author,
            pull=pull,
            place=Place(PullRequestRef(installation.id, repo.id, pull.number), RepositoryName.parse(repo.full_name)),
            clock=clock,
            transport=transport,
            tokens=tokens,
            client=client,
            conversation=ConversationWriter(client, writes, app_id=github.app.id),
            checks=CheckWriter(client, app_id=github.app.id, now=clock),
            labels=LabelWriter(client, writes),
            requests=ReviewRequestWriter(client, writes),
            threads=ThreadWriter(GraphQL(client, now=clock), writes),
            permissions=PermissionReader(client),
            slept=slept,
        )
    assert github.violations == []
    assert github.unprocessable == []  # a test that means a 422 clears them
