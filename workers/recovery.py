"""What happens by the clock to find missed deliveries: reading GitHub's log, and comparing open pull requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.domain.errors import RevwrightError
from app.usecases.reconcile import Reconciliation
from app.usecases.recover import Recovery

_log = logging.getLogger(__name__)

RECOVER_SECONDS = 300.0
RECONCILE_SECONDS = 60.0
"""How often somebody looks which repositories' hour is over."""


async def recover_forever(recovery: Recovery, *, seconds: float = RECOVER_SECONDS) -> None:
    """The first scan is at once: what failed while all workers were down is taken in at start."""
    await _told("read the log of deliveries", recovery.scan)
    while True:
        await asyncio.sleep(seconds)
        await _told("read the log of deliveries", recovery.scan_in_turn)


async def reconcile_forever(reconciliation: Reconciliation, *, seconds: float = RECONCILE_SECONDS) -> None:
    """A pass takes what is due and no more than its limit; the next one goes on."""
    while True:
        await _told("compare open pull requests", reconciliation.compare_due)
        await asyncio.sleep(seconds)


async def _told(what: str, act: Callable[[], Awaitable[object]]) -> None:
    """An error ends this turn only."""
    try:
        await act()
    except RevwrightError as error:
        _log.warning("cannot %s now, the next turn tries again: %s", what, error)
