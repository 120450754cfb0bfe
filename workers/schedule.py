"""What happens by the clock: rows whose deadline has passed are rung again, so that no lost bell loses a job."""

from __future__ import annotations

import asyncio
import logging

from app.domain.errors import LedgerUnavailable
from app.domain.jobs import Bell
from app.ports import Ledger

_log = logging.getLogger(__name__)

RING_SECONDS = 2.0


async def ring_due(ledger: Ledger) -> int:
    """Rings every due row once and says how many there were."""
    rows = await ledger.due()
    for row in rows:
        await ledger.ring(Bell("review", row))
    return len(rows)


async def ring_forever(ledger: Ledger) -> None:
    """The first pass is at once: whatever was due while we were down is taken up at start."""
    while True:
        try:
            await ring_due(ledger)
        except LedgerUnavailable as error:
            _log.warning("cannot look for due rows: %s", error)
        await asyncio.sleep(RING_SECONDS)
