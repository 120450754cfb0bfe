"""What happens by the clock: rows whose deadline has passed are rung again, so that no lost bell loses a job."""

from __future__ import annotations

import asyncio
import logging

from app.domain.errors import LedgerUnavailable
from app.domain.jobs import Bell
from app.ports import Bells

_log = logging.getLogger(__name__)

RING_SECONDS = 2.0


async def ring_due(bells: Bells) -> int:
    """Rings every due row once and says how many there were."""
    rows = await bells.due()
    for row in rows:
        await bells.ring(Bell("review", row))
    return len(rows)


async def ring_forever(bells: Bells) -> None:
    """The first pass is at once: whatever was due while we were down is taken up at start."""
    while True:
        try:
            await ring_due(bells)
        except LedgerUnavailable as error:
            _log.warning("cannot look for due rows: %s", error)
        await asyncio.sleep(RING_SECONDS)
