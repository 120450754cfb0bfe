"""The ledger of jobs in Redis: rows with generations and leases, and the bells that wake workers."""

from __future__ import annotations

import logging
from datetime import datetime

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.bells import FUNCTIONS, new_bell
from app.adapters.store.scripts import Scripts, hgetall, translated
from app.domain.events import Delivery
from app.domain.jobs import Bell, RowKey
from app.domain.pull_request import RepositoryName, Sha
from app.domain.row import Row, Wanted

_log = logging.getLogger(__name__)

_DUE_AT_ONCE = 100
_MAX_ERROR = 1_000


class RedisLedger:
    """Implements ports.Intake, ports.Ledger and ports.Bells. Times are the server's: no common clock is needed."""

    def __init__(self, redis: Redis, *, lease_ms: int = keys.LEASE_MS, grace_ms: int = keys.BELL_GRACE_MS) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._lease_ms = lease_ms
        self._grace_ms = grace_ms

    async def accept(self, delivery: Delivery, row: RowKey, wanted: Wanted, bell: str) -> bool:
        job_id, payload = new_bell(bell, str(row))
        names = [
            keys.delivery_id(delivery.id),
            keys.delivery_body(delivery.digest),
            keys.row(str(row)),
            keys.DEADLINES,
            FUNCTIONS[bell],
            f"arq:job:{job_id}",
        ]
        reply = await self._scripts.call(
            "accept",
            names,
            [
                keys.DELIVERIES_SECONDS,
                str(row),
                self._grace_ms,
                str(wanted.repository),
                wanted.head,
                wanted.trigger,
                int(wanted.draft),
                job_id,
                payload,
                keys.BELL_EXPIRES_MS,
            ],
        )
        return int(reply) > 0

    async def take(self, row: RowKey, owner: str) -> Row | None:
        name = str(row)
        reply = await self._scripts.call("take", [keys.row(name), keys.DEADLINES], [name, owner, self._lease_ms])
        if reply is None:
            return None
        return _row(row, dict(zip(reply[::2], reply[1::2], strict=True)))

    async def beat(self, row: RowKey, owner: str) -> int | None:
        name = str(row)
        reply = int(await self._scripts.call("beat", [keys.row(name), keys.DEADLINES], [name, owner, self._lease_ms]))
        return None if reply < 0 else reply

    async def done(self, row: RowKey, owner: str, generation: int) -> bool:
        name = str(row)
        reply = await self._scripts.call("done", [keys.row(name), keys.DEADLINES], [name, owner, generation])
        return int(reply) == 1

    async def retry_later(self, row: RowKey, owner: str, *, at: datetime, error: str) -> None:
        name = str(row)
        due = int(at.timestamp() * 1000)
        await self._scripts.call("later", [keys.row(name), keys.DEADLINES], [name, owner, due, error[:_MAX_ERROR]])

    async def hand_back(self, row: RowKey, owner: str) -> None:
        name = str(row)
        await self._scripts.call("back", [keys.row(name), keys.DEADLINES], [name, owner, self._grace_ms])

    async def read(self, row: RowKey) -> Row | None:
        async with translated():
            fields = await hgetall(self._redis, keys.row(str(row)))
        return _row(row, fields) if fields else None

    async def due(self) -> tuple[RowKey, ...]:
        rows = await self._scripts.call("due", [keys.DEADLINES], [_DUE_AT_ONCE, self._grace_ms, keys.row("")])
        return tuple(row for name in rows if (row := _row_key(name)) is not None)

    async def ring(self, bell: Bell) -> None:
        job_id, payload = new_bell(bell.function, str(bell.row))
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.psetex(f"arq:job:{job_id}", keys.BELL_EXPIRES_MS, payload)
            pipe.zadd(FUNCTIONS[bell.function], {job_id: _now_ms()})
            await pipe.execute()


def _now_ms() -> int:
    return int(datetime.now().astimezone().timestamp() * 1000)


def _row_key(name: bytes) -> RowKey | None:
    """None for a row of another version's making: that version shall look at it, not this one stumble over it."""
    try:
        return RowKey.parse(name.decode())
    except ValueError:
        _log.warning("a due row has a name that this version does not know: %r", name[:100])
        return None


def _row(key: RowKey, fields: dict[bytes, bytes]) -> Row:
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Row(
        key=key,
        generation=int(text["want"]),
        done=int(text.get("done", "0")),
        wanted=Wanted(
            repository=RepositoryName.parse(text["repository"]),
            head=Sha(text["head"]),
            trigger=text["trigger"],
            draft=text["draft"] == "1",
        ),
        triggers=frozenset(text.get("triggers", "").split(",")) - {""},
        attempts=int(text.get("attempts", "0")),
        error=text.get("error", ""),
    )
