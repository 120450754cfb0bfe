"""Looks at a Redis server before it is trusted with jobs: what cannot work is refused, what is risky is told."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from app.adapters.store.keys import PREFIX
from app.adapters.store.scripts import translated
from app.adapters.store.troubles import refusal, unavailable
from app.domain.errors import SettingsInvalid

_OLDEST = (6, 2)
_PROBE = "redis.call('SET', KEYS[1], '1', 'EX', 60) redis.call('SET', KEYS[2], '1', 'EX', 60) return 1"
_PROBE_KEYS = (f"{PREFIX}:probe", "arq:probe")
"""Two keys that a Cluster keeps apart; one for each prefix that an ACL must allow."""


async def check_server(redis: Redis, *, works_queues: bool) -> tuple[str, ...]:
    """What the operator should know about the server, in sentences.

    `works_queues`: arq's workers will run on it, which ask for INFO and DBSIZE when they start.
    Raises SettingsInvalid when it can never hold the ledger (the text says why and what to do), LedgerUnavailable when
    it cannot now: absent, loading, full, or read-only as during a failover.
    """
    async with translated():
        try:
            facts = await _facts(redis, works_queues=works_queues)
            probe: Any = redis.eval(_PROBE, len(_PROBE_KEYS), *_PROBE_KEYS)
            await probe
        except ResponseError as error:
            raise _judged(error) from error
    return _risks(facts) if facts is not None else (_UNKNOWN,)


_UNKNOWN = (
    "Redis does not permit INFO, so its version, its memory policy and whether it keeps data on disk were not checked"
)


async def _facts(redis: Redis, *, works_queues: bool) -> dict[str, Any] | None:
    """What INFO says of a server that will do; None where it is forbidden."""
    try:
        facts: dict[str, Any] = await redis.info()
        _refuse(facts)
        if works_queues:
            await redis.dbsize()
    except NoPermissionError as error:
        if works_queues:
            raise _wrong(
                f"its user may not call INFO and DBSIZE, which the worker needs ({error}); add them"
            ) from error
        return None
    return facts


def _refuse(facts: dict[str, Any]) -> None:
    mode = facts.get("redis_mode") or facts.get("server_mode")  # Redis', or Valkey's own word
    if mode == "sentinel":
        raise _wrong("it names a Sentinel, not a server; write redis+sentinel://HOST,HOST/MASTER")
    if mode == "cluster" or facts.get("cluster_enabled"):
        raise _wrong(
            "it names a server in cluster mode, which is not supported: the ledger's scripts need all their keys on "
            "one server; name a server with cluster-enabled no, or Sentinels"
        )
    version = str(facts.get("redis_version", ""))
    if version and _numbers(version) < _OLDEST:
        raise _wrong(f"the server is version {version}; Redis 6.2 or later, or Valkey, is needed")


def _risks(facts: dict[str, Any]) -> tuple[str, ...]:
    told = []
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        told.append(
            f"JOBS CAN BE LOST: Redis has maxmemory-policy {policy} and throws keys away when it is full; set "
            "maxmemory-policy noeviction, so that it says that it is full"
        )
    if facts.get("aof_enabled") == 0:
        told.append(
            "Redis keeps no append-only file: what it was told last is lost when it dies; set appendonly yes "
            "(where a provider's replicas stand in for it, this can be ignored)"
        )
    if facts.get("role") == "slave":
        told.append("Redis is a replica that can be written to: what is written there is lost; name the master")
    return tuple(told)


def _judged(error: ResponseError) -> Exception:
    """The server's refusal of our first commands."""
    if isinstance(error, NoPermissionError):
        return _wrong(
            f"its user lacks a permission ({error}); it needs the keys revwright:* and arq:* and the commands that "
            "docs/settings.md lists"
        )
    if "unknown command" in str(error).lower():
        return _wrong(f"the server cannot run Lua scripts ({error}), which the ledger is made of; name another server")
    return refusal(error) or unavailable(error)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(f"REVWRIGHT_REDIS_URL: {what}")
