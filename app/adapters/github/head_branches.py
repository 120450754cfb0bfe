"""Reads where the head of a pull request is, and what GitHub says of pushing there."""

from __future__ import annotations

from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.branches import HeadBranch
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import RepositoryName, Sha
from app.ports.github import Place

_OUT_OF_SIGHT = frozenset({403, 404})


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Repository(_Json):
    id: int
    full_name: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    default_branch: str


class _Head(_Json):
    ref: str
    repo: _Repository | None


class _PullRequest(_Json):
    head: _Head
    maintainer_can_modify: bool = False
    """No, where GitHub does not say."""


class _Commit(_Json):
    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Branch(_Json):
    protected: bool
    commit: _Commit


class _Number(_Json):
    number: int


class _Numbers(_Json):
    pulls: list[_Number]


T = TypeVar("T", bound=_Json)


class HeadBranchReader:
    """Implements ports.HeadBranches."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, place: Place) -> HeadBranch | None:
        pull = _parsed(_PullRequest, await self._get(place, f"/repos/{place.repository}/pulls/{place.ref.number}"))
        home, name = pull.head.repo, pull.head.ref
        if home is None:
            return None
        fork = home.id != place.ref.repository_id
        try:
            found = await self._get(place, f"/repos/{home.full_name}/branches/{quote(name, safe='')}")
        except GitHubRefused as error:
            if error.status not in _OUT_OF_SIGHT:
                raise
            if not fork:  # deleted, or renamed
                return None
            found = None  # in a fork that we may not read: a push will tell
        branch = None if found is None else _parsed(_Branch, found)
        return HeadBranch(
            repository=RepositoryName.parse(home.full_name),
            repository_id=home.id,
            name=name,
            fork=fork,
            may_modify=pull.maintainer_can_modify or not fork,
            protected=branch is not None and branch.protected,
            default=name == home.default_branch,
            base_of=None if fork else await self._base_of(place, name),
            at=None if branch is None else Sha(branch.commit.sha),
        )

    async def _base_of(self, place: Place, branch: str) -> int | None:
        """Source: GitHub Docs, "List pull requests", parameter `base`."""
        path = f"/repos/{place.repository}/pulls?state=open&base={quote(branch, safe='')}&per_page=1"
        numbers = _parsed(_Numbers, {"pulls": await self._get(place, path)}).pulls
        return numbers[0].number if numbers else None

    async def _get(self, place: Place, path: str) -> object:
        return (await self._client.call(place.ref, Stage.GATHER, "GET", path)).json


def _parsed(shape: type[T], data: object) -> T:
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise GitHubUnavailable(f"the JSON of the head's branch has a wrong shape at: {fields}") from None
