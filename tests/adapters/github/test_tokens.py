"""Installation tokens: one mint for many callers, fresh ones in time, and clear words when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from app.adapters.github.app_jwt import app_jwt
from app.adapters.github.client import Client
from app.adapters.github.pull_requests import PullRequestReader
from app.adapters.github.tokens import InstallationTokens, Stage
from app.adapters.github.transport import open_transport
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import PullRequestRef, RepositoryName
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.github.auth import generate_private_key


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Setting:
    tokens: InstallationTokens
    client: Client
    ref: PullRequestRef
    clock: Clock
    pull: PullRequest


@asynccontextmanager
async def opened(github: FakeGitHub, *, key: str | None = None) -> AsyncIterator[Setting]:
    installation = github.add_installation("acme")
    repo = github.create_repository("acme/web", installation=installation)
    repo.commit("main", {"a": "1"})
    repo.commit("feature", {"a": "2"})
    pull = repo.open_pull_request(head="feature")
    clock = Clock(datetime.now(UTC))

    async def no_sleep(_seconds: float) -> None:
        return

    async with open_transport(github.api_url, now=clock, sleep=no_sleep) as transport:
        tokens = InstallationTokens(
            transport, app_id=github.app.id, private_key_pem=key or github.app_private_key, now=clock
        )
        yield Setting(
            tokens, Client(transport, tokens), PullRequestRef(installation.id, repo.id, pull.number), clock, pull
        )


def test_the_app_jwt_is_what_github_asks_for(github: FakeGitHub) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    claims = jwt.decode(app_jwt(7, github.app_private_key, now=now), options={"verify_signature": False})

    assert claims["iss"] == "7"
    assert datetime.fromtimestamp(claims["iat"], UTC) == now - timedelta(seconds=60)
    assert timedelta() < datetime.fromtimestamp(claims["exp"], UTC) - now < timedelta(minutes=10)


async def test_many_callers_share_one_mint_and_stages_do_not(github: FakeGitHub) -> None:
    async with opened(github) as setting:
        many = await asyncio.gather(*(setting.tokens.get(setting.ref, Stage.GATHER) for _ in range(5)))
        other = await setting.tokens.get(setting.ref, Stage.PUBLISH)

    assert len({token.value for token in many}) == 1
    assert other.value != many[0].value
    assert len([c for c in github.calls if c.path.endswith("access_tokens")]) == 2
    assert many[0].repository == RepositoryName("acme", "web")
    assert many[0].value not in repr(many[0])


async def test_a_token_is_renewed_five_minutes_before_its_end(github: FakeGitHub) -> None:
    async with opened(github) as setting:
        first = await setting.tokens.get(setting.ref, Stage.GATHER)
        setting.clock.now = first.expires_at - timedelta(minutes=5, seconds=1)
        assert await setting.tokens.get(setting.ref, Stage.GATHER) is first
        setting.clock.now = datetime.now(UTC)
        setting.tokens.drop(setting.ref, Stage.GATHER, replace(first, value="another"))
        assert await setting.tokens.get(setting.ref, Stage.GATHER) is first
        setting.tokens.drop(setting.ref, Stage.GATHER, first)
        assert await setting.tokens.get(setting.ref, Stage.GATHER) is not first


async def test_a_wrong_key_says_what_to_check(github: FakeGitHub) -> None:
    another_key = generate_private_key.__wrapped__()
    async with opened(github, key=another_key) as setting:
        with pytest.raises(GitHubRefused, match="check the App id, the private key and this machine's clock"):
            await setting.tokens.get(setting.ref, Stage.GATHER)


async def test_an_unknown_installation_says_so(github: FakeGitHub) -> None:
    async with opened(github) as setting:
        with pytest.raises(GitHubRefused, match="GitHub knows no such App or installation"):
            await setting.tokens.get(replace(setting.ref, installation_id=1), Stage.GATHER)


@pytest.mark.parametrize("body", [{}, [], {"token": "x", "expires_at": "never"}])
async def test_a_token_reply_of_another_shape_is_unavailable(github: FakeGitHub, body: object) -> None:
    async with opened(github) as setting:
        github.faults.add(path="access_tokens", status=201, body=body)
        with pytest.raises(GitHubUnavailable, match="documented shape"):
            await setting.tokens.get(setting.ref, Stage.GATHER)


async def test_a_server_that_does_not_name_repositories_is_asked_by_the_hint(github: FakeGitHub) -> None:
    async with opened(github) as setting:
        expires = (setting.clock.now + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        github.faults.add(path="access_tokens", status=201, body={"token": "x", "expires_at": expires})
        token = await setting.tokens.get(setting.ref, Stage.GATHER)

    assert token.repository is None


@pytest.mark.parametrize(
    "body", [{}, {"title": 1}, {"title": "t", "body": None, "user": None, "state": "open", "head": {}, "base": {}}]
)
async def test_a_pull_request_of_another_shape_is_unavailable(github: FakeGitHub, body: dict[str, object]) -> None:
    async with opened(github) as setting:
        github.faults.add(method="GET", path=r"/pulls/\d+$", status=200, body=body)
        with pytest.raises(GitHubUnavailable, match="wrong shape at"):
            await PullRequestReader(setting.client).read(setting.ref, RepositoryName("acme", "web"))


async def test_a_pull_request_of_a_deleted_fork_by_a_ghost_is_read(github: FakeGitHub) -> None:
    async with opened(github) as setting:
        data = setting.pull.fake.deliveries.of("pull_request")[-1].payload["pull_request"]
        data |= {"user": None, "head": data["head"] | {"repo": None}, "body": None}
        github.faults.add(method="GET", path=r"/pulls/\d+$", status=200, body=data)
        pull = await PullRequestReader(setting.client).read(setting.ref, RepositoryName("acme", "web"))

    assert (pull.author_id, pull.head_repository_id, pull.body) == (None, None, "")
