"""Reads an account's own policy file. Source: GitHub Docs, "Get repository content"."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import NamedRepository, Stage
from app.domain.entries import Kind
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.objects import Blob
from app.domain.policy import MAX_POLICY_BYTES, ORGANISATION_PATH, ORGANISATION_REPOSITORY
from app.domain.pull_request import PullRequestRef

FRESH = timedelta(seconds=60)
"""So long an answer is not asked for again: most reviews need no call for it."""

_NONE_THERE = frozenset({404, 422})
_MOST_KEPT = 1_000


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["file"]
    size: Annotated[int, Field(ge=0)]
    encoding: str
    content: str


class _Other(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["symlink", "submodule"]


_ANSWER: TypeAdapter[_File | _Other] = TypeAdapter(Annotated[_File | _Other, Field(discriminator="type")])


class OrganisationPolicyReader:
    """Implements ports.OrganisationPolicies. One process asks for each account at most once a minute."""

    def __init__(self, client: Client, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._kept: dict[tuple[int, str], tuple[datetime, Blob | None]] = {}

    async def read(self, ref: PullRequestRef, owner: str) -> Blob | None:
        key = (ref.installation_id, owner.lower())
        kept = self._kept.pop(key, None)
        if kept is None or not self._now() - kept[0] < FRESH:
            asked = self._now()
            kept = (asked, await self._asked(ref.installation_id, owner))
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = kept
        return kept[1]

    async def _asked(self, installation: int, owner: str) -> Blob | None:
        """GitHub answers 422 where that repository is not in the installation, and 404 where it has no such file."""
        where = NamedRepository(installation, ORGANISATION_REPOSITORY)
        path = f"/repos/{quote(owner, safe='')}/{ORGANISATION_REPOSITORY}/contents/{ORGANISATION_PATH}"
        try:
            reply = await self._client.call(where, Stage.POLICY, "GET", path)
        except GitHubRefused as error:
            if error.status not in _NONE_THERE:
                raise
            return None
        return None if isinstance(reply.json, list) else _blob(reply.json)  # a directory


def _blob(data: Any) -> Blob:
    """A link within the repository comes as the file that it leads to: GitHub itself follows it."""
    try:
        found = _ANSWER.validate_python(data)
        if isinstance(found, _Other):
            return Blob(b"", 0, False, Kind(found.type))
        whole = base64.b64decode(found.content) if found.encoding == "base64" else b""
    except (ValidationError, binascii.Error):
        raise GitHubUnavailable(f"the answer for {ORGANISATION_PATH} does not have the documented shape") from None
    if found.size <= MAX_POLICY_BYTES and len(whole) != found.size:
        raise GitHubUnavailable(f"{ORGANISATION_PATH} came with another size than GitHub says it has")
    return Blob(whole[:MAX_POLICY_BYTES], found.size, found.size > MAX_POLICY_BYTES, Kind.FILE)
