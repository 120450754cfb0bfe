"""A verified webhook body becomes an Event: small models of our own with only the fields we use.

GitHub's own schema and models made from it refuse a third of GitHub's own examples, so we look at what we use only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, ValidationError

from app.adapters.github import webhook_checks, webhook_people
from app.adapters.github.webhook_shapes import HeadSha, Id, InstallationShape, Payload, RepositoryShape
from app.domain.errors import EventMalformed
from app.domain.events import Event, MergeGroupChanged, Ping, PullRequestChanged, PullRequestReviewed, Unhandled
from app.domain.merge_group import BRANCHES, QUEUE_NUMBER, MergeGroup
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_WORD = re.compile(r"[a-z0-9_]{1,64}")
_Read = Callable[[str, str, dict[str, Any]], Event]
_READERS: tuple[tuple[Mapping[str, frozenset[str]], _Read], ...] = (
    (webhook_people.ACTIONS, webhook_people.read),
    (webhook_checks.ACTIONS, webhook_checks.read),
)


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


class _MergeGroup(Payload):
    head_sha: HeadSha
    head_ref: Annotated[str, Field(max_length=1_000)]
    base_sha: HeadSha
    base_ref: Annotated[str, Field(max_length=1_000)]


class _MergeGroupPayload(Payload):
    action: str
    merge_group: _MergeGroup
    repository: RepositoryShape
    installation: InstallationShape


def parse(event: str, body: bytes) -> Event:
    """The event in a verified body. Raises EventMalformed; an event or action we do not know is Unhandled."""
    shape = _SHAPES.get(event)
    if shape is not None and (made := shape.at_once(body)) is not None:
        return made
    data = _json_object(body)
    if event == "ping":
        return Ping()
    action = data.get("action")
    word = action if isinstance(action, str) and _WORD.fullmatch(action) else ""
    read = next((read for actions, read in _READERS if word in actions.get(event, ())), None)
    if read is None and (shape is None or shape.key not in data):
        return Unhandled(event if _WORD.fullmatch(event) else "unknown", word)
    if "installation" not in data:
        return Unhandled(f"{event} outside an installation of the App", word)
    try:
        if read is not None:
            return read(event, word, data)
        assert shape is not None  # else it was Unhandled above
        return shape.make(shape.payload.model_validate(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EventMalformed(f"{event}.{word}: {where}: {first['msg']}") from None


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


def _queued(payload: _MergeGroupPayload) -> MergeGroupChanged:
    group = payload.merge_group
    return MergeGroupChanged(
        action=payload.action,
        ref=PullRequestRef(payload.installation.id, payload.repository.id, QUEUE_NUMBER),
        repository=RepositoryName.parse(payload.repository.full_name),
        account_id=payload.repository.owner.id,
        group=MergeGroup(
            head=Sha(group.head_sha),
            head_ref=group.head_ref,
            base=Sha(group.base_sha),
            base_branch=group.base_ref.removeprefix(BRANCHES),
        ),
    )


_P = TypeVar("_P", bound=Payload)


@dataclass(frozen=True, slots=True)
class _Shape(Generic[_P]):
    """What a body of one event has to be. Without `key` it is another event of the same name."""

    payload: type[_P]
    key: str
    make: Callable[[_P], Event]

    def at_once(self, body: bytes) -> Event | None:
        """The event in one step, which takes half the time; None leaves it to the longer way to say what is wrong."""
        try:
            return self.make(self.payload.model_validate_json(body))
        except ValidationError:
            return None


_SHAPES: Mapping[str, _Shape[Any]] = MappingProxyType(
    {
        "pull_request": _Shape(_PullRequestPayload, "pull_request", _changed),
        "pull_request_review": _Shape(_PullRequestPayload, "pull_request", _reviewed),
        "merge_group": _Shape(_MergeGroupPayload, "merge_group", _queued),
    }
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
