"""What GraphQL tells of a pull request's past: its commits with everybody who had a hand in them, and its bases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.fakes.github.graphql_pages import Fields, NotSimulated, connection
from tests.fakes.github.render.basics import node_id, timestamp

if TYPE_CHECKING:
    from tests.fakes.github.git_store import Commit
    from tests.fakes.github.pull_requests import PullRequest

_CO_AUTHOR = re.compile(r"^Co-authored-by: .*<([^<>]+)>\s*$", re.IGNORECASE | re.MULTILINE)


def history(pull: PullRequest) -> Fields:
    """Fields of a pull request."""

    def commits(**pages: Any) -> Fields:
        every = list(pull.repository.store.commits(pull.commits()))
        return connection(every, lambda one: {"commit": _commit(pull, one)})(**pages)

    return {
        "commits": commits,
        "timelineItems": _timeline(pull),
    }


def _commit(pull: PullRequest, commit: Commit) -> Fields:
    emails = [commit.author[1], *_CO_AUTHOR.findall(commit.message)]
    return {
        "oid": commit.sha,
        "message": commit.message,
        "authors": connection(emails, lambda email: _person(pull, email)),
        "committer": _person(pull, commit.committer[1]),
    }


def _person(pull: PullRequest, email: str) -> Fields:
    """An account is known by the address that it has verified."""
    found = next((user for user in pull.fake.users.values() if user.email == email and user.type == "User"), None)
    user = found and {"id": node_id("User", found.id), "databaseId": found.id, "login": found.login}
    return {"email": email, "user": user}


def _timeline(pull: PullRequest) -> Callable[..., Fields]:
    def items(*, itemTypes: Sequence[str] | None = None, **pages: Any) -> Fields:  # noqa: N803 - GitHub's word
        if set(itemTypes or ()) - {"BASE_REF_CHANGED_EVENT", "AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT"} or not itemTypes:
            raise NotSimulated("items of these types")
        changes = pull.retargeted_at if "BASE_REF_CHANGED_EVENT" in itemTypes else []
        return connection(changes, _base_changed)(**pages)

    return items


def _base_changed(at: datetime) -> Fields:
    return {"__typename": "BaseRefChangedEvent", "createdAt": timestamp(at)}
