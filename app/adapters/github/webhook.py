"""A verified webhook body becomes an Event: small models of our own with only the fields we use.

GitHub's own schema and models made from it refuse a third of GitHub's own examples, so we look at what we use only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.errors import EventMalformed
from app.domain.events import Event, Ping, PullRequestChanged, PullRequestReviewed, Unhandled
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_WORD = re.compile(r"[a-z0-9_]{1,64}")

Id = Annotated[int, Field(gt=0, lt=2**63)]
HeadSha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Account(_Payload):
    id: Id


class _Repository(_Payload):
    id: Id
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
    owner: _Account


class _Installation(_Payload):
    id: Id


class _Head(_Payload):
    sha: HeadSha


class _PullRequest(_Payload):
    number: Id
    state: Literal["open", "closed"]
    draft: bool = False
    head: _Head


class _PullRequestPayload(_Payload):
    action: str
    pull_request: _PullRequest
    repository: _Repository
    installation: _Installation
    changes: dict[str, Any] | None = None


def parse(event: str, body: bytes) -> Event:
    """The event in a verified body. Raises EventMalformed; an event or action we do not know is Unhandled."""
    if event in _MADE and (payload := _validated(body)) is not None:
        return _MADE[event](payload)
    data = _json_object(body)
    if event == "ping":
        return Ping()
    action = data.get("action")
    word = action if isinstance(action, str) and _WORD.fullmatch(action) else ""
    if event not in _MADE or "pull_request" not in data:
        return Unhandled(event if _WORD.fullmatch(event) else "unknown", word)
    if "installation" not in data:
        return Unhandled(f"{event} outside an installation of the App", word)
    try:
        payload = _PullRequestPayload.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EventMalformed(f"{event}.{word}: {where}: {first['msg']}") from None
    return _MADE[event](payload)


def _validated(body: bytes) -> _PullRequestPayload | None:
    """The payload in one step, which takes half the time; None leaves it to the way below to say what is wrong."""
    try:
        return _PullRequestPayload.model_validate_json(body)
    except ValidationError:
        return None


def _changed(payload: _PullRequestPayload) -> PullRequestChanged:
    return PullRequestChanged(
        action=payload.action,
        ref=PullRequestRef(payload.installation.id, payload.repository.id, payload.pull_request.number),
        repository=RepositoryName.parse(payload.repository.full_name),
        account_id=payload.repository.owner.id,
        head_sha=Sha(payload.pull_request.head.sha),
        draft=payload.pull_request.draft,
        open=payload.pull_request.state == "open",
        base_changed=payload.action == "edited" and payload.changes is not None and "base" in payload.changes,
    )


def _reviewed(payload: _PullRequestPayload) -> PullRequestReviewed:
    return PullRequestReviewed(
        action=payload.action,
        ref=PullRequestRef(payload.installation.id, payload.repository.id, payload.pull_request.number),
        repository=RepositoryName.parse(payload.repository.full_name),
        account_id=payload.repository.owner.id,
        head_sha=Sha(payload.pull_request.head.sha),
        draft=payload.pull_request.draft,
        open=payload.pull_request.state == "open",
    )


_MADE: Mapping[str, Callable[[_PullRequestPayload], Event]] = MappingProxyType(
    {"pull_request": _changed, "pull_request_review": _reviewed}
)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except RecursionError:
        raise EventMalformed("the body is nested too deeply") from None
    except ValueError:  # UnicodeDecodeError is one too
        raise EventMalformed("the body is not JSON") from None
    if not isinstance(data, dict):
        raise EventMalformed("the body is not a JSON object")
    return data
