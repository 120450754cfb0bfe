"""Reads comments by number and puts our signs on them. Source: GitHub Docs, "REST API endpoints for reactions"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.commits import Person
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.ports import Comment, Place, Reaction

_GONE = (404, 410)
_NOT_TAKEN = (403, 404, 410, 422)


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Json):
    id: int
    login: str
    type: str


class _Comment(_Json):
    id: int
    user: _User | None
    body: str | None = None
    created_at: datetime
    updated_at: datetime
    issue_url: Annotated[str | None, Field(pattern=r"/[0-9]{1,18}$")] = None
    pull_request_url: Annotated[str | None, Field(pattern=r"/[0-9]{1,18}$")] = None
    performed_via_github_app: dict[str, Any] | None = None


class CommentReader:
    """Implements ports.Comments."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, place: Place, comment: int, *, line: bool) -> Comment | None:
        try:
            reply = await self._client.call(place.ref, Stage.PUBLISH, "GET", _path(place, comment, line=line))
        except GitHubRefused as error:
            if error.status in _GONE:
                return None
            raise
        try:
            data = _Comment.model_validate(reply.json)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
            raise GitHubUnavailable(f"the comment's JSON has a wrong shape at: {fields}") from None
        where = (data.pull_request_url if line else data.issue_url) or "/0"
        return Comment(
            id=data.id,
            number=int(where.rpartition("/")[2]),
            author_id=data.user.id if data.user else None,
            author=data.user.login if data.user else "",
            person=data.user is not None and data.user.type == "User",
            by_app=data.performed_via_github_app is not None,
            created_at=data.created_at,
            edited=data.updated_at != data.created_at,
            body=data.body or "",
        )

    async def react(self, place: Place, comment: int, reaction: Reaction, *, line: bool) -> bool:
        """GitHub keeps one of each kind from each account, so that a second time changes nothing."""
        path = f"{_path(place, comment, line=line)}/reactions"
        try:
            await self._client.call(place.ref, Stage.PUBLISH, "POST", path, {"content": reaction.value})
        except GitHubRefused as error:
            if error.status in _NOT_TAKEN:
                return False
            raise
        return True


def _path(place: Place, comment: int, *, line: bool) -> str:
    return f"/repos/{place.repository}/{'pulls' if line else 'issues'}/comments/{comment}"


class OwnApp:
    """Implements ports.OwnName."""

    def __init__(self, client: Client, *, host: str = "github.com") -> None:
        """`host`: where people browse."""
        self._client = client
        self._host = host
        self._slug: str | None = None
        self._person: Person | None = None

    async def slug(self) -> str:
        """Asked once: an App that is given another name is started anew."""
        if self._slug is None:
            self._slug = str((await self._client.as_app("/app"))["slug"])
        return self._slug

    async def person(self, place: Place) -> Person:
        """The address is the one that GitHub gives to an account that hides its own:
        https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
        """
        if self._person is None:
            login = f"{await self.slug()}[bot]"
            # The App's own token is for the App's own endpoints only.
            reply = await self._client.call(place.ref, Stage.GATHER, "GET", f"/users/{quote(login)}")
            id_ = int(reply.json["id"])
            self._person = Person(login, f"{id_}+{login}@users.noreply.{self._host}")
        return self._person
