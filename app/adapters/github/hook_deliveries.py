"""Reads the log of the App's webhook deliveries. Source: GitHub Docs, "REST API endpoints for GitHub App webhooks"."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.adapters.github.client import Client
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.missed import HookDelivery

_log = logging.getLogger(__name__)

_LIST = "/app/hook/deliveries"
_NOT_FOUND = 404
_PAGE = 100
_MOST_PAGES = 100


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int
    guid: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
    event: str
    action: str | None
    delivered_at: AwareDatetime
    status_code: int
    redelivery: bool

    def value(self) -> HookDelivery:
        return HookDelivery(
            id=self.id,
            guid=self.guid,
            event=self.event,
            action=self.action,
            delivered_at=self.delivered_at,
            status_code=self.status_code,
            redelivery=self.redelivery,
        )


_ITEMS = TypeAdapter(list[_Item])


class HookDeliveryLog:
    """Implements ports.HookDeliveries.

    `most_pages` of 100 attempts are read at a time. What is older is left out with a warning: the next reading would
    begin with the newest again and come no further, and the comparison of heads finds what it would have told.
    """

    def __init__(self, client: Client, *, most_pages: int = _MOST_PAGES) -> None:
        self._client = client
        self._most_pages = most_pages

    async def list(self, since: datetime) -> AsyncIterator[HookDelivery]:
        """GitHub's own filter for failures is not used: it leaves out attempts that got no answer at all."""
        path, oldest = f"{_LIST}?per_page={_PAGE}", since
        for _ in range(self._most_pages):
            reply = await self._client.reply_as_app(path)
            for delivery in _values(reply.json):
                if delivery.delivered_at < since:
                    return
                oldest = delivery.delivered_at
                yield delivery
            if reply.next_url is None:
                return
            path = f"{_LIST}?per_page={_PAGE}&cursor={quote(_cursor(reply.next_url), safe='')}"
        _log.warning(
            "over %d webhook deliveries since %s: those before %s are left to the comparison of open pull requests",
            self._most_pages * _PAGE,
            since.isoformat(),
            oldest.isoformat(),
        )

    async def payload(self, id_: int) -> bytes | None:
        """Canonical, so that every reading of it has the same digest: GitHub sends parsed JSON, not the bytes."""
        try:
            data = await self._client.as_app(f"{_LIST}/{id_}")
        except GitHubRefused as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        payload = _payload(data)
        return None if payload is None else json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()


def _values(data: Any) -> tuple[HookDelivery, ...]:
    try:
        return tuple(item.value() for item in _ITEMS.validate_python(data))
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, e["loc"][1:])) for e in error.errors()}))
        raise GitHubUnavailable(f"GET {_LIST}: the answer has a wrong shape at: {fields}") from None


def _payload(data: Any) -> Any:
    try:
        return data["request"]["payload"]
    except (KeyError, TypeError):
        raise GitHubUnavailable(f"GET {_LIST}/ID: the answer has no request.payload") from None


def _cursor(next_url: str) -> str:
    """Only the cursor is taken from the link: where to ask is for our settings to say."""
    cursors = parse_qs(urlsplit(next_url).query).get("cursor", [])
    if len(cursors) != 1:
        raise GitHubUnavailable(f"GET {_LIST}: the link to the next page has no cursor")
    return cursors[0]
