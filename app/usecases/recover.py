"""Finds the deliveries that did not reach us in GitHub's own log, and takes them in as if they had."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from app.domain.errors import EventMalformed, GitHubRefused
from app.domain.missed import HookDelivery
from app.ports import Clock, HookDeliveries, Intake, Marks, ParseEvent
from app.usecases.intake import Accepted, Ignored, decide
from app.usecases.take_in import take_in

_log = logging.getLogger(__name__)

EVENTS = frozenset(
    (
        "pull_request",
        "pull_request_review",
        "merge_group",
        "issue_comment",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "check_run",
        "check_suite",
        "status",
    )
)
"""The events that can lead to a job; of all others the payload is not even asked for."""

KEPT = timedelta(hours=72)
"""GitHub keeps its log for three days (REST, "List deliveries for an app webhook")."""

OVERLAP = timedelta(minutes=10)
"""So much is read twice: a delivery may appear in the log minutes after it was made (GitHub Docs, "Troubleshooting
webhooks"), and our clock may differ from GitHub's by the minute that its check of our JWT lets pass."""

TURN = timedelta(minutes=4)
"""After one worker's regular scan, no other begins one for so long: shorter than the pause between scans."""

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Scan:
    """How many deliveries of ours had failed in the time scanned, and how many of them were taken in now."""

    failed: int
    recovered: int


@dataclass(slots=True)
class Recovery:
    """Reads the log. Any number of workers may do it at once: the ledger takes each delivery in once.

    A scan raises GitHubError or LedgerUnavailable when it could not be finished; the next one begins where this one
    did.
    """

    deliveries: HookDeliveries
    marks: Marks
    intake: Intake
    parse: ParseEvent
    now: Clock
    allowed_accounts: frozenset[int]
    app_id: int
    _handled: set[str] = field(default_factory=set, init=False)
    """Deliveries that an earlier scan has dealt with. Without it, a scan that a rate limit ends again and again would
    spend every allowance on the payloads it has read before."""
    _told: bool = field(default=False, init=False)

    async def scan_in_turn(self) -> Scan | None:
        """The regular scan; None when another worker has the turn."""
        return await self.scan() if await self.marks.claim(TURN) else None

    async def scan(self) -> Scan:
        """Takes in every failed delivery since the last finished scan, at most of the last three days."""
        begun = self.now()
        mark = await self.marks.scanned_until()
        since = begun - KEPT if mark is None else max(begun - KEPT, mark - OVERLAP)
        try:
            failed = await self._failed(since)
        except GitHubRefused as error:
            if error.status != _NOT_FOUND:
                raise
            self._tell_that_there_is_no_log(error)
            return Scan(0, 0)
        self._handled.intersection_update(delivery.guid for delivery in failed)
        recovered = 0
        for delivery in failed:
            if delivery.guid not in self._handled:
                recovered += await self._recovered(delivery)
                self._handled.add(delivery.guid)
        await self.marks.scanned(begun)
        if recovered:
            _log.info("took in %d of %d failed deliveries since %s", recovered, len(failed), since.isoformat())
        return Scan(len(failed), recovered)

    async def _failed(self, since: datetime) -> tuple[HookDelivery, ...]:
        """Deliveries of which no attempt succeeded, oldest first, so that the newest head is taken in last."""
        taken: set[str] = set()
        failed: dict[str, HookDelivery] = {}
        async for attempt in self.deliveries.list(since):
            if attempt.ok:
                taken.add(attempt.guid)
            elif attempt.event in EVENTS:
                failed[attempt.guid] = attempt  # the oldest attempt stays: it has the time of the event
        missed = (attempt for guid, attempt in failed.items() if guid not in taken)
        return tuple(sorted(missed, key=lambda attempt: (attempt.delivered_at, attempt.id)))

    async def _recovered(self, delivery: HookDelivery) -> bool:
        body = await self.deliveries.payload(delivery.id)
        if body is None:
            _log.warning("failed delivery %s (%s): GitHub has no payload of it", delivery.guid, delivery.event)
            return False
        try:
            decision = decide(
                self.parse(delivery.event, body), allowed_accounts=self.allowed_accounts, app_id=self.app_id
            )
        except EventMalformed as error:
            _log.warning("failed delivery %s (%s) is malformed: %s", delivery.guid, delivery.event, error)
            return False
        match decision:
            case Ignored(reason):
                _log.info("failed delivery %s (%s) ignored: %s", delivery.guid, delivery.event, reason)
                return False
            case Accepted(row):
                if not await take_in(self.intake, decision, id_=delivery.guid, event=delivery.event, body=body):
                    return False  # we had it, and only our answer was lost
                _log.info("failed delivery %s (status %d) queued %s", delivery.guid, delivery.status_code, row)
                return True
        assert_never(decision)

    def _tell_that_there_is_no_log(self, error: GitHubRefused) -> None:
        if not self._told:
            _log.info("missed deliveries are not looked for, GitHub has no log of this App's webhook: %s", error)
        self._told = True
