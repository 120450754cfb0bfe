"""What happens by the clock to find missed deliveries: reading GitHub's log, and comparing open pull requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from app.domain.errors import RevwrightError
from app.usecases.reconcile import Reconciliation
from app.usecases.recover import Recovery

_log = logging.getLogger(__name__)

RECOVER_SECONDS = 300.0
SOON_SECONDS = 5.0
RECONCILE_SECONDS = 60.0
"""How often somebody looks which repositories' hour is over."""


async def recover_forever(
    recovery: Recovery,
    *,
    seconds: float = RECOVER_SECONDS,
    soon_seconds: float = SOON_SECONDS,
    outage_over: asyncio.Event | None = None,
) -> None:
    """The first scan is at once: what failed while all workers were down is taken in at start.

    A scan that could not be finished is repeated soon, and one is made soon after `outage_over`: while Redis was away
    the web process took nothing either.
    """
    over = outage_over or asyncio.Event()
    finished, pause = await _told("read the log of deliveries", recovery.scan), soon_seconds
    while True:
        woken = await _happens(over, within=seconds if finished else pause)
        if woken:
            over.clear()
            await asyncio.sleep(soon_seconds)  # GitHub notes a failed delivery a little later
        regular = finished and not woken
        finished = await _told("read the log of deliveries", recovery.scan_in_turn if regular else recovery.scan)
        pause = soon_seconds if regular else min(2 * pause, seconds)


async def _happens(event: asyncio.Event, *, within: float) -> bool:
    """Whether the event is set before so many seconds are over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()


async def reconcile_forever(reconciliation: Reconciliation, *, seconds: float = RECONCILE_SECONDS) -> None:
    """A pass takes what is due and no more than its limit; the next one goes on."""
    while True:
        await _told("compare open pull requests", reconciliation.compare_due)
        await asyncio.sleep(seconds)


async def _told(what: str, act: Callable[[], Awaitable[object]]) -> bool:
    """An error ends this turn only. Whether there was none."""
    try:
        await act()
    except RevwrightError as error:
        _log.warning("cannot %s now, the next turn tries again: %s", what, error)
        return False
    return True
