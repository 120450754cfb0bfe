"""Installation tokens: narrowed to one repository and one stage, minted once, dropped when GitHub refuses them.

A token that moves a branch of somebody else's is minted for that moment, and revoked after it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from app.adapters.github.app_jwt import app_jwt
from app.adapters.github.transport import Transport
from app.adapters.in_flight import heard_out
from app.domain.errors import GitHubError, GitHubRefused, GitHubUnavailable, WriteUncertain
from app.domain.pull_request import PullRequestRef, RepositoryName

_REFRESH_EARLY = timedelta(minutes=5)
_MAX_CACHED = 1_000


class Stage(Enum):
    """What a token may do. The values are the permissions asked for; nothing else is ever granted."""

    GATHER = (("contents", "read"), ("pull_requests", "read"))
    PUBLISH = (("checks", "write"), ("issues", "write"), ("pull_requests", "write"))
    MEMBERS = (("members", "read"),)
    """Who is in a team. An installation on a person's account, and one without that permission, has none of it."""
    RESOLVE = (("contents", "write"), ("pull_requests", "write"))
    """GitHub lets only those resolve a conversation who may write to the repository; no document of GitHub says so."""
    POLICY = (("contents", "read"),)
    PROPOSE = (("contents", "write"), ("metadata", "read"), ("pull_requests", "write"))
    """Makes a branch of our own and a pull request from it; a token apart from the one that resolves."""
    PUSH = (("contents", "write"),)
    """Moves the branch of a pull request; only ever lent, see `InstallationTokens.lent`. Never `workflows`: GitHub then
    refuses every push that touches one.

    For a fork it is the base repository's token all the same. The pull request's author lets "anyone with push access
    to the upstream repository" push to that one branch (GitHub Docs, "Allowing changes to a pull request branch created
    from a fork"; user-owned forks only), and Apps that push to forks so exist, with no installation there
    (https://github.com/pre-commit-ci/issues/issues/127). No document says it of installation tokens, least of all of
    narrowed ones: a refusal is to be expected, and changes nothing.
    """
    CHECKS = (("checks", "read"),)
    STATUSES = (("statuses", "read"),)
    JOB_LOGS = (("actions", "read"),)
    """What CI says. Apart, for an installation may lack the last two: GitHub gives all that is asked, or nothing."""


@dataclass(frozen=True, slots=True)
class Token:
    """`repository` is the name GitHub gave when it narrowed the token, or None where a server does not say."""

    value: str = field(repr=False)
    expires_at: datetime
    repository: RepositoryName | None


@dataclass(frozen=True, slots=True)
class NamedRepository:
    """A repository of an installation of which only the name is known."""

    installation_id: int
    name: str


Reach = PullRequestRef | NamedRepository
"""The one repository that a token is for."""


class Tokens(Protocol):
    """Where the calls of a client get their tokens."""

    async def get(self, ref: Reach, stage: Stage) -> Token: ...

    def drop(self, ref: Reach, stage: Stage, token: Token) -> None: ...

    async def as_app(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OneToken:
    """The one token that a client makes all its calls with; when GitHub refuses it, there is no other."""

    token: Token

    async def get(self, ref: Reach, stage: Stage) -> Token:
        del ref, stage
        return self.token

    def drop(self, ref: Reach, stage: Stage, token: Token) -> None:
        """Nothing: whoever lent it revokes it."""

    async def as_app(self) -> str:
        raise GitHubRefused("a client with one token does not speak as the App", status=401)


Key = tuple[int, int | str, Stage]


class InstallationTokens:
    """Tokens of one App on one host. A mint for a repository outside the installation fails: GitHub is asked, so a
    payload that pairs a repository with another's installation gets nothing.
    """

    def __init__(self, transport: Transport, *, app_id: int, private_key_pem: str, now: Callable[[], datetime]) -> None:
        self._transport = transport
        self._app_id = app_id
        self._private_key_pem = private_key_pem
        self._now = now
        self._tokens: dict[Key, Token] = {}
        self._locks: dict[Key, asyncio.Lock] = {}

    async def get(self, ref: Reach, stage: Stage) -> Token:
        """A token good for at least five minutes; concurrent callers share one mint."""
        key = _key(ref, stage)
        async with self._locks.setdefault(key, asyncio.Lock()):
            token = self._tokens.get(key)
            if token is None or token.expires_at - _REFRESH_EARLY <= self._now():
                if len(self._tokens) >= _MAX_CACHED:
                    self._tokens.pop(next(iter(self._tokens)))
                token = self._tokens[key] = await self._mint(ref, stage)
            return token

    def drop(self, ref: Reach, stage: Stage, token: Token) -> None:
        """Forgets a token that GitHub refused, unless it was replaced already."""
        key = _key(ref, stage)
        if self._tokens.get(key) is token:
            del self._tokens[key]

    @contextlib.asynccontextmanager
    async def lent(self, ref: Reach, stage: Stage) -> AsyncIterator[Token]:
        """A token of its own for what is done in the context; it is revoked at the end, whatever happened there.

        Nobody else gets it, and it is never kept. Where GitHub cannot be reached for that, it ends within the hour.
        """
        token = await self._mint(ref, stage)
        try:
            yield token
        finally:
            await heard_out(self._revoke(token))

    async def as_app(self) -> str:
        """The Authorization header for calls that the App makes as itself."""
        return "Bearer " + app_jwt(self._app_id, self._private_key_pem, now=self._now())

    async def _mint(self, ref: Reach, stage: Stage) -> Token:
        body = {**_narrowed(ref), "permissions": dict(stage.value)}
        path = f"/app/installations/{ref.installation_id}/access_tokens"
        try:
            reply = await self._transport.call("POST", path, authorization=await self.as_app(), body=body)
        except WriteUncertain as error:
            # An unused token does no harm, so unlike other writes a mint may simply be repeated later.
            raise GitHubUnavailable(str(error), retry_after_seconds=error.retry_after_seconds) from error
        except GitHubRefused as error:
            raise GitHubRefused(f"no {stage.name.lower()} token: {_remedy(error)}", status=error.status) from error
        return _token(reply.json, ref)

    async def _revoke(self, token: Token) -> None:
        """https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token"""
        with contextlib.suppress(GitHubError):
            # As if it changed nothing: a job that may not write any more must give its token back all the same.
            await self._transport.call(
                "DELETE", "/installation/token", authorization=f"token {token.value}", reads=True
            )


def _key(ref: Reach, stage: Stage) -> Key:
    return ref.installation_id, ref.name if isinstance(ref, NamedRepository) else ref.repository_id, stage


def _narrowed(ref: Reach) -> dict[str, list[int] | list[str]]:
    return {"repositories": [ref.name]} if isinstance(ref, NamedRepository) else {"repository_ids": [ref.repository_id]}


def _remedy(error: GitHubRefused) -> str:
    hints: Mapping[int, str] = {
        401: "GitHub does not accept the App's JWT; check the App id, the private key and this machine's clock",
        403: "the installation is suspended or lacks a permission",
        404: "GitHub knows no such App or installation: check REVWRIGHT_GITHUB_APP_ID and REVWRIGHT_GITHUB_API_URL, "
        "and that the App is still installed",
        422: "the repository is not part of the installation, or the App lacks a permission: it needs contents read, "
        "pull requests, issues and checks write, and contents write to resolve conversations",
    }
    return f"{error} ({hints[error.status]})" if error.status in hints else str(error)


def _token(data: Any, ref: Reach) -> Token:
    try:
        value, expires = str(data["token"]), datetime.fromisoformat(str(data["expires_at"]))
        field, wanted = ("name", ref.name) if isinstance(ref, NamedRepository) else ("id", ref.repository_id)
        named = [r for r in data.get("repositories") or () if r.get(field) == wanted]
        repository = RepositoryName.parse(named[0]["full_name"]) if named else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GitHubUnavailable("the answer to a token request does not have the documented shape") from None
    return Token(value, expires, repository)
