"""One call to GitHub: which failures are repeated, which are typed how, and that no token stands in any of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.adapters.github.transport import Transport, open_transport
from app.domain.errors import GitHubRefused, GitHubUnavailable, RateLimited, WriteUncertain
from tests.fakes.github import FakeGitHub
from tests.foreign.serving import wait_until
from tests.installed import Slept

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN = "ghs_canarycanarycanarycanarycanarycanary"


@asynccontextmanager
async def transport(url: str) -> AsyncIterator[tuple[Transport, list[float]]]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with open_transport(url, now=lambda: NOW, sleep=sleep) as opened:
        yield opened, slept


async def fail(github: FakeGitHub, method: str = "GET", **fault: object) -> Exception:
    """What a call raises when GitHub fails like this every time."""
    github.faults.add(path="rate_limit", times=99, **fault)  # type: ignore[arg-type]
    async with transport(github.api_url) as (opened, _):
        with pytest.raises(Exception, match=r".*") as caught:
            await opened.call(method, "/rate_limit", authorization=f"token {TOKEN}")
    assert TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, timedelta(seconds=90)),
        ({"retry-after": "soon"}, timedelta(seconds=60)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 30)}, timedelta(seconds=30)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"}, timedelta(seconds=60)),
    ],
)
@pytest.mark.parametrize("status", [403, 429])
async def test_limits_say_when_to_come_back(
    github: FakeGitHub, status: int, headers: dict[str, str], wait: timedelta
) -> None:
    error = await fail(github, status=status, headers={"x-ratelimit-remaining": "9"} | headers, body={"message": "m"})

    assert isinstance(error, RateLimited)
    assert error.retry_at == NOW + wait


async def test_a_429_and_the_words_of_a_secondary_limit_wait_a_minute(github: FakeGitHub) -> None:
    for status, message in ((429, "no"), (403, "You have exceeded a secondary rate limit.")):
        headers = {"x-ratelimit-remaining": "9"}
        error = await fail(github, status=status, headers=headers, body={"message": message})
        github.faults.clear()
        assert isinstance(error, RateLimited)
        assert error.retry_at == NOW + timedelta(seconds=60)


async def test_a_plain_403_is_refused_with_githubs_words(github: FakeGitHub) -> None:
    body = {"message": "Resource not accessible by integration", "errors": [{"code": "x"}]}
    error = await fail(github, status=403, headers={"x-ratelimit-remaining": "9"}, body=body)

    assert isinstance(error, GitHubRefused)
    assert error.status == 403
    assert "Resource not accessible by integration [{'code': 'x'}]" in str(error)


@pytest.mark.parametrize("body", ["<html>", [1], None])
async def test_a_refusal_without_words_is_a_refusal_all_the_same(github: FakeGitHub, body: object) -> None:
    error = await fail(github, status=404, body=body)

    assert isinstance(error, GitHubRefused)


async def test_reads_are_repeated_and_then_given_up(github: FakeGitHub) -> None:
    fault = github.faults.add(path="rate_limit", times=99, status=502)
    async with transport(github.api_url) as (opened, slept):
        with pytest.raises(GitHubUnavailable) as caught:
            await opened.call("GET", "/rate_limit", authorization="token x")

    assert not isinstance(caught.value, WriteUncertain)
    assert (fault.hits, len(slept)) == (3, 2)


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True, "status": None}])
async def test_a_post_whose_fate_is_unknown_is_not_repeated(github: FakeGitHub, fault: dict[str, object]) -> None:
    waiting = github.faults.add(method="POST", path="rate_limit", times=99, **fault)  # type: ignore[arg-type]
    async with transport(github.api_url) as (opened, _):
        with pytest.raises(WriteUncertain):
            await opened.call("POST", "/rate_limit", authorization="token x", body={})

    assert waiting.hits == 1


async def test_a_dropped_read_is_repeated(github: FakeGitHub) -> None:
    fault = github.faults.add(method="GET", path="rate_limit", times=99, drop=True, status=None)
    async with transport(github.api_url) as (opened, _):
        with pytest.raises(GitHubUnavailable):
            await opened.call("GET", "/rate_limit", authorization="token x")

    assert fault.hits == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_that_was_never_made_is_certain_and_repeated(method: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with transport(url) as (opened, slept):
            with pytest.raises(GitHubUnavailable) as caught:
                await opened.call(method, "/x", authorization=f"token {TOKEN}")

    assert not isinstance(caught.value, WriteUncertain)
    assert len(slept) == 2
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_call_that_timed_out_is_not_repeated_here(github: FakeGitHub, method: str) -> None:
    github.faults.add(path="rate_limit", times=9, status=None, delay=1)
    slept = Slept()
    timeout = httpx.Timeout(10, read=0.1)
    async with open_transport(github.api_url, now=lambda: NOW, sleep=slept, timeout=timeout) as opened:
        with pytest.raises(GitHubUnavailable, match="timed out") as caught:
            await opened.call(method, "/rate_limit", authorization="token x")

    assert isinstance(caught.value, WriteUncertain) == (method == "POST")
    assert slept.seconds == []


async def test_an_answer_that_is_no_json_is_unavailable(github: FakeGitHub) -> None:
    error = await fail(github, status=200, body="<html>captive portal</html>")

    assert isinstance(error, GitHubUnavailable)


async def test_the_api_version_and_our_name_are_sent(github: FakeGitHub) -> None:
    async with transport(github.api_url) as (opened, _):
        with pytest.raises(GitHubRefused, match="401"):
            await opened.call("GET", "/app", authorization="Bearer nonsense")

    (call,) = github.calls
    assert (call.api_version, call.user_agent) == ("2022-11-28", "revwright")


async def test_a_write_on_its_way_is_heard_out_when_its_caller_is_cancelled(github: FakeGitHub) -> None:
    """Else GitHub could apply it after its successor had looked for it in vain."""
    fault = github.faults.add(method="POST", path="rate_limit", status=None, delay=1.0)
    async with transport(github.api_url) as (opened, _):
        write = asyncio.create_task(opened.call("POST", "/rate_limit", authorization=f"token {TOKEN}"))
        await asyncio.to_thread(wait_until, lambda: fault.hits > 0, seconds=10, what=lambda: "the write did not arrive")

        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write

        assert [call.method for call in github.calls] == ["POST"]
