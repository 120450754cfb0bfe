"""Commits that GitHub makes of whole files on a branch, and signs with its own key.

Source: GitHub Docs, GraphQL reference, `createCommitOnBranch`: the App is the author and GitHub the committer, modes
cannot be told, and the branch must be at `expectedHeadOid`, so that nothing is ever lost or made twice.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.graphql import GraphQL
from app.adapters.github.tokens import InstallationTokens, Stage
from app.domain.branches import problem_with_branch
from app.domain.errors import GitHubRefused, GitHubUnavailable, WriteUncertain
from app.domain.pull_request import RepositoryName, Sha
from app.ports.github import Place

_COMMIT = """
mutation CommitFix($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}
"""
_NOT_FOUND, _UNPROCESSABLE = 404, 422
_SHA_LENGTH = 40


class SignedCommitWriter:
    """Implements ports.SignedCommits. Each commit has a token of its own, which is revoked after it."""

    def __init__(self, client: Client, tokens: InstallationTokens, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._tokens = tokens
        self._now = now

    async def create_commit(
        self,
        place: Place,
        *,
        repository: RepositoryName,
        branch: str,
        expected_head: Sha,
        additions: Mapping[str, bytes],
        deletions: Sequence[str],
        headline: str,
        body: str,
    ) -> Sha:
        problem = problem_with_branch(branch)
        if problem is not None:
            raise GitHubRefused(f"no commit is made: the name of the branch {problem}", status=_UNPROCESSABLE)
        wanted = {
            "branch": {"repositoryNameWithOwner": str(repository), "branchName": branch},
            "expectedHeadOid": expected_head,
            "fileChanges": {
                "additions": [
                    {"path": path, "contents": base64.b64encode(content).decode("ascii")}
                    for path, content in additions.items()
                ],
                "deletions": [{"path": path} for path in deletions],
            },
            "message": {"headline": headline, "body": body},
        }
        async with self._tokens.lent(place.ref, Stage.PUSH) as token:
            graphql = GraphQL(self._client.with_token(token), now=self._now)
            data = await graphql.mutate(place.ref, Stage.PUSH, _COMMIT, {"input": wanted})
        try:
            return _sha(data["createCommitOnBranch"]["commit"]["oid"])
        except (KeyError, TypeError, ValueError):
            raise WriteUncertain("GraphQL: the answer does not name the commit that was made") from None

    async def find(
        self, place: Place, *, repository: RepositoryName, branch: str, expected_head: Sha, headline: str, body: str
    ) -> Sha | None:
        ref = await self._git(place, repository, f"ref/heads/{quote(branch)}")
        if ref is None:
            return None
        try:
            made = await self._git(place, repository, f"commits/{_sha(ref['object']['sha'])}") or {}
            parents = [_sha(one["sha"]) for one in made["parents"]]
            same = _plain(made["message"]) == _message(headline, body)
            return _sha(made["sha"]) if same and parents == [expected_head] else None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise GitHubUnavailable("the commit at the head of a branch does not have the documented shape") from None

    async def tree(self, place: Place, *, repository: RepositoryName, commit: Sha) -> Sha | None:
        made = await self._git(place, repository, f"commits/{_sha(commit)}")
        try:
            return None if made is None else _sha(made["tree"]["sha"])
        except (KeyError, TypeError, ValueError):
            raise GitHubUnavailable("a commit does not have the documented shape") from None

    async def _git(self, place: Place, repository: RepositoryName, path: str) -> Any:
        """The JSON of one of the repository's git objects; None when there is none."""
        try:
            reply = await self._client.call(place.ref, Stage.GATHER, "GET", f"/repos/{repository}/git/{path}")
        except GitHubRefused as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return reply.json


def _message(headline: str, body: str) -> str:
    """As GitHub joins them."""
    return _plain(f"{headline}\n\n{body}")


def _plain(message: str) -> str:
    """Without what differs between what was sent and what is answered: the white space at the ends."""
    return message.strip()


def _sha(text: Any) -> Sha:
    if not isinstance(text, str) or len(text) != _SHA_LENGTH or not set(text) <= set("0123456789abcdef"):
        raise ValueError("not an object id")
    return Sha(text)
