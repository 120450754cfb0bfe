"""Answers of models in Redis, until the job that asked is done; signed, since a verdict may rest on them."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated
from app.adapters.store.seal import Seal
from app.domain.jobs import RowKey
from app.domain.model import Completion, Feature, StopReason, ToolCall, Usage

_log = logging.getLogger(__name__)

_MAX_BYTES = 256 * 1024


class RedisAnswers:
    """Implements ports.Answers. `key` is known to workers only: who can merely write to Redis makes up no answers."""

    def __init__(self, redis: Redis, *, key: bytes, keep_seconds: int = keys.ANSWERS_SECONDS) -> None:
        self._redis = redis
        self._seal = Seal(key)
        self._keep_seconds = keep_seconds

    async def recall(self, row: RowKey, request: str) -> Completion | None:
        async with translated():
            answer: Any = self._redis.hget(keys.answers(str(row)), request)
            found: bytes | None = await answer
        if found is None:
            return None
        data = self._seal.opened(_place(row, request), found)
        if data is None:
            _log.warning("an answer that was kept for %s is not ours; the model is asked anew", row)
            return None
        fields = json.loads(data)
        usage = Usage(**fields["usage"])
        return Completion(
            text=fields["text"],
            stop=StopReason(fields["stop"]),
            usage=usage,
            model=fields["model"],
            calls=tuple(ToolCall(**call) for call in fields["calls"]),
            without=frozenset(Feature(name) for name in fields["without"]),
        )

    async def keep(self, row: RowKey, request: str, completion: Completion) -> None:
        usage = completion.usage
        data = json.dumps(
            {
                "text": completion.text,
                "stop": completion.stop,
                "model": completion.model,
                "calls": [asdict(call) for call in completion.calls],
                "without": sorted(completion.without),
                "usage": {
                    "input_tokens": usage.input_tokens,
                    "cached_input_tokens": usage.cached_input_tokens,
                    "output_tokens": usage.output_tokens,
                    "known": usage.known,
                },
            }
        ).encode()
        if len(data) > _MAX_BYTES:
            return
        name = keys.answers(str(row))
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(name, request, self._seal.put(_place(row, request), data))  # type: ignore[arg-type]
            pipe.expire(name, self._keep_seconds)
            await pipe.execute()

    async def forget(self, row: RowKey) -> None:
        async with translated():
            await self._redis.delete(keys.answers(str(row)))


def _place(row: RowKey, request: str) -> str:
    return f"{row}\x00{request}"
