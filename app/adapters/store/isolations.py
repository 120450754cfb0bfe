"""What isolates sandboxes on each worker's machine: told by the workers, read by the web process."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated
from app.domain.sandbox import Isolation, Mode
from app.domain.visible import visible

_LONGEST_WORDS = 2_000
_MOST_PROBES = 64


class RedisIsolations:
    """One key for each worker, gone a while after the worker fell silent, and a set of their names."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def tell(self, worker: str, isolation: Isolation) -> None:
        """Raises LedgerUnavailable."""
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(keys.isolation(worker), json.dumps(asdict(isolation)), ex=keys.ISOLATION_SECONDS)
            pipe.sadd(keys.ISOLATIONS, worker)
            pipe.expire(keys.ISOLATIONS, keys.ISOLATIONS_SECONDS)
            await pipe.execute()

    async def forget(self, worker: str) -> None:
        """For a worker that stops. Raises LedgerUnavailable."""
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.isolation(worker))
            pipe.srem(keys.ISOLATIONS, worker)
            await pipe.execute()

    async def told(self) -> tuple[Isolation, ...]:
        """Of every worker that told lately. Raises LedgerUnavailable."""
        async with translated():
            names: set[bytes | str] = await self._redis.smembers(keys.ISOLATIONS)  # type: ignore[misc]
            workers = sorted(map(_text, names))
            if not workers:
                return ()
            values = await self._redis.mget([keys.isolation(worker) for worker in workers])
            silent = [worker for worker, value in zip(workers, values, strict=True) if value is None]
            if silent:
                await self._redis.srem(keys.ISOLATIONS, *silent)  # type: ignore[misc]
        return tuple(found for value in values if value is not None and (found := _isolation(value)) is not None)


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _isolation(value: bytes | str) -> Isolation | None:
    """None for what another version of ours wrote. Texts are short, and can always be shown and encoded."""
    with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
        told = json.loads(value)
        return Isolation(
            mode=Mode(told["mode"]),
            reason=_words(told["reason"]),
            remedy=_words(told["remedy"]),
            cgroup=_words(told["cgroup"]),
            own_user=told["own_user"] is True,
            probes=tuple((_words(name), held is True) for name, held in told["probes"][:_MOST_PROBES]),
        )
    return None


def _words(value: object) -> str:
    return visible(str(value)[:_LONGEST_WORDS])[:_LONGEST_WORDS]
