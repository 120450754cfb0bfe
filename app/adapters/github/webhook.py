"""A verified webhook body becomes an Event: small models of our own with only the fields we use.

GitHub's own schema and models made from it refuse a third of GitHub's own examples, so we look at what we use only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from app.adapters.github import webhook_people
from app.adapters.github.webhook_shapes import HeadSha, Id, InstallationShape, Payload, RepositoryShape
from app.domain.errors import EventMalformed
from app.domain.events import Event, Ping, PullRequestChanged, PullRequestReviewed, Unhandled
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_WORD = re.compile(r"[a-z0-9_]{1,64}")


class _Head(Payload):
    sha: HeadSha


class _PullRequest(Payload):
    number: Id
    state: Literal["open", "closed"]
    draft: bool = False
    head: _Head


class _PullRequestPayload(Payload):
    action: str
    pull_request: _PullRequest
    repository: RepositoryShape
    installation: InstallationShape
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
    by_people = word in webhook_people.ACTIONS.get(event, ())
    if not by_people and (event not in _MADE or "pull_request" not in data):
        return Unhandled(event if _WORD.fullmatch(event) else "unknown", word)
    if "installation" not in data:
        return Unhandled(f"{event} outside an installation of the App", word)
    try:
        return (
            webhook_people.read(event, word, data)
            if by_people
            else _MADE[event](_PullRequestPayload.model_validate(data))
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EventMalformed(f"{event}.{word}: {where}: {first['msg']}") from None


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
