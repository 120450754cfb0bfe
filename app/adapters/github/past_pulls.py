"""Reads what was merged into a branch. Source: GitHub Docs, "REST API endpoints for pull requests"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.adapters.github.approvals import ReviewReader
from app.adapters.github.client import Client
from app.adapters.github.git_objects import GitObjectReader
from app.adapters.github.pull_requests import FullSha
from app.adapters.github.tokens import Stage
from app.domain.entries import Status
from app.domain.errors import GitHubUnavailable
from app.domain.gate.newest import enough, newest
from app.domain.gate.past_pull import MAX_FILES, ChangedFile, FileList, PastPull
from app.domain.gate.reviews import Review
from app.domain.gate.simulation import History, PastMerge
from app.domain.objects import Blob
from app.domain.pull_request import Sha
from app.ports import Place

T = TypeVar("T")

_PAGE, _MOST_PAGES = 100, 100
_STATUS: Mapping[str, Status] = {
    "added": Status.ADDED,
    "copied": Status.ADDED,
    "removed": Status.DELETED,
    "renamed": Status.ADDED,
    "changed": Status.TYPE_CHANGED,
}


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Json):
    login: str


class _Branch(_Json):
    sha: FullSha


class _Pull(_Json):
    number: Annotated[int, Field(gt=0)]
    title: str
    user: _User | None
    merged_at: AwareDatetime | None
    updated_at: AwareDatetime
    merge_commit_sha: FullSha | None
    head: _Branch
    base: _Branch


class _Counted(_Json):
    changed_files: Annotated[int, Field(ge=0)]


class _File(_Json):
    filename: Annotated[str, Field(min_length=1)]
    status: str
    previous_filename: Annotated[str, Field(min_length=1)] | None = None


_PULLS = TypeAdapter(list[_Pull])
_COUNTED = TypeAdapter(_Counted)
_FILES = TypeAdapter(list[_File])


class PastPullReader:
    """Implements ports.PastPullRequests, for one branch."""

    def __init__(self, client: Client, place: Place, branch: str, *, most_pages: int = _MOST_PAGES) -> None:
        self._client = client
        self._place = place
        self._branch = branch
        self._most_pages = most_pages
        self._reviews = ReviewReader(client)
        self._objects = GitObjectReader(client, place)

    async def merged(self, since: datetime, *, most: int) -> History:
        """GitHub cannot sort by the time of the merge. What somebody touches while the list is read may be missed."""
        query = f"state=closed&base={quote(self._branch, safe='')}&sort=updated&direction=desc&per_page={_PAGE}"
        found: dict[int, PastMerge] = {}
        for page in range(1, self._most_pages + 1):
            reply = await self._client.call(
                self._place.ref, Stage.GATHER, "GET", f"{self._root}/pulls?{query}&page={page}"
            )
            pulls = _checked(_PULLS, reply.json, "the list of pull requests")
            found |= {pull.number: _merge(pull, pull.merged_at) for pull in pulls if pull.merged_at is not None}
            if not reply.has_next_page or not pulls or enough(found, pulls[-1].updated_at, since, most=most):
                return newest(found, since, most=most, cut=False)
        return newest(found, since, most=most, cut=True)

    async def files(self, number: int) -> FileList:
        path = f"{self._root}/pulls/{number}"
        reply = await self._client.call(self._place.ref, Stage.GATHER, "GET", path)
        said = _checked(_COUNTED, reply.json, f"pull request {number}").changed_files
        files: list[ChangedFile] = []
        if said <= MAX_FILES:
            async for page in self._client.pages(self._place.ref, Stage.GATHER, f"{path}/files"):
                files += [_file(one) for one in _checked(_FILES, page, f"the list of files of pull request {number}")]
        return FileList(tuple(files), said)

    async def reviews(self, number: int) -> tuple[Review, ...]:
        place = self._place
        return await self._reviews.all(replace(place, ref=replace(place.ref, number=number)))

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        return await self._objects.blobs(commit, paths, max_bytes=max_bytes)

    @property
    def _root(self) -> str:
        return f"/repos/{self._place.repository}"


def _merge(pull: _Pull, merged_at: datetime) -> PastMerge:
    told = PastPull(pull.number, None if pull.user is None else pull.user.login, Sha(pull.base.sha), Sha(pull.head.sha))
    return PastMerge(Sha(pull.merge_commit_sha or pull.head.sha), (), merged_at.astimezone(UTC), pull.title, told)


def _file(file: _File) -> ChangedFile:
    """A status that nobody knows yet is a change, and any other path that is named with it is one too."""
    previous = None if file.status == "copied" else file.previous_filename
    return ChangedFile(file.filename, _STATUS.get(file.status, Status.MODIFIED), previous)


def _checked(shape: TypeAdapter[T], data: Any, what: str) -> T:
    try:
        return shape.validate_python(data)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors()}))[:200]
        raise GitHubUnavailable(f"{what} has a wrong shape at: {fields}") from None
