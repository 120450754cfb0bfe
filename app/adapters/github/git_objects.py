"""Reads single files of a commit without a clone. Source: GitHub Docs, "REST API endpoints for Git trees", "... blobs".

The contents API would follow links without a word, and not give files over 1 MB.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.entries import Kind
from app.domain.errors import GitHubUnavailable
from app.domain.objects import Blob
from app.domain.pull_request import Sha
from app.ports import Place

T = TypeVar("T")

_MOST_KEPT = 64
"""Trees, and as many blobs."""

ObjectId = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Entry(_Json):
    path: str
    mode: Annotated[str, Field(pattern=r"^[0-7]{6}$")]
    type: Literal["blob", "tree", "commit"]
    sha: ObjectId
    size: Annotated[int, Field(ge=0)] | None = None


class _Tree(_Json):
    tree: list[_Entry]
    truncated: bool


class _Content(_Json):
    content: str
    encoding: Literal["base64"]


class GitObjectReader:
    """What an id names never changes, so that it is read once; commits differ, but most of their directories do not."""

    def __init__(self, client: Client, place: Place) -> None:
        self._client = client
        self._place = place
        self._trees: dict[str, Mapping[str, _Entry]] = {}
        self._blobs: dict[str, bytes] = {}

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        """Those of the paths that are files or links. Of what has more than `max_bytes`, only the size. Raises
        GitHubError.
        """
        found: dict[str, Blob] = {}
        for path in paths:
            entry = await self._entry(commit, path)
            if entry is not None and entry.type == "blob":
                found[path] = await self._blob(path, entry, max_bytes)
        return found

    async def _entry(self, commit: Sha, path: str) -> _Entry | None:
        *directories, name = path.split("/")
        tree: str = commit
        for directory in directories:
            inner = (await self._tree(tree)).get(directory)
            if inner is None or inner.type != "tree":
                return None
            tree = inner.sha
        return (await self._tree(tree)).get(name)

    async def _tree(self, sha: str) -> Mapping[str, _Entry]:
        """GitHub takes the id of a commit for that of its root as well."""
        if sha not in self._trees:
            data = await self._get(f"trees/{sha}")
            try:
                tree = _Tree.model_validate(data)
            except ValidationError:
                raise GitHubUnavailable(f"GET git/trees/{sha}: the answer has a wrong shape") from None
            if tree.truncated:
                raise GitHubUnavailable(f"the directory {sha} has more entries than GitHub lists")
            self._trees[sha] = {entry.path: entry for entry in tree.tree}
        return _used(self._trees, sha)

    async def _blob(self, path: str, entry: _Entry, max_bytes: int) -> Blob:
        size = entry.size
        if size is None:
            raise GitHubUnavailable(f"GitHub does not say how large {path} is at {entry.sha}")
        kind = Kind.of_mode(entry.mode)
        if size > max_bytes:
            return Blob(b"", size, True, kind)
        if entry.sha not in self._blobs:
            data = await self._get(f"blobs/{entry.sha}")
            try:
                read = base64.b64decode(_Content.model_validate(data).content)
            except (ValidationError, binascii.Error):
                raise GitHubUnavailable(f"GET git/blobs/{entry.sha}: the answer has a wrong shape") from None
            if len(read) != size:
                raise GitHubUnavailable(f"{path} came with another size than GitHub says it has")
            self._blobs[entry.sha] = read
        return Blob(_used(self._blobs, entry.sha), size, False, kind)

    async def _get(self, path: str) -> Any:
        place = self._place
        return (await self._client.call(place.ref, Stage.GATHER, "GET", f"/repos/{place.repository}/git/{path}")).json


def _used(kept: dict[str, T], key: str) -> T:
    """What is kept under the key; what was used longest ago is forgotten when there is too much."""
    value = kept[key] = kept.pop(key)
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)))
    return value
