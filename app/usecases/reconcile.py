"""Compares the open pull requests of known repositories with the ledger, for what no log of deliveries tells."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import GitHubRefused, GitHubUnavailable, RateLimited
from app.domain.events import PullRequestChanged
from app.domain.jobs import JobKind, RowKey
from app.domain.missed import KnownRepository, OpenPullRequest
from app.domain.pull_request import PullRequestRef
from app.domain.row import Row
from app.ports import Clock, Intake, KnownRepositories, Ledger, OpenPullRequests
from app.usecases.intake import Accepted, decide
from app.usecases.take_in import take_in

_log = logging.getLogger(__name__)

SETTLED = timedelta(minutes=2)
"""A change younger than this may still be on its way to us as a delivery: the next comparison looks at it."""

AGAIN = timedelta(minutes=5)
"""When a repository is looked at again that GitHub could not tell about."""

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One repository after the other, at most `most` in a pass."""

    known: KnownRepositories
    pull_requests: OpenPullRequests
    ledger: Ledger
    intake: Intake
    now: Clock
    allowed_accounts: frozenset[int]
    app_id: int
    most: int = 50
    rows_kept: timedelta = timedelta(days=90)
    """How long the ledger keeps a row at rest. A pull request that is older may have had one that is gone: to take it
    for new would say everything on it once more.
    """

    async def compare_due(self) -> int:
        """Takes in what the ledger lacks and says how much that was.

        Raises LedgerUnavailable, and GitHubRefused when GitHub does not accept the App itself.
        """
        paused: dict[int, datetime] = {}
        found = 0
        for repository in await self.known.claim(self.most):
            if (until := paused.get(repository.installation_id)) is not None:
                await self.known.put_off(repository, until)
                continue
            try:
                found += await self._compare(repository)
            except RateLimited as error:  # the limit is the installation's
                paused[repository.installation_id] = error.retry_at
                _log.warning("%s cannot be compared yet: %s", repository.name, error)
                await self.known.put_off(repository, error.retry_at)
            except GitHubUnavailable as error:
                _log.warning("%s cannot be compared now: %s", repository.name, error)
                await self.known.put_off(repository, self.now() + AGAIN)
            except GitHubRefused as error:
                if error.status == _UNAUTHORIZED:
                    raise  # our key or our clock is wrong, which says nothing of the repository
                _log.info("%s is not ours any more and is forgotten: %s", repository.name, error)
                await self.known.forget(repository)
        return found

    async def _compare(self, repository: KnownRepository) -> int:
        found = 0
        async for pull in self.pull_requests.list(repository):
            ref = PullRequestRef(repository.installation_id, repository.repository_id, pull.number)
            row = await self.ledger.read(RowKey(JobKind.REVIEW, ref))
            action = self._missed(repository, pull, row)
            if action is not None:
                found += await self._taken_in(ref, pull, row, action)
        return found

    def _missed(self, repository: KnownRepository, pull: OpenPullRequest, row: Row | None) -> str | None:
        """The action of the `pull_request` delivery that should have come, in GitHub's word."""
        if pull.updated_at > self.now() - SETTLED:
            return None
        if row is None:
            # Nobody asked us to review what was open before we came. GitHub's times have whole seconds.
            first = max(repository.since.replace(microsecond=0), self.now() - self.rows_kept)
            return "opened" if pull.created_at >= first else None
        if row.wanted.head != pull.head:
            return "synchronize"
        return "ready_for_review" if row.wanted.draft and not pull.draft else None

    async def _taken_in(self, ref: PullRequestRef, pull: OpenPullRequest, row: Row | None, action: str) -> bool:
        event = PullRequestChanged(
            action=action,
            ref=ref,
            repository=pull.repository,
            account_id=pull.account_id,
            head_sha=pull.head,
            draft=pull.draft,
            open=True,
            base_changed=False,
        )
        decision = decide(event, allowed_accounts=self.allowed_accounts, app_id=self.app_id)
        if not isinstance(decision, Accepted):
            return False
        # The same from every worker that sees the same, and another when the branch comes back to this head later.
        id_ = f"reconcile:{ref}:{pull.head}:{row.generation if row is not None else 0}"
        if not await take_in(self.intake, decision, id_=id_, event="pull_request", body=id_.encode()):
            return False
        _log.info("no delivery told of %s at %s (%s): queued", ref, pull.head, action)
        return True
