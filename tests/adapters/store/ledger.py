"""What the tests of the ledger share: deliveries, turns, and leases that are over."""

from __future__ import annotations

from typing import Any

from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.bells import deserialize, queue_name
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.domain.events import Delivery
from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.pull_request import PullRequestRef, Sha
from app.domain.row import Row, Wanted
from tests.build import HEAD, KEY, REPOSITORY

WANTED = Wanted(REPOSITORY, HEAD, "opened", draft=False)
PUSHED = Wanted(REPOSITORY, Sha("e" * 40), "push", draft=True)
OPTIONS = LedgerOptions(debounce_ms=0)


def delivery(number: object = 1) -> Delivery:
    return Delivery(f"id-{number}", "pull_request", f"digest-{number}")


async def accepted(ledger: RedisLedger, key: RowKey = KEY, wanted: Wanted = WANTED) -> None:
    assert await ledger.accept(delivery(key), key, wanted)


async def following(ledger: RedisLedger, owner: str = "one", run: str = "run") -> Row:
    row = await ledger.next(Queue.REVIEW, owner, run=run)
    assert row is not None
    return row


async def free(ledger: RedisLedger) -> bool:
    """Whether nobody gets a row now."""
    return await ledger.next(Queue.REVIEW, "prober", run="probe") is None


async def expire(redis: ArqRedis, key: RowKey = KEY) -> None:
    """Lets the lease of the row be over, as it is some seconds after its owner died."""
    lease: Any = redis.hset(keys.row(str(key)), "lease", "1")
    await lease
    await redis.zadd(keys.DEADLINES, {str(key): 1})
    for running in await redis.keys("revwright:running:*"):
        await redis.zadd(running, {str(key): 1}, xx=True)


async def taken_over(ledger: RedisLedger, redis: ArqRedis, owner: str = "another") -> None:
    """Somebody else gets the row, even where a heartbeat of the old owner comes between."""
    await expire(redis)
    while await ledger.next(Queue.REVIEW, owner, run="r") is None:
        await expire(redis)


async def bells(redis: ArqRedis, queue: Queue) -> list[tuple[str, list[str]]]:
    jobs = [deserialize(await redis.get(b"arq:job:" + id_)) for id_ in await redis.zrange(queue_name(queue), 0, -1)]
    return [(job["f"], job["a"]) for job in jobs]


def other(number: int, *, repository: int = 22, installation: int = 11, kind: JobKind = JobKind.REVIEW) -> RowKey:
    return RowKey(kind, PullRequestRef(installation, repository, number))
