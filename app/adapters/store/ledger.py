"""The ledger in Redis: rows, leases, lines and bells. Every change is one Lua script, so none is ever half done."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import Argument, RunsScripts, Scripts, hgetall, translated
from app.domain.events import Delivery
from app.domain.jobs import LIMITS, JobKind, Queue, RowKey
from app.domain.policy import Trigger
from app.domain.pull_request import RepositoryName, Sha
from app.domain.row import Note, Order, Pulse, Row, Wanted

_log = logging.getLogger(__name__)

_MAX_ERROR = 1_000
_PUT_OFF_SECONDS = 600.0
_DEBOUNCES = 5
"""A row waits at most so many debounce times for more pushes."""


@dataclass(frozen=True, slots=True)
class LedgerOptions:
    """Times in ms and seconds, and how many jobs may run at once."""

    lease_ms: int = 6_000
    """A worker that has not beaten for this long is taken for dead."""
    debounce_ms: int = 2_000
    """So long a push waits for another one."""
    compare_ms: int = keys.RECONCILE_MS
    """The first comparison of a new repository's heads with ours."""
    per_repository: int = 10
    per_installation: int = 20
    keep_deliveries_seconds: int = keys.DELIVERIES_SECONDS
    keep_rows_seconds: int = 90 * 24 * 3600
    """How long a row at rest is kept."""


class RedisLedger:
    """Implements ports.Intake, ports.Ledger, ports.Bells and ports.Orders. Times are the server's: no common clock is
    needed.
    """

    def __init__(
        self, redis: Redis, options: LedgerOptions | None = None, *, scripts: RunsScripts | None = None
    ) -> None:
        self._redis = redis
        self._scripts = scripts or Scripts(redis)
        self._options = options or LedgerOptions()

    async def accept(
        self,
        delivery: Delivery,
        row: RowKey,
        wanted: Wanted,
        *,
        also: tuple[RowKey, ...] = (),
        note: Note | None = None,
    ) -> bool:
        options = self._options
        debounce = options.debounce_ms if wanted.trigger == Trigger.PUSH else 0
        arguments: list[Argument] = [
            options.keep_deliveries_seconds,
            str(wanted.repository),
            wanted.head or "",
            wanted.trigger,
            int(wanted.draft),
            debounce,
            debounce * _DEBOUNCES,
            options.compare_ms,
            note.id if note is not None else "",
            note.text if note is not None else "",
            keys.NOTES_SECONDS,
        ]
        for one in (row, *also):
            arguments += [str(one), LIMITS[one.kind].queue, int(one.kind is JobKind.REVIEW)]
        reply = await self._scripts.call(
            "accept", [keys.delivery_id(delivery.id), keys.delivery_body(delivery.digest)], arguments
        )
        return int(reply) > 0

    async def next(self, queue: Queue, owner: str, *, run: str) -> Row | None:
        options = self._options
        reply = await self._scripts.call(
            "next", [], [queue, owner, options.lease_ms, options.per_repository, options.per_installation, run]
        )
        if reply is None:
            return None
        name = reply[0].decode()
        try:
            return _row(RowKey.parse(name), _pairs(reply[1:]))
        except (KeyError, ValueError):  # of another version: that one shall look at it, not this one stumble over it
            _log.warning("the row %r is of a kind that this version does not know; it is put off", name[:100])
            await self._release(name, owner, seconds=_PUT_OFF_SECONDS, error="", take_back=1)
            return None

    async def take(self, row: RowKey, owner: str) -> Row | None:
        reply = await self._scripts.call("take", [], [str(row), owner, self._options.lease_ms])
        return None if reply is None else _row(row, _pairs(reply))

    async def beat(self, row: RowKey, owner: str) -> Pulse | None:
        reply = await self._scripts.call("beat", [], [str(row), owner, self._options.lease_ms])
        return None if reply is None else Pulse(int(reply[0]), int(reply[1]), bool(reply[2]))

    async def done(self, row: RowKey, owner: str, generation: int, *, reviewed: Sha | None = None) -> None:
        await self._end(row, owner, generation, reviewed=reviewed or "")

    async def bury(self, row: RowKey, owner: str, generation: int, *, error: str) -> None:
        await self._end(row, owner, generation, state="dead", error=error[:_MAX_ERROR])

    async def _end(
        self, row: RowKey, owner: str, generation: int, *, state: str = "", error: str = "", reviewed: str = ""
    ) -> None:
        keep = self._options.keep_rows_seconds
        await self._scripts.call("done", [], [str(row), owner, generation, state, error, reviewed, keep])

    async def retry_later(self, row: RowKey, owner: str, *, seconds: float, error: str, outage: bool = False) -> None:
        await self._release(str(row), owner, seconds=seconds, error=error, take_back=0, outage=outage)

    async def hand_back(self, row: RowKey, owner: str, *, counted: bool) -> None:
        await self._release(str(row), owner, seconds=0.0, error="", take_back=int(counted))

    async def _release(
        self, name: str, owner: str, *, seconds: float, error: str, take_back: int, outage: bool = False
    ) -> None:
        milliseconds = max(0, round(seconds * 1000))
        arguments: list[Argument] = [name, owner, milliseconds, error[:_MAX_ERROR], take_back, int(outage)]
        await self._scripts.call("release", [], arguments)

    async def hold(self, installation_id: int, *, until: datetime) -> None:
        milliseconds = round((until - datetime.now(UTC)).total_seconds() * 1000)
        if milliseconds > 0:
            await self._scripts.call("hold", [keys.held(installation_id)], [milliseconds])

    async def held_until(self, installation_id: int) -> datetime | None:
        async with translated():
            milliseconds = int(await self._redis.pttl(keys.held(installation_id)))
        return datetime.now(UTC) + timedelta(milliseconds=milliseconds) if milliseconds > 0 else None

    async def read(self, row: RowKey) -> Row | None:
        async with translated():
            fields = await hgetall(self._redis, keys.row(str(row)))
        return _row(row, fields) if fields else None

    async def stop(self, row: RowKey) -> bool:
        return await self._order(row, Order.STOP)

    async def pause(self, row: RowKey) -> bool:
        return await self._order(row, Order.PAUSE)

    async def resume(self, row: RowKey) -> bool:
        return await self._order(row, Order.RESUME)

    async def retry(self, row: RowKey) -> bool:
        return await self._order(row, Order.RETRY)

    async def _order(self, row: RowKey, order: Order) -> bool:
        return bool(await self._scripts.call("order", [], [str(row), order]))

    async def due(self) -> frozenset[Queue]:
        options = self._options
        waiting = await self._scripts.call("due", [], [options.per_repository, options.per_installation, *Queue])
        return frozenset(queue for queue, some in zip(Queue, waiting, strict=True) if some)

    async def ring(self, queue: Queue, times: int) -> None:
        await self._scripts.call("ring", [], [queue, times])


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _row(key: RowKey, fields: dict[bytes, bytes]) -> Row:
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Row(
        key=key,
        generation=int(text["want"]),
        done=int(text.get("done", "0")),
        wanted=Wanted(
            repository=RepositoryName.parse(text["repository"]),
            head=Sha(text["head"]) if "head" in text else None,
            trigger=text["trigger"],
            draft=text["draft"] == "1",
        ),
        triggers=frozenset(text.get("triggers", "").split(",")) - {""},
        attempts=int(text.get("attempts", "0")),
        error=text.get("error", ""),
        run=text.get("run", ""),
        run_before=text.get("run_before", ""),
        deaths=int(text.get("deaths", "0")),
        outages=int(text.get("outages", "0")),
        stop_through=int(text.get("stop", "0")),
        paused="paused" in text,
        dead=text.get("state") == "dead",
        reviewed=Sha(text["reviewed"]) if "reviewed" in text else None,
    )
