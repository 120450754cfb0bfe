"""Who had a hand in the commits of a pull request, co-authors included, which only GraphQL tells.

Source: GitHub's public GraphQL schema, `Commit.authors` ("The list of authors for this commit based on the git author
and the Co-authored-by message trailer") and `PullRequest.timelineItems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.adapters.github.graphql import GraphQL
from app.domain.commits import REQUESTED_BY
from app.domain.errors import GitHubUnavailable
from app.ports import Place
from app.ports.gate import History

_PAGE, _MAX_COMMITS = 100, 1_000
_REQUESTED_BY = re.compile(rf"^{REQUESTED_BY}: ([1-9][0-9]{{0,18}})\s*$", re.MULTILINE | re.ASCII)

_HISTORY = """\
query History($owner: String!, $name: String!, $number: Int!, $page: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      commits(first: $page, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          commit {
            message
            authors(first: $page) { pageInfo { hasNextPage } nodes { user { databaseId } } }
            committer { user { databaseId } }
          }
        }
      }
      timelineItems(last: 1, itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]) {
        nodes {
          ... on BaseRefChangedEvent { createdAt }
          ... on AutomaticBaseChangeSucceededEvent { createdAt }
        }
      }
    }
  }
}
"""


class HistoryReader:
    """Implements ports.Histories."""

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def of(self, place: Place) -> History:
        """At most 1,000 commits; `complete` is False beyond them, and where a commit has over 100 authors."""
        commits: list[Any] = []
        after: str | None = None
        retargeted: datetime | None = None
        more = True
        while more and len(commits) < _MAX_COMMITS:
            pull = await self._page(place, after)
            try:
                commits += [node["commit"] for node in pull["commits"]["nodes"]]
                more, after = pull["commits"]["pageInfo"]["hasNextPage"], pull["commits"]["pageInfo"]["endCursor"]
                retargeted = _last(pull["timelineItems"]["nodes"])
            except (KeyError, TypeError, ValueError):
                raise _misshapen() from None
        try:
            return History(
                committers=frozenset(id_ for commit in commits for id_ in _people(commit)),
                requesters=frozenset(int(id_) for one in commits for id_ in _REQUESTED_BY.findall(one["message"])),
                complete=not more and not any(one["authors"]["pageInfo"]["hasNextPage"] for one in commits),
                retargeted_at=retargeted,
            )
        except (KeyError, TypeError):
            raise _misshapen() from None

    async def _page(self, place: Place, after: str | None) -> Any:
        variables = {
            "owner": place.repository.owner,
            "name": place.repository.name,
            "number": place.ref.number,
            "page": _PAGE,
            "after": after,
        }
        data = await self._graphql.query(place.ref, _HISTORY, variables)
        try:
            return data["repository"]["pullRequest"]
        except (KeyError, TypeError):
            raise _misshapen() from None


def _last(nodes: list[Any]) -> datetime | None:
    return datetime.fromisoformat(nodes[-1]["createdAt"]) if nodes else None


def _people(commit: Any) -> Iterator[int]:
    actors = [*commit["authors"]["nodes"], *([commit["committer"]] if commit["committer"] else [])]
    return (int(actor["user"]["databaseId"]) for actor in actors if actor["user"])


def _misshapen() -> GitHubUnavailable:
    return GitHubUnavailable("GraphQL: the answer about commits does not have the documented shape")
