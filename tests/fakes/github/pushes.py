"""What GitHub does when a branch moves: push events, and pull requests that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.git_store import ZERO_SHA
from tests.fakes.github.render.commits import push

if TYPE_CHECKING:
    from tests.fakes.github.records import User
    from tests.fakes.github.repository import Repository


def branch_moved(repository: Repository, branch: str, before: str | None, after: str | None, *, sender: User) -> None:
    """Announce a push and move, close or mark as merged the pull requests it concerns."""
    if repository.fake.hears(repository):
        payload = push(repository, branch, before or ZERO_SHA, after or ZERO_SHA, sender=sender)
        repository.fake.announce("push", payload, repository=repository, sender=sender)
    for other in list(repository.fake.repositories.values()):
        for pull in list(other.pulls.values()):
            if pull.state != "open":
                continue
            if pull.head_repo is repository and pull.head_ref == branch:
                pull.head_moved(sender=sender)
            if other is repository and pull.base_ref == branch and pull.state == "open":
                pull.base_moved(sender=sender)
