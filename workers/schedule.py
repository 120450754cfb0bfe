"""What happens by the clock: rows whose time has come are put in line, so that no lost bell loses a job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from app.domain.errors import LedgerUnavailable
from app.domain.jobs import Queue
from app.ports import Bells

_log = logging.getLogger(__name__)

RING_SECONDS = 1.0


async def ring_forever(
    bells: Bells,
    free: Callable[[Queue], int],
    *,
    seconds: float = RING_SECONDS,
    outage_over: asyncio.Event | None = None,
) -> None:
    """`free`: how many slots of a queue are free here. `outage_over` is set when Redis is back after it was away.

    The first look is at once: whatever was due while we were down is taken up at start. Rows that may run and wait
    while slots are free have lost their bells.
    """
    waited: frozenset[Queue] = frozenset()
    away = False
    while True:
        try:
            waiting = await bells.due()
            if away and outage_over is not None:
                outage_over.set()
            away = False
            for queue in waiting & waited:
                if (times := free(queue)) > 0:
                    await bells.ring(queue, times)
            waited = waiting
        except LedgerUnavailable as error:
            away = True
            _log.warning("cannot look for due rows: %s", error)
        await asyncio.sleep(seconds)
