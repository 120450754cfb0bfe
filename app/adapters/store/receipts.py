"""Receipts of runs in Redis: the bytes of the file, packed. They are signed, so that nobody need trust this place."""

from __future__ import annotations

import asyncio
import logging
import zlib

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated
from app.domain.receipt_file import MAX_BYTES

_log = logging.getLogger(__name__)

MAX_PACKED_BYTES = 1024 * 1024
"""Of one value as it is kept."""


class RedisReceipts:
    """Implements ports.Receipts."""

    def __init__(
        self, redis: Redis, *, keep_seconds: int = keys.RECEIPT_SECONDS, max_packed_bytes: int = MAX_PACKED_BYTES
    ) -> None:
        self._redis = redis
        self._keep_seconds = keep_seconds
        self._max_packed_bytes = max_packed_bytes

    async def recall(self, run_id: str) -> bytes | None:
        async with translated():
            found: bytes | None = await self._redis.get(keys.receipt(run_id))
        if found is None:
            return None
        reader = zlib.decompressobj()
        try:
            data = reader.decompress(found, MAX_BYTES)
        except zlib.error:
            data = b""
        if not reader.eof:
            _log.warning("what is kept as the receipt of run %s is none", run_id)
            return None
        return data

    async def keep(self, run_id: str, receipt: bytes) -> bool:
        packed = await asyncio.to_thread(zlib.compress, receipt)
        if len(receipt) > MAX_BYTES or len(packed) > self._max_packed_bytes:
            _log.error("the receipt of run %s has %d bytes, which is too large to be kept", run_id, len(receipt))
            async with translated():
                await self._redis.delete(keys.receipt(run_id))  # one of an earlier attempt says something else
            return False
        async with translated():
            await self._redis.set(keys.receipt(run_id), packed, ex=self._keep_seconds)
        return True
