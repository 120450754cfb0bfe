"""Receipts in Redis: the same bytes come back, for their run alone, and never too many."""

from __future__ import annotations

import random
import zlib

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.receipts import RedisReceipts
from app.domain.receipt_file import MAX_BYTES
from tests.receipts import RUN, receipt, signed

SAMPLE = signed(receipt())


async def test_the_same_bytes_come_back_for_ninety_days(redis: ArqRedis) -> None:
    receipts = RedisReceipts(redis)
    assert await receipts.recall(RUN) is None

    assert await receipts.keep(RUN, SAMPLE)
    assert await receipts.recall(RUN) == SAMPLE
    assert await receipts.recall("0" * 16) is None
    assert 89 * 86_400 < await redis.ttl(keys.receipt(RUN)) <= 90 * 86_400


async def test_one_that_is_too_large_is_not_kept_and_nor_is_what_was_there_before(
    redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    """What was there before tells of another review than the one that is published now."""
    receipts = RedisReceipts(redis, max_packed_bytes=10_000)
    assert await receipts.keep(RUN, SAMPLE)

    assert not await receipts.keep(RUN, random.Random(1).randbytes(20_000))
    assert await receipts.recall(RUN) is None
    assert not await receipts.keep(RUN, b"0" * (MAX_BYTES + 1))
    assert "too large to be kept" in caplog.text


@pytest.mark.parametrize(
    "value", [b"", b"no receipt", zlib.compress(SAMPLE)[:-1], zlib.compress(b"0" * (MAX_BYTES + 1))]
)
async def test_what_somebody_else_wrote_there_is_none(
    redis: ArqRedis, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.set(keys.receipt(RUN), value)

    assert await RedisReceipts(redis).recall(RUN) is None
    assert "is none" in caplog.text
