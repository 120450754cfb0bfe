"""Shows a pull request's queued check at once, however long its turn is away."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from app.domain.errors import LedgerUnavailable
from app.domain.jobs import RowKey
from app.ports import Ledger
from app.usecases.check_runs import CheckRuns
from app.usecases.fence import Fence
from app.usecases.job import OwnershipLost
from app.usecases.review.announce import announce
from workers.leases import Lease

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announcements:
    """What an `announce` bell does.

    It holds the row meanwhile, so that a review whose turn comes just then does not make a second check run.
    """

    ledger: Ledger
    check_runs: CheckRuns
    beat_seconds: float

    async def answer(self, key: RowKey) -> None:
        owner, fence = secrets.token_hex(8), Fence()
        try:
            row = await self.ledger.take(key, owner)
            if row is None:
                return  # done already, or a running review will hear that more is wanted
            try:
                held = await self.ledger.held_until(key.ref.installation_id)
                telling = announce(row, self.check_runs, held_until=held)
                await Lease(self.ledger, row, owner, self.beat_seconds, fence).keep(telling, heed=False)
            finally:
                await self.ledger.hand_back(key, owner, counted=False)
        except (LedgerUnavailable, OwnershipLost) as error:
            _log.warning("announce of %s: %s", key, error)
