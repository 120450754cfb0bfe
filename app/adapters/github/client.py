"""Calls to GitHub for one pull request: the right token for the stage, one fresh try when it is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from app.adapters.github.limits import Limits
from app.adapters.github.tokens import OneToken, Reach, Stage, Token, Tokens
from app.adapters.github.transport import Reply, Transport
from app.domain.errors import GitHubRefused

_UNAUTHORIZED = 401
_MAX_PAGES = 30
_PAGE = 100


class Client:
    """Implements nothing of the ports itself; the readers and writers beside it stand on it."""

    def __init__(self, transport: Transport, tokens: Tokens) -> None:
        self._transport = transport
        self.tokens = tokens

    def with_token(self, token: Token) -> Client:
        """The same client for calls with this token alone."""
        return Client(self._transport, OneToken(token))

    @property
    def api_url(self) -> str:
        return self._transport.api_url

    @property
    def graphql_url(self) -> str:
        return self._transport.graphql_url

    @property
    def limits(self) -> Limits:
        """What is known of GitHub's limits."""
        return self._transport.limits

    def check(self, ref: Reach, *, essential: bool = False) -> None:
        """Raises RateLimited when the installation must not be called now."""
        self._transport.limits.check(ref.installation_id, essential=essential)

    async def call(
        self,
        ref: Reach,
        stage: Stage,
        method: str,
        path: str,
        body: object = None,
        *,
        essential: bool = False,
        reads: bool = False,
    ) -> Reply:
        """One call; a 401 drops the token and is tried once more with a new one. For `reads` see `Transport.call`.

        GitHub looks at the token before it does anything, so a write that got a 401 was not applied. `essential` calls
        may use the reserve of the rate limit.
        """
        self.check(ref, essential=essential)  # before a token is minted for nothing
        token = await self.tokens.get(ref, stage)
        try:
            return await self._send(ref, token, method, path, body, essential=essential, reads=reads)
        except GitHubRefused as error:
            if error.status != _UNAUTHORIZED:
                raise
            self.tokens.drop(ref, stage, token)
        token = await self.tokens.get(ref, stage)
        try:
            return await self._send(ref, token, method, path, body, essential=essential, reads=reads)
        except GitHubRefused as error:
            if error.status != _UNAUTHORIZED:
                raise
            self.tokens.drop(ref, stage, token)
            raise GitHubRefused(
                f"{error} (with a token minted just now: check that installation {ref.installation_id} is not "
                "suspended and that REVWRIGHT_GITHUB_API_URL is the host that mints the tokens)",
                status=error.status,
            ) from error

    async def location(self, ref: Reach, stage: Stage, path: str) -> str | None:
        """Where a GET is sent on to, without going there; None when it is not. A 401 is not tried once more."""
        self.check(ref)
        token = await self.tokens.get(ref, stage)
        reply = await self._transport.call(
            "GET",
            path,
            authorization=f"token {token.value}",
            installation_id=ref.installation_id,
            follows=False,
        )
        return reply.headers.get("location")

    async def _send(
        self,
        ref: Reach,
        token: Token,
        method: str,
        path: str,
        body: object,
        *,
        essential: bool,
        reads: bool,
    ) -> Reply:
        return await self._transport.call(
            method,
            path,
            authorization=f"token {token.value}",
            body=body,
            installation_id=ref.installation_id,
            essential=essential,
            reads=reads,
        )

    async def as_app(self, path: str) -> Any:
        """A GET that the App makes as itself."""
        return (await self.reply_as_app(path)).json

    async def reply_as_app(self, path: str) -> Reply:
        """The same with what the headers say of further pages."""
        return await self._transport.call("GET", path, authorization=await self.tokens.as_app())

    async def pages(self, ref: Reach, stage: Stage, path: str, *, essential: bool = False) -> AsyncIterator[list[Any]]:
        """Page after page of a list, at most 3,000 items."""
        joiner = "&" if "?" in path else "?"
        for page in range(1, _MAX_PAGES + 1):
            reply = await self.call(
                ref, stage, "GET", f"{path}{joiner}per_page={_PAGE}&page={page}", essential=essential
            )
            items = (
                reply.json
                if isinstance(reply.json, list)
                else next((v for v in reply.json.values() if isinstance(v, list)), [])
            )
            yield items
            if not reply.has_next_page:
                return
