"""The log of deliveries and the list of open pull requests: what is asked, what is believed, and where it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.adapters.github.client import Client
from app.adapters.github.hook_deliveries import HookDeliveryLog
from app.adapters.github.open_pull_requests import OpenPullRequestLister
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.missed import HookDelivery, KnownRepository, OpenPullRequest
from app.domain.pull_request import RepositoryName, Sha
from tests.fakes.github import FakeGitHub, Repository

LIST = r"/app/hook/deliveries$"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def no_sleep(_seconds: float) -> None:
    return


@pytest.fixture
async def client(github: FakeGitHub) -> AsyncIterator[Client]:
    def now() -> datetime:
        return datetime.now(UTC)

    async with open_transport(github.api_url, now=now, sleep=no_sleep) as transport:
        tokens = InstallationTokens(transport, app_id=github.app.id, private_key_pem=github.app_private_key, now=now)
        yield Client(transport, tokens)


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    repo = github.create_repository("acme/web", installation=github.add_installation("acme"))
    repo.commit("main", {"a": "1"})
    return repo


async def listed(client: Client, since: datetime = LONG_AGO) -> list[HookDelivery]:
    return [delivery async for delivery in HookDeliveryLog(client).list(since)]


def calls(github: FakeGitHub, path: str) -> list[dict[str, str]]:
    return [call.query for call in github.calls if call.path.endswith(path)]


async def test_the_log_comes_newest_first_with_every_attempt(github: FakeGitHub, client: Client) -> None:
    ping = github.ping()
    ping.status_code = 503
    again = github.deliveries.redeliver(ping)

    newest, oldest = await listed(client)
    assert (newest.id, newest.guid, newest.redelivery, newest.ok) == (again.id, ping.guid, True, True)
    assert (oldest.id, oldest.guid, oldest.redelivery, oldest.ok) == (ping.id, ping.guid, False, False)
    assert (oldest.event, oldest.action, oldest.status_code) == ("ping", None, 503)
    assert abs(oldest.delivered_at - ping.delivered_at) < timedelta(seconds=1)


async def test_pages_follow_the_cursor_and_end_at_the_time_asked_for(github: FakeGitHub, client: Client) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    for number in range(320):
        github.clock = lambda at=start + timedelta(seconds=number): at  # type: ignore[misc]
        github.ping()
    github.clock = lambda: datetime.now(UTC)

    found = await listed(client, start + timedelta(seconds=150))
    assert [d.id for d in found] == [d.id for d in github.deliveries[:149:-1]]
    first, second = calls(github, "/app/hook/deliveries")
    assert (first, sorted(second)) == ({"per_page": "100"}, ["cursor", "per_page"])


async def test_only_the_cursor_of_a_link_is_followed(github: FakeGitHub, client: Client) -> None:
    """A link to elsewhere would take the App's JWT there."""
    link = '<https://evil.example/app/hook/deliveries?cursor=v1_5%261&per_page=1>; rel="next"'
    github.faults.add(path=LIST, times=1, status=200, body=[], headers={"link": link})
    github.faults.add(path=LIST, times=1, status=200, body=[])

    assert await listed(client) == []
    assert calls(github, "/app/hook/deliveries")[1] == {"per_page": "100", "cursor": "v1_5&1"}


@pytest.mark.parametrize("query", ["page=2", "cursor=a&cursor=b", "cursor="])
async def test_a_link_without_one_cursor_is_not_taken_for_the_end(
    github: FakeGitHub, client: Client, query: str
) -> None:
    link = f'<{github.api_url}/app/hook/deliveries?{query}>; rel="next"'
    github.faults.add(path=LIST, times=1, status=200, body=[], headers={"link": link})

    with pytest.raises(GitHubUnavailable, match="no cursor"):
        await listed(client)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "at: $"),
        ([1], "at: $"),
        ([{"id": 1, "guid": "a b", "event": "ping", "action": None, "redelivery": False, "status_code": 1}], "guid"),
    ],
)
async def test_a_log_of_a_wrong_shape_says_where(github: FakeGitHub, client: Client, body: Any, where: str) -> None:
    github.faults.add(path=LIST, times=1, status=200, body=body)

    with pytest.raises(GitHubUnavailable, match=where):
        await listed(client)


async def test_a_payload_is_canonical_json(github: FakeGitHub, client: Client) -> None:
    ping = github.ping()
    ping.body = '{"b": "ü", "a": [1, {"d": null, "c": 2}]}'.encode()

    body = await HookDeliveryLog(client).payload(ping.id)
    assert body == b'{"a":[1,{"c":2,"d":null}],"b":"\\u00fc"}'
    assert json.loads(body) == json.loads(ping.body)


async def test_a_payload_may_be_gone(github: FakeGitHub, client: Client) -> None:
    ping = github.ping()
    ping.body = b"null"
    log = HookDeliveryLog(client)

    assert await log.payload(ping.id) is None
    assert await log.payload(1) is None


async def test_a_refused_payload_is_an_error_and_so_is_a_wrong_shape(github: FakeGitHub, client: Client) -> None:
    ping = github.ping()
    log = HookDeliveryLog(client)
    github.faults.add(path="deliveries", times=1, status=403, body={"message": "no"})
    with pytest.raises(GitHubRefused):
        await log.payload(ping.id)
    wrong: tuple[object, ...] = ([], {"request": None}, {"id": 1})
    for body in wrong:
        github.faults.add(path="deliveries", times=1, status=200, body=body)
        with pytest.raises(GitHubUnavailable, match=r"no request\.payload"):
            await log.payload(ping.id)


def known(repo: Repository, name: str = "acme/web") -> KnownRepository:
    assert repo.installation is not None
    return KnownRepository(repo.installation.id, repo.id, RepositoryName.parse(name), LONG_AGO)


async def pulls(client: Client, repo: Repository, *, most: int = 1000) -> list[OpenPullRequest]:
    return [pull async for pull in OpenPullRequestLister(client, most=most).list(known(repo, "acme/old"))]


async def test_open_pull_requests_come_last_updated_first(github: FakeGitHub, client: Client, repo: Repository) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    made = []
    for number in range(3):
        github.clock = lambda at=start - timedelta(minutes=9 - number): at  # type: ignore[misc]
        repo.commit(f"b{number}", {"a": str(number)})
        made.append(repo.open_pull_request(head=f"b{number}", draft=number == 1))
    github.clock = lambda: start
    made[0].edit(title="Changed last")
    made[2].close()

    assert await pulls(client, repo) == [
        OpenPullRequest(
            number=pull.number,
            repository=RepositoryName("acme", "web"),
            account_id=repo.owner.id,
            head=Sha(pull.head_sha),
            draft=pull.draft,
            created_at=pull.created_at,
            updated_at=pull.updated_at,
        )
        for pull in made[:2]
    ]
    (asked,) = calls(github, "/acme/web/pulls")
    assert asked == {"state": "open", "sort": "updated", "direction": "desc", "per_page": "100", "page": "1"}


async def test_the_list_has_a_limit_and_says_when_it_was_reached(
    client: Client, repo: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        repo.commit(f"b{number}", {"a": str(number)})
        repo.open_pull_request(head=f"b{number}")

    assert len(await pulls(client, repo, most=2)) == 2
    assert caplog.records == []
    caplog.set_level(logging.WARNING)
    assert len(await pulls(client, repo, most=1)) == 1
    assert "more than 1 open pull requests" in caplog.text


async def test_a_list_of_a_wrong_shape_or_of_another_repository_is_not_believed(
    github: FakeGitHub, client: Client, repo: Repository
) -> None:
    github.faults.add(path=r"/pulls$", times=1, status=200, body=[{"number": 1}])
    with pytest.raises(GitHubUnavailable, match=r"wrong shape at: .*head"):
        await pulls(client, repo)
    other = {
        "number": 1,
        "head": {"sha": "a" * 40},
        "base": {"repo": {"id": repo.id + 1, "full_name": "acme/web", "owner": {"id": 1}}},
        "created_at": "2026-11-21T12:00:00Z",
        "updated_at": "2026-11-21T12:00:00Z",
    }
    github.faults.add(path=r"/pulls$", times=1, status=200, body=[other])
    with pytest.raises(GitHubUnavailable, match="got another's"):
        await pulls(client, repo)
