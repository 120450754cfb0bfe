"""One HTTP call to GitHub through githubkit: time-outs, retries that know idempotency, typed errors."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import httpx
from githubkit import GitHub, Response, UnauthAuthStrategy
from githubkit.exception import RequestError, RequestFailed, RequestTimeout

from app.adapters.github.limit_headers import retry_after_seconds
from app.adapters.github.limits import RESERVE, Limits
from app.adapters.in_flight import heard_out
from app.domain.errors import GitHubRefused, GitHubUnavailable, WriteUncertain

API_VERSION = "2022-11-28"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
PAUSES = (0.5, 1.5)
"""Seconds before the second and the third attempt at a call: longer outages are for the back-off between jobs, so that
they do not hold a worker.
"""

_IDEMPOTENT = frozenset(("PUT", "PATCH", "DELETE"))
_UNAUTHORIZED, _SERVER_ERROR = 401, 500

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer, or a redirect that was not to be followed: then `headers` say where to.

    `next_url` leads to the next page of a list: pages have numbers or, in logs, cursors.
    """

    json: Any
    next_url: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_next_page(self) -> bool:
        return self.next_url is not None


class _TimedOut(GitHubUnavailable):
    """Harmless to repeat, but not here: the time-out has held the worker for long enough."""


class _GitHub(GitHub[Any]):
    """githubkit without its own reading of rate limits: it ends in ValueError on a `Retry-After` that is a date."""

    def _check_rate_limit(self, response: Response[Any, Any]) -> None:
        """Nothing: `Transport` reads the limits from the refusal itself."""


class Transport:
    """Calls of one GitHub host. Nothing is cached and nothing is shared between hosts or tokens."""

    def __init__(
        self,
        github: GitHub[Any],
        *,
        staying: GitHub[Any],
        now: Callable[[], datetime],
        sleep: Sleep,
        reserve: int = RESERVE,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._github = github
        self._staying = staying
        """The same without following redirects."""
        self._may_write = may_write
        self._now = now
        self._sleep = sleep
        self.limits = Limits(now=now, reserve=reserve)

    @property
    def api_url(self) -> str:
        """The REST root."""
        return str(self._github.config.base_url)

    @property
    def graphql_url(self) -> str:
        """Beside the REST root: https://api.github.com/graphql, or /api/graphql where REST is at /api/v3."""
        root = str(self._github.config.base_url).rstrip("/")
        return f"{root.removesuffix('/v3')}/graphql" if root.endswith("/api/v3") else f"{root}/graphql"

    async def call(
        self,
        method: str,
        path: str,
        *,
        authorization: str,
        body: object = None,
        installation_id: int | None = None,
        essential: bool = False,
        reads: bool = False,
        follows: bool = True,
    ) -> Reply:
        """`installation_id` says whose limits count; None is the App itself. For `essential` see `Limits`. `reads`: it
        is a POST that changes nothing, as GraphQL has them. Not `follows`: a redirect is the answer.

        Raises RateLimited (before any call, where the limit is known), GitHubRefused (4xx), GitHubUnavailable, or
        WriteUncertain for a POST whose fate is unknown. A POST is repeated only when it was surely never sent.
        """
        reads = reads or method == "GET"
        for pause in (*PAUSES, None):
            if not reads:
                self._may_write()
            self.limits.admit(installation_id, essential=essential)
            try:
                return await self._once(
                    method, path, authorization, body, installation_id, reads=reads, follows=follows
                )
            except (WriteUncertain, _TimedOut):
                raise
            except GitHubUnavailable as error:
                asked = error.retry_after_seconds or 0.0
                if pause is None or asked > pause:
                    raise
                await self._sleep(max(asked, pause * random.uniform(0.5, 1.0)))  # noqa: S311
        raise AssertionError("unreachable")

    async def _once(
        self,
        method: str,
        path: str,
        authorization: str,
        body: object,
        installation_id: int | None,
        *,
        reads: bool,
        follows: bool,
    ) -> Reply:
        what = f"{method} {path.partition('?')[0]}"
        repeatable = reads or method in _IDEMPOTENT
        request: Coroutine[Any, Any, Response[Any, Any]] = (self._github if follows else self._staying).arequest(
            method,
            path,
            json=body,
            headers={
                "Authorization": authorization,
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": API_VERSION,
            },
        )
        try:
            response = await (request if reads else heard_out(request))
        except RequestFailed as error:
            if (
                error.response.status_code != _UNAUTHORIZED
            ):  # its headers count the calls of our address, without a token
                self.limits.heard(installation_id, error.response.headers)
            raise self._refusal(what, error.response, installation_id, repeatable=repeatable) from None
        except RequestTimeout as error:
            sent = not isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout)
            kind = WriteUncertain if sent and not repeatable else _TimedOut
            raise kind(f"{what}: timed out") from None
        except RequestError as error:
            cause = error.__cause__
            sent = not isinstance(cause, httpx.ConnectError)
            why = f"{what}: {type(cause).__name__} at {self._github.config.base_url}"
            raise _broken(why, uncertain=sent and not repeatable) from None
        self.limits.heard(installation_id, response.headers)
        if response.raw_response.has_redirect_location:  # it was not followed, and what stands in it is for people
            return Reply(None, None, response.headers)
        return Reply(_json(what, response, repeatable=repeatable), _next_url(response), response.headers)

    def _refusal(
        self, what: str, response: Response[Any, Any], installation_id: int | None, *, repeatable: bool
    ) -> Exception:
        status, headers = response.status_code, response.headers
        message = f"{what}: HTTP {status}{_told(response)}"
        limited = self.limits.refused(installation_id, message, status=status, headers=headers, text=response.text)
        if limited is not None:
            return limited
        if status >= _SERVER_ERROR:
            after = retry_after_seconds(headers, self._now())
            return _broken(message, uncertain=not repeatable, retry_after_seconds=after)
        return GitHubRefused(message, status=status)


@asynccontextmanager
async def open_transport(
    api_url: str,
    *,
    now: Callable[[], datetime],
    sleep: Sleep = asyncio.sleep,
    reserve: int = RESERVE,
    may_write: Callable[[], None] = lambda: None,
    timeout: httpx.Timeout = TIMEOUT,  # noqa: ASYNC109 - of each call, not of this function
) -> AsyncIterator[Transport]:
    """A transport for one API root, such as https://api.github.com or https://HOST/api/v3.

    `reserve`: so many calls of each installation's hour are kept for essential ones. `may_write` is called right before
    each attempt at a call that is not a GET, and raises when there must be none.
    """
    async with _github(api_url, timeout, follows=True) as github, _github(api_url, timeout, follows=False) as staying:
        yield Transport(github, staying=staying, now=now, sleep=sleep, reserve=reserve, may_write=may_write)


def _github(api_url: str, timeout: httpx.Timeout, *, follows: bool) -> _GitHub:
    return _GitHub(
        UnauthAuthStrategy(),
        base_url=api_url.rstrip("/") + "/",
        user_agent="revwright",
        follow_redirects=follows,  # renamed repositories; httpx drops the token on another host
        timeout=timeout,
        http_cache=False,  # githubkit's cache is shared between tokens
        ssl_verify=authorities(),
        auto_retry=False,  # it would repeat a POST, and sleep out an hour's rate limit in a worker's slot
    )


@cache
def authorities() -> ssl.SSLContext:
    """What httpx trusts. Reading it takes 30 ms, so all transports of a process share it."""
    return httpx.create_ssl_context()


def _next_url(response: Response[Any, Any]) -> str | None:
    return response.raw_response.links.get("next", {}).get("url")


def _broken(message: str, *, uncertain: bool, retry_after_seconds: float | None = None) -> GitHubUnavailable:
    kind = WriteUncertain if uncertain else GitHubUnavailable
    return kind(message, retry_after_seconds=retry_after_seconds)


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
