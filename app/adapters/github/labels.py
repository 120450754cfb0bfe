"""Labels of a pull request. Source: GitHub Docs, "REST API endpoints for labels"."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.adapters.github.client import Client
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.ports import Place

_NOT_FOUND = 404


class LabelWriter:
    """Implements ports.Labels."""

    def __init__(self, client: Client, writes: NotifyingWrites) -> None:
        self._client = client
        self._writes = writes

    async def find(self, place: Place, name: str) -> int | None:
        path = f"/repos/{place.repository}/issues/{place.ref.number}/labels"
        async for page in self._client.pages(place.ref, Stage.PUBLISH, path):
            if (id_ := _id(page, name)) is not None:
                return id_
        return None

    async def add(self, place: Place, name: str) -> int:
        reply = await self._writes.send(place, "POST", f"/issues/{place.ref.number}/labels", {"labels": [name]})
        id_ = _id(reply.json, name)
        if id_ is None:
            raise GitHubUnavailable(f"GitHub took the label {name!r} and does not show it")
        return id_

    async def remove(self, place: Place, name: str) -> bool:
        """Only 404 says that it was not on; the same answer for a repository out of reach comes to the same."""
        try:
            await self._writes.send(place, "DELETE", f"/issues/{place.ref.number}/labels/{quote(name, safe='')}")
        except GitHubRefused as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True


def _id(labels: list[Any], name: str) -> int | None:
    return next((int(one["id"]) for one in labels if one["name"].casefold() == name.casefold()), None)
