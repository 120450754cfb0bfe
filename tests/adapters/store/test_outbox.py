"""The outbox's contract on a real server."""

from __future__ import annotations

from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.outbox import RedisOutbox
from tests.build import REF


async def test_the_outbox_knows_fresh_begun_and_finished(redis: ArqRedis) -> None:
    outbox = RedisOutbox(redis)

    first, second = await outbox.begin(REF, "summary"), await outbox.begin(REF, "summary")
    assert ((first.id, first.uncertain), (second.id, second.uncertain)) == ((None, False), (None, True))
    await outbox.finish(REF, "summary", 99)
    await outbox.finish(REF, "finding:F1", 7)
    known = await outbox.begin(REF, "summary")
    assert (known.id, known.uncertain) == (99, False)
    assert await outbox.finished(REF, "finding:") == {"finding:F1": 7}
    await outbox.begin(REF, "finding:F2")
    assert await outbox.finished(REF, "") == {"summary": 99, "finding:F1": 7}
    await outbox.forget(REF, "summary")
    assert (await outbox.begin(REF, "summary")).uncertain is False
    assert 0 < await redis.ttl(keys.outbox(str(REF))) <= keys.OUTBOX_SECONDS
