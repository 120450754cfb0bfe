"""One HTTP call to GitHub through githubkit: time-outs, retries that know idempotency, typed errors."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from githubkit import GitHub, Response, UnauthAuthStrategy
from githubkit.exception import RequestError, RequestFailed, RequestTimeout

from app.domain.errors import GitHubRefused, GitHubUnavailable, RateLimited, WriteUncertain

API_VERSION = "2022-11-28"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
ATTEMPTS = 3

_IDEMPOTENT = frozenset(("GET", "PUT", "PATCH", "DELETE"))
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500
_SECONDARY_PAUSE = timedelta(seconds=60)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer. `next_url` leads to the next page of a list: pages have numbers or, in logs, cursors."""

    json: Any
    next_url: str | None

    @property
    def has_next_page(self) -> bool:
        return self.next_url is not None


class _GitHub(GitHub[Any]):
    """githubkit without its own reading of rate limits: it ends in ValueError on a `Retry-After` that is a date."""

    def _check_rate_limit(self, response: Response[Any, Any]) -> None:
        """Nothing: `Transport` reads the limits from the refusal itself."""


class Transport:
    """Calls of one GitHub host. Nothing is cached and nothing is shared between hosts or tokens."""

    def __init__(self, github: GitHub[Any], *, now: Callable[[], datetime], sleep: Sleep) -> None:
        self._github = github
        self._now = now
        self._sleep = sleep

    async def call(self, method: str, path: str, *, authorization: str, body: object = None) -> Reply:
        """Raises RateLimited, GitHubRefused (4xx), GitHubUnavailable, or WriteUncertain for a POST whose fate is
        unknown. A POST is repeated only when it was surely never sent.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(method, path, authorization, body)
            except (WriteUncertain, RateLimited):
                raise
            except GitHubUnavailable:
                if attempt == ATTEMPTS:
                    raise
                await self._sleep(0.5 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311
        raise AssertionError("unreachable")

    async def _once(self, method: str, path: str, authorization: str, body: object) -> Reply:
        what = f"{method} {path.partition('?')[0]}"
        repeatable = method in _IDEMPOTENT
        try:
            response: Response[Any, Any] = await self._github.arequest(
                method,
                path,
                json=body,
                headers={
                    "Authorization": authorization,
                    "Accept": "application/vnd.github+json",
                    "X-GitHub-Api-Version": API_VERSION,
                },
            )
        except RequestFailed as error:
            raise self._refusal(what, error.response, repeatable=repeatable) from None
        except RequestTimeout as error:
            sent = not isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise _broken(f"{what}: timed out", uncertain=sent and not repeatable) from None
        except RequestError as error:
            cause = error.__cause__
            sent = not isinstance(cause, httpx.ConnectError)
            why = f"{what}: {type(cause).__name__} at {self._github.config.base_url}"
            raise _broken(why, uncertain=sent and not repeatable) from None
        return Reply(_json(what, response, repeatable=repeatable), _next_url(response))

    def _refusal(self, what: str, response: Response[Any, Any], *, repeatable: bool) -> Exception:
        status = response.status_code
        message = f"{what}: HTTP {status}{_told(response)}"
        if status in (_FORBIDDEN, _TOO_MANY) and (retry_at := self._retry_at(response)) is not None:
            return RateLimited(message, retry_at=retry_at)
        if status >= _SERVER_ERROR:
            return _broken(message, uncertain=not repeatable)
        return GitHubRefused(message, status=status)

    def _retry_at(self, response: Response[Any, Any]) -> datetime | None:
        """When a limit is over, or None when the answer is not about limits.

        Source: GitHub Docs, "Rate limits for the REST API": `retry-after` first, then `x-ratelimit-reset` when nothing
        remains, else at least a minute.
        """
        headers = response.headers
        if (after := headers.get("retry-after")) is not None:
            return _after(after, self._now())
        if headers.get("x-ratelimit-remaining") == "0":
            reset = headers.get("x-ratelimit-reset", "")
            return datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else self._now() + _SECONDARY_PAUSE
        if response.status_code == _TOO_MANY or "secondary rate limit" in response.text.lower():
            return self._now() + _SECONDARY_PAUSE
        return None


@asynccontextmanager
async def open_transport(
    api_url: str, *, now: Callable[[], datetime], sleep: Sleep = asyncio.sleep
) -> AsyncIterator[Transport]:
    """A transport for one API root, such as https://api.github.com or https://HOST/api/v3."""
    github = _GitHub(
        UnauthAuthStrategy(),
        base_url=api_url.rstrip("/") + "/",
        user_agent="revwright",
        follow_redirects=True,  # renamed repositories; httpx drops the token on another host
        timeout=TIMEOUT,
        http_cache=False,  # githubkit's cache is shared between tokens
        auto_retry=False,  # it would repeat a POST, and sleep out an hour's rate limit in a worker's slot
    )
    async with github:
        yield Transport(github, now=now, sleep=sleep)


def _next_url(response: Response[Any, Any]) -> str | None:
    return response.raw_response.links.get("next", {}).get("url")


def _broken(message: str, *, uncertain: bool) -> GitHubUnavailable:
    return WriteUncertain(message) if uncertain else GitHubUnavailable(message)


def _json(what: str, response: Response[Any, Any], *, repeatable: bool) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise _broken(f"{what}: the answer is not JSON", uncertain=not repeatable) from None


def _told(response: Response[Any, Any]) -> str:
    """GitHub's own short message, if it sent one."""
    try:
        data = response.json()
    except ValueError:
        return ""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    return f" {str(data.get('message', ''))[:200]}" + (f" {str(errors)[:500]}" if errors else "")


def _after(value: str, now: datetime) -> datetime:
    """`Retry-After`: seconds or an HTTP date."""
    if value.strip().isdigit():
        return now + timedelta(seconds=int(value))
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return now + _SECONDARY_PAUSE
