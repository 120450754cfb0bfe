"""Shows at once on GitHub that a review is queued, then passes the bell on to the review itself."""

from __future__ import annotations

import logging

from app.domain.errors import GitHubError
from app.domain.jobs import Bell, RowKey
from app.domain.messages import check as words
from app.ports import Ledger, Place
from app.usecases.review.check_run import CheckRuns

_log = logging.getLogger(__name__)


async def announce(key: RowKey, *, ledger: Ledger, check_runs: CheckRuns) -> tuple[Bell, ...]:
    """A draft gets no check: whether drafts are reviewed is the base policy's to say, later.

    If GitHub does not take the check now, the review makes it when it runs.
    """
    row = await ledger.read(key)
    if row is None or row.generation <= row.done:
        return ()
    if not row.wanted.draft:
        try:
            await check_runs.ensure(Place(key.ref, row.wanted.repository), row.wanted.head, words.queued())
        except GitHubError as error:
            _log.warning("announce: check run not created for %s: %s", key, error)
    return (Bell("review", key),)
