"""Runs our Lua scripts, and translates Redis' troubles into one error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from app.adapters.store.troubles import unavailable

_MOST_SECONDS = 5.0
"""GitHub gives a webhook 10 seconds. What is cut off here may have been done all the same: scripts may be repeated."""

Argument = str | int | bytes


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Every Redis error (absent, loading, full, read-only) becomes LedgerUnavailable; none carries a password.

    So does a server that takes connections and never answers: everything inside has `_MOST_SECONDS` together.
    """
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            yield
    except (RedisError, OSError, TimeoutError) as error:
        raise unavailable(error) from error


async def hgetall(redis: Redis, key: str) -> dict[bytes, bytes]:
    """All fields of a hash; redis-py's types do not say that an async client answers later."""
    answer: Any = redis.hgetall(key)
    fields: dict[bytes, bytes] = await answer
    return fields


def sources() -> dict[str, str]:
    """Every script of lua/, by its name; what they share stands before each of them."""
    folder = resources.files("app.adapters.store") / "lua"
    files = {
        file.name.removesuffix(".lua"): file.read_text() for file in folder.iterdir() if file.name.endswith(".lua")
    }
    common = files.pop("common")
    return {name: common + text for name, text in files.items()}


class RunsScripts(Protocol):
    """A way to run the scripts of lua/ by name."""

    async def call(self, name: str, names: Sequence[str], args: Sequence[Argument]) -> Any:
        """The script's reply. Raises LedgerUnavailable."""
        ...


class Scripts:
    """Implements RunsScripts one call at a time: by SHA, and sent whole when the server forgot it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sources = sources()
        self._shas: dict[str, str] = {}

    async def call(self, name: str, names: Sequence[str], args: Sequence[Argument]) -> Any:
        """The script's reply. Raises LedgerUnavailable."""
        async with translated():
            sha = self._shas.get(name)
            if sha is None:
                sha = self._shas[name] = await self._redis.script_load(self._sources[name])
            # redis-py's types do not say that an async client answers later, and that arguments may be bytes.
            evalsha: Any = self._redis.evalsha
            try:
                return await evalsha(sha, len(names), *names, *args)
            except NoScriptError:
                evaluate: Any = self._redis.eval
                return await evaluate(self._sources[name], len(names), *names, *args)
