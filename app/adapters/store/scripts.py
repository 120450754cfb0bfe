"""Runs our Lua scripts, and translates Redis' troubles into one error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from app.domain.errors import LedgerUnavailable


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Every Redis error (absent, loading, full, read-only) becomes LedgerUnavailable; none carries a password."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise LedgerUnavailable(f"Redis: {type(error).__name__}: {error}") from error


class Scripts:
    """The scripts of lua/, called by SHA and sent again when the server forgot them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        folder = resources.files("app.adapters.store") / "lua"
        names = ("accept", "take", "beat", "done", "later", "due")
        self._sources = {name: (folder / f"{name}.lua").read_text() for name in names}
        self._shas: dict[str, str] = {}

    async def call(self, name: str, names: Sequence[str], args: Sequence[str | int | bytes]) -> Any:
        """The script's reply. Raises LedgerUnavailable."""
        async with translated():
            sha = self._shas.get(name)
            if sha is None:
                sha = self._shas[name] = await self._redis.script_load(self._sources[name])
            try:
                return await self._redis.evalsha(sha, len(names), *names, *args)  # type: ignore[no-untyped-call]
            except NoScriptError:
                return await self._redis.eval(self._sources[name], len(names), *names, *args)  # type: ignore[no-untyped-call]
