"""Conversations on lines of a pull request, which only GitHub's GraphQL tells and changes.

Source: GitHub's public GraphQL schema, `PullRequestReviewThread`.
"""

from __future__ import annotations

import logging
from typing import Any

from app.adapters.github.graphql import GraphQL
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused, GitHubUnavailable, WriteUncertain
from app.domain.threads import ReviewThread
from app.ports import Place

_log = logging.getLogger(__name__)

_PAGE, _MAX_THREADS = 100, 1_000
_GONE = 404

_THREADS = """\
query ReviewThreads($owner: String!, $name: String!, $number: Int!, $page: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: $page, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          isResolved
          isOutdated
          resolvedBy { login }
          path
          diffSide
          startLine
          line
          comments(first: 1) { nodes { fullDatabaseId body viewerDidAuthor author { login } } }
        }
      }
    }
  }
}
"""

_RESOLVE = """\
mutation Resolve($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } } }
"""

_REOPEN = """\
mutation Reopen($thread: ID!) { unresolveReviewThread(input: {threadId: $thread}) { thread { isResolved } } }
"""


class ThreadWriter:
    """Implements ports.Threads.

    `ours` is `viewerDidAuthor` of the first comment: GitHub itself compares its author with the owner of our token,
    which nobody can imitate by a marker, a name or a body. The token is that of one installation of our App.
    """

    def __init__(self, graphql: GraphQL, writes: NotifyingWrites) -> None:
        self._graphql = graphql
        self._writes = writes

    async def all(self, place: Place) -> tuple[ReviewThread, ...]:
        """At most 1,000, the oldest. Who resolved a thread is told by login only; of an App it is `<slug>[bot]`."""
        found: list[ReviewThread] = []
        after: str | None = None
        while len(found) < _MAX_THREADS:
            page = await self._page(place, after)
            found += [thread for node in page["nodes"] if node and (thread := _thread(node)) is not None]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        else:
            _log.warning(
                "%s has more than %d conversations on lines; only the oldest are read", place.ref, _MAX_THREADS
            )
        return tuple(sorted(found, key=lambda thread: thread.comment_id))

    async def resolve(self, place: Place, thread: str) -> bool:
        """GitHub asks for more than the right to comment: see `Stage.RESOLVE`. Raises GitHubRefused (403 or 422) where
        the App was not given that.
        """
        return await self._change(place, _RESOLVE, thread, "resolveReviewThread")

    async def reopen(self, place: Place, thread: str) -> bool:
        return await self._change(place, _REOPEN, thread, "unresolveReviewThread")

    async def _page(self, place: Place, after: str | None) -> Any:
        repository = place.repository
        variables = {
            "owner": repository.owner,
            "name": repository.name,
            "number": place.ref.number,
            "page": _PAGE,
            "after": after,
        }
        data = await self._graphql.query(place.ref, _THREADS, variables)
        try:
            page = data["repository"]["pullRequest"]["reviewThreads"]
            _ = page["nodes"], page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        except (KeyError, TypeError):
            raise GitHubUnavailable(
                "GraphQL: the answer about conversations does not have the documented shape"
            ) from None
        return page

    async def _change(self, place: Place, document: str, thread: str, field: str) -> bool:
        await self._writes.turn(place)
        try:
            data = await self._graphql.mutate(place.ref, Stage.RESOLVE, document, {"thread": thread})
        except GitHubRefused as error:
            if error.status == _GONE:
                return False
            raise
        if not isinstance(data.get(field), dict) or data[field].get("thread") is None:
            raise WriteUncertain(f"GraphQL: {field} answered without a thread")
        return True


def _thread(node: Any) -> ReviewThread | None:
    """None for one without a comment that we may see, such as of a review that somebody is still writing.

    The numbers of lines on the left are those of the base, which is not where a finding stands.
    """
    try:
        first = next((one for one in node["comments"]["nodes"] if one), None)
        if first is None:
            return None
        here = node["diffSide"] == "RIGHT" and not node["isOutdated"]
        return ReviewThread(
            id=str(node["id"]),
            comment_id=int(first["fullDatabaseId"]),
            path=str(node["path"]),
            start_line=node["startLine"] if here else None,
            line=node["line"] if here else None,
            resolved=bool(node["isResolved"]),
            resolved_by=node["resolvedBy"]["login"] if node["resolvedBy"] else None,
            author=first["author"]["login"] if first["author"] else None,
            ours=first["viewerDidAuthor"] is True,
            body=str(first["body"]),
        )
    except (KeyError, TypeError, ValueError):
        raise GitHubUnavailable("GraphQL: a conversation does not have the documented shape") from None
