"""Kept answers of models: found by the same request of the same job only, and only when they are ours."""

from __future__ import annotations

from typing import Any

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.answers import RedisAnswers
from app.domain.model import Completion, StopReason, Usage
from tests.adapters.store.ledger import other
from tests.build import KEY

ANSWER = Completion('{"findings": []}', StopReason.COMPLETE, Usage(10, 4, 2, known=False), "model-1")


@pytest.fixture
def answers(redis: ArqRedis) -> RedisAnswers:
    return RedisAnswers(redis, key=b"k" * 32)


async def test_an_answer_is_found_again_until_it_is_forgotten(answers: RedisAnswers, redis: ArqRedis) -> None:
    assert await answers.recall(KEY, "digest") is None
    await answers.keep(KEY, "digest", ANSWER)

    assert await answers.recall(KEY, "digest") == ANSWER
    assert await answers.recall(KEY, "another") is None
    assert await answers.recall(other(8), "digest") is None
    assert 0 < await redis.ttl(keys.answers(str(KEY))) <= keys.ANSWERS_SECONDS
    await answers.forget(KEY)
    assert await answers.recall(KEY, "digest") is None


async def test_a_very_large_answer_is_not_kept(answers: RedisAnswers) -> None:
    await answers.keep(KEY, "digest", Completion("x" * 300_000, StopReason.COMPLETE, Usage.none(), "m"))

    assert await answers.recall(KEY, "digest") is None


@pytest.mark.parametrize("forgery", ["value", "request", "row", "key"])
async def test_what_somebody_else_wrote_into_redis_is_no_answer(
    answers: RedisAnswers, redis: ArqRedis, forgery: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Else whoever can write to Redis could make a review pass."""
    ours = RedisAnswers(redis, key=b"x" * 32) if forgery == "key" else answers
    await ours.keep(KEY, "digest", ANSWER)
    read: Any = redis.hget(keys.answers(str(KEY)), "digest")
    value: bytes = await read
    if forgery == "value":
        value = value.replace(b"findings", b"nothings")
    row, request = other(8) if forgery == "row" else KEY, "else" if forgery == "request" else "digest"
    write: Any = redis.hset(keys.answers(str(row)), request, value)  # type: ignore[arg-type]
    await write

    assert await answers.recall(row, request) is None
    assert "is not ours" in caplog.text
