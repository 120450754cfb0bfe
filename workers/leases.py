"""Keeps the lease of a row alive while somebody works on it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from app.domain.errors import LedgerUnavailable
from app.domain.jobs import RowKey
from app.ports import Ledger
from workers.cancelling import end

_log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0


@contextlib.asynccontextmanager
async def beating(ledger: Ledger, key: RowKey, owner: str, *, seconds: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Extends the lease every `seconds` while the body runs."""
    task = asyncio.create_task(_beat(ledger, key, owner, seconds))
    try:
        yield
    finally:
        await end((task,))


async def _beat(ledger: Ledger, key: RowKey, owner: str, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            if await ledger.beat(key, owner) is None:
                return
        except LedgerUnavailable as error:
            _log.warning("heartbeat of %s: %s", key, error)
