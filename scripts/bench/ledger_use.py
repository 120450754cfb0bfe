"""The few calls of the ledger that benchmarks make themselves: as web and worker make them, without HTTP and GitHub."""

from __future__ import annotations

import hashlib
import itertools

from app.adapters.store.ledger import RedisLedger
from app.domain.events import Delivery
from app.domain.jobs import RowKey
from app.domain.row import Wanted

_numbers = itertools.count(1)


async def accept(ledger: RedisLedger, row: RowKey, wanted: Wanted) -> None:
    """As a delivery that nobody saw before."""
    number = next(_numbers)
    delivery = Delivery(f"bench-{number}", "pull_request", hashlib.sha256(str(number).encode()).hexdigest())
    if not await ledger.accept(delivery, row, wanted):
        raise RuntimeError(f"the ledger took delivery {number} for a duplicate")


async def take(ledger: RedisLedger, row: RowKey, owner: str) -> int:
    """Leases the row; gives the generation that is wanted."""
    taken = await ledger.take(row, owner)
    if taken is None:
        raise RuntimeError(f"the ledger does not give {row} to anybody")
    return taken.generation


async def finish(ledger: RedisLedger, row: RowKey, owner: str) -> None:
    """Takes the row and is done with it at once."""
    await ledger.done(row, owner, await take(ledger, row, owner))
