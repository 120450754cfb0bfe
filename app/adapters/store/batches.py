"""Runs Lua scripts in batches: what is asked for while one round trip to Redis is under way shares the next one."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from app.adapters.store.scripts import Argument, sources
from app.adapters.store.troubles import unavailable
from app.domain.errors import LedgerUnavailable

_MAX_BATCH = 64
_MAX_WAITING = 1_000
_WAIT_SECONDS = 5.0
"""GitHub gives up on a delivery after 10 s."""


@dataclass(frozen=True, slots=True)
class _Call:
    script: str
    names: Sequence[str]
    args: Sequence[Argument]
    deadline: float
    """On the event loop's clock."""
    reply: asyncio.Future[Any]
    """An exception is a reply too: a caller that went away leaves none that nobody looks at."""

    def settle(self, reply: Any) -> None:
        if not self.reply.done():
            self.reply.set_result(reply)


class BatchedScripts:
    """Implements RunsScripts for many callers at a time.

    A round trip costs this process about 100 us and each script in it 25, so sixteen together cost a quarter. A call
    that finds nothing under way is sent at once: batches form only where there is something to win. Each call has its
    own reply or error, and may be cancelled without harm to others.

    `lua` is name -> script; by default the scripts of lua/.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        lua: Mapping[str, str] | None = None,
        max_batch: int = _MAX_BATCH,
        max_waiting: int = _MAX_WAITING,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> None:
        self._redis = redis
        self._sources = sources() if lua is None else lua
        self._shas = {name: _sha(source) for name, source in self._sources.items()}
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._wait_seconds = wait_seconds
        self._waiting: deque[_Call] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def call(self, name: str, names: Sequence[str], args: Sequence[Argument]) -> Any:
        """The script's reply. Raises LedgerUnavailable, also when too many calls wait or `wait_seconds` are over."""
        if len(self._waiting) >= self._max_waiting:
            raise LedgerUnavailable(f"Redis: {self._max_waiting} calls are waiting for it already")
        loop = asyncio.get_running_loop()
        call = _Call(name, names, args, loop.time() + self._wait_seconds, loop.create_future())
        self._waiting.append(call)
        if self._sender is None:
            self._sender = loop.create_task(self._send())
        reply = await call.reply
        if isinstance(reply, Exception):
            raise unavailable(reply) from reply
        return reply

    async def _send(self) -> None:
        """Sends batch after batch until nothing waits."""
        try:
            while self._waiting:
                await self._send_one()
        finally:
            self._sender = None
            # Only where this task was ended: nobody is left waiting for ever.
            for call in self._waiting:
                call.settle(ConnectionAbortedError("this process is ending"))
            self._waiting.clear()

    async def _send_one(self) -> None:
        batch: list[_Call] = []
        while self._waiting and len(batch) < self._max_batch:
            call = self._waiting.popleft()
            if not call.reply.done():  # else its caller was cancelled
                batch.append(call)
        if not batch:
            return
        replies: Sequence[Any] = [ConnectionAbortedError("this process is ending")] * len(batch)
        try:
            # The first has waited longest, so no call waits past its time; one that came later may fail earlier.
            async with asyncio.timeout_at(batch[0].deadline):
                replies = await self._replies(batch)
        except (RedisError, OSError, TimeoutError) as error:
            replies = [error] * len(batch)
        finally:
            for call, reply in zip(batch, replies, strict=True):
                call.settle(reply)

    async def _replies(self, batch: Sequence[_Call]) -> list[Any]:
        """One reply or error for each call."""
        replies = await self._round_trip("EVALSHA", [(self._shas[call.script], call) for call in batch])
        unknown = [n for n, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            # A server that was started anew knows none; sent whole, it runs and is remembered.
            again = [(self._sources[batch[n].script], batch[n]) for n in unknown]
            for n, reply in zip(unknown, await self._round_trip("EVAL", again), strict=True):
                replies[n] = reply
        return replies

    async def _round_trip(self, command: str, calls: Sequence[tuple[str, _Call]]) -> list[Any]:
        # When it is cancelled or times out, redis-py closes the connection, so no late reply reaches another call.
        async with self._redis.pipeline(transaction=False) as pipe:
            for script, call in calls:
                pipe.execute_command(command, script, len(call.names), *call.names, *call.args)
            replies: list[Any] = await pipe.execute(raise_on_error=False)
            return replies


def _sha(source: str) -> str:
    """How the server names a script. Source: Redis documentation, EVALSHA."""
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
