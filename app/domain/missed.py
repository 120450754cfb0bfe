"""What tells of a missed delivery: GitHub's log of deliveries, and the open pull requests of known repositories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.pull_request import RepositoryName, Sha

_TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt to deliver a webhook, as GitHub's log has it. `guid` is the same for every attempt of a delivery."""

    id: int
    guid: str
    event: str
    action: str | None
    delivered_at: datetime
    status_code: int
    redelivery: bool

    @property
    def ok(self) -> bool:
        """Whether we answered that we have it.

        GitHub counts 200 to 399 as success and 400 to 599 as failure (REST, "List deliveries for an app webhook",
        `status`), which leaves out attempts without any answer. We say 202; a redirect is the word of something in
        front of us, and GitHub's payload did not arrive.
        """
        return self.status_code in _TAKEN


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A repository of which we have accepted a delivery, the first one at `since`."""

    installation_id: int
    repository_id: int
    name: RepositoryName
    since: datetime

    def __str__(self) -> str:
        return f"{self.installation_id}:{self.repository_id}"


@dataclass(frozen=True, slots=True)
class OpenPullRequest:
    """One line of a repository's list of open pull requests; `account_id` owns the repository."""

    number: int
    repository: RepositoryName
    account_id: int
    head: Sha
    draft: bool
    created_at: datetime
    updated_at: datetime
