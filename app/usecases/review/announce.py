"""Shows at once on GitHub that a review is queued."""

from __future__ import annotations

import logging
from datetime import datetime

from app.domain.errors import GitHubError
from app.domain.messages import check as words
from app.domain.row import Row
from app.ports import Place
from app.usecases.check_runs import CheckRuns

_log = logging.getLogger(__name__)


async def announce(row: Row, check_runs: CheckRuns, *, held_until: datetime | None = None) -> None:
    """A draft gets no check: whether drafts are reviewed is the base policy's to say, later.

    `held_until`: no job of the installation starts before. If GitHub does not take the check now, the review makes it
    when it runs.
    """
    place, head = Place(row.key.ref, row.wanted.repository), row.wanted.head
    if head is None or row.wanted.draft or row.paused:
        return
    if await check_runs.is_over(place.ref, head):
        return  # a late delivery, or another look at the same head: which of them, GitHub tells the review
    try:
        await check_runs.announce(place, head, words.queued(held_until))
    except GitHubError as error:
        _log.warning("announce: check run not created for %s: %s", row.key, error)
