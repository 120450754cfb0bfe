"""Check runs and commit statuses under the names of our checks, whoever set them.

Source: GitHub Docs, "Webhook events and payloads", `check_run` and `status`. An App hears of the check runs of every
App, and of commit statuses where it may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from app.adapters.github.webhook_shapes import HeadSha, Id, InstallationShape, Payload, RepositoryShape
from app.domain.events import CheckSet, Event, Unhandled
from app.domain.merge_group import QUEUE_NUMBER
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _App(Payload):
    id: Id
    slug: Name


class _CheckRun(Payload):
    head_sha: HeadSha
    app: _App | None = None


class _User(Payload):
    login: Name


class _Event(Payload):
    repository: RepositoryShape
    installation: InstallationShape


class _CheckRunEvent(_Event):
    check_run: _CheckRun


class _StatusEvent(_Event):
    sha: HeadSha
    sender: _User


ACTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "check_run": frozenset(("created", "completed")),
        "status": frozenset(("",)),
    }
)

# GitHub does not say whether capitals tell two checks apart.
_OURS: Mapping[str, str] = MappingProxyType({name.casefold(): name for name in (REVIEW_CHECK, GATE_CHECK)})


def read(event: str, action: str, data: dict[str, Any]) -> Event:
    """One of `ACTIONS`. Raises pydantic's ValidationError; of checks under other names nothing is looked at."""
    run = data.get("check_run")
    named = data.get("context") if event == "status" else run.get("name") if isinstance(run, dict) else None
    ours = _OURS.get(named.strip().casefold()) if isinstance(named, str) else None
    if ours is None:
        return Unhandled(f"{event} of another name", action)
    if event == "status":
        status = _StatusEvent.model_validate(data)
        return _set(status, Sha(status.sha), ours, None, f"a commit status by {status.sender.login}")
    check = _CheckRunEvent.model_validate(data)
    app = check.check_run.app
    if app is None:  # it may be our own, and what our own checks lead to must never lead to itself
        return Unhandled("check_run that does not tell its App", action)
    return _set(check, Sha(check.check_run.head_sha), ours, app.id, f"the App {app.slug} ({app.id})")


def _set(event: _Event, head: Sha, name: str, app_id: int | None, source: str) -> CheckSet:
    return CheckSet(
        ref=PullRequestRef(event.installation.id, event.repository.id, QUEUE_NUMBER),
        repository=RepositoryName.parse(event.repository.full_name),
        account_id=event.repository.owner.id,
        head=head,
        name=name,
        app_id=app_id,
        source=source,
    )
