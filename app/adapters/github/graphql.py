"""GraphQL calls, for the few things that REST does not have. Source: GitHub Docs, "Forming calls with GraphQL".

GitHub answers an error with HTTP 200 and a list of `errors`, often without saying more than a type. What is partly
answered counts as not answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.adapters.github.client import Client
from app.adapters.github.limit_headers import SECONDARY_WORDS, WINDOW, read_refusal
from app.adapters.github.tokens import Stage
from app.adapters.github.transport import Reply
from app.domain.errors import GitHubRefused, GitHubUnavailable, Limit, RateLimited, WriteUncertain
from app.domain.pull_request import PullRequestRef

_FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 403, 404, 409, 422
_STATUS = {
    "NOT_FOUND": _NOT_FOUND,
    "FORBIDDEN": _FORBIDDEN,
    "INSUFFICIENT_SCOPES": _FORBIDDEN,
    "STALE_DATA": _CONFLICT,
}
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_PASSING = frozenset({"", "INTERNAL", "SERVICE_UNAVAILABLE", "TIMEOUT"})
"""GitHub's own trouble. "Something went wrong while executing your query" has no type."""


class GraphQL:
    """Documents are constants of ours; whatever comes from elsewhere goes into `variables`."""

    def __init__(self, client: Client, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    async def query(self, ref: PullRequestRef, document: str, variables: Mapping[str, object]) -> Any:
        """The `data` of a query. Raises RateLimited, GitHubRefused (with the status that REST would have) or
        GitHubUnavailable.
        """
        return await self._send(ref, Stage.PUBLISH, document, variables, writes=False)

    async def mutate(self, ref: PullRequestRef, stage: Stage, document: str, variables: Mapping[str, object]) -> Any:
        """The `data` of a mutation. Raises the same, and WriteUncertain."""
        return await self._send(ref, stage, document, variables, writes=True)

    async def _send(
        self, ref: PullRequestRef, stage: Stage, document: str, variables: Mapping[str, object], *, writes: bool
    ) -> Any:
        body = {"query": document, "variables": dict(variables)}
        reply = await self._client.call(ref, stage, "POST", self._client.graphql_url, body, reads=not writes)
        unclear = WriteUncertain if writes else GitHubUnavailable
        if not isinstance(reply.json, dict) or not isinstance(reply.json.get("errors", []), list):
            raise unclear("GraphQL: the answer does not have the documented shape")
        errors = reply.json.get("errors") or []
        if errors:
            raise self._error(ref, reply, [one if isinstance(one, dict) else {} for one in errors], unclear)
        if not isinstance(reply.json.get("data"), dict):
            raise unclear("GraphQL: the answer has no data")
        return reply.json["data"]

    def _error(
        self, ref: PullRequestRef, reply: Reply, errors: list[dict[str, Any]], unclear: type[GitHubUnavailable]
    ) -> Exception:
        types = [str(one.get("type") or _code(one)) for one in errors]
        message = "GraphQL: " + "; ".join(
            f"{kind} {str(one.get('message', ''))[:200]}".strip() for kind, one in zip(types[:5], errors, strict=False)
        )
        if any(words in message.lower() for words in SECONDARY_WORDS):
            limited = self._client.limits.refused(
                ref.installation_id, message, status=_FORBIDDEN, headers=reply.headers, text=message
            )
            if limited is not None:
                return limited
        if not _LIMITED.isdisjoint(types):
            return self._out_of_points(ref, message, reply)
        for kind in types:
            if kind in _STATUS:
                return GitHubRefused(message, status=_STATUS[kind])
        return unclear(message) if types[0] in _PASSING else GitHubRefused(message, status=_UNPROCESSABLE)

    def _out_of_points(self, ref: PullRequestRef, message: str, reply: Reply) -> RateLimited:
        """GraphQL counts points of its own: the limit of REST calls is not touched."""
        refusal = read_refusal(_FORBIDDEN, reply.headers, "", self._now())
        at = refusal.retry_at if refusal is not None else None
        return RateLimited(
            message, retry_at=at or self._now() + WINDOW, limit=Limit.PRIMARY, installation_id=ref.installation_id
        )


def _code(error: Mapping[str, Any]) -> str:
    """What is wrong with the document itself is told in `extensions`."""
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
