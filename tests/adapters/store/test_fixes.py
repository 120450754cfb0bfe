"""What is remembered of fixes: found by the same pull request only, and only when it is ours."""

from __future__ import annotations

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.fixes import RedisFixes
from app.adapters.store.seal import Seal
from app.domain.fix.memory import FixMemory, FixRound, RoundState
from app.domain.pull_request import PullRequestRef
from tests.build import HEAD, REF
from tests.reports import FIXING

SECRET = b"k" * 32
OTHER = PullRequestRef(REF.installation_id, REF.repository_id, REF.number + 1)
ROUND = FixRound("7", HEAD, RoundState.PUSHING, 9, ("Fa",), "topic", commit=FIXING, paths=("a.py",), report="Fixed.")
MEMORY = FixMemory((ROUND, FixRound("8", HEAD, RoundState.ENDED, 9)), off=True)


@pytest.fixture
def fixes(redis: ArqRedis) -> RedisFixes:
    return RedisFixes(redis, key=SECRET)


async def test_what_was_kept_is_found_by_its_pull_request_alone(fixes: RedisFixes, redis: ArqRedis) -> None:
    assert await fixes.recall(REF) == FixMemory()
    await fixes.keep(REF, MEMORY)

    assert await fixes.recall(REF) == MEMORY
    assert await fixes.recall(OTHER) == FixMemory()
    assert 0 < await redis.ttl(keys.fixes(str(REF))) <= keys.OUTBOX_SECONDS


@pytest.mark.parametrize("told", ["another pull request", "another key", "changed", "another form", "no JSON", "deep"])
async def test_what_is_not_ours_or_not_read_counts_for_nothing(
    fixes: RedisFixes, redis: ArqRedis, caplog: pytest.LogCaptureFixture, told: str
) -> None:
    await RedisFixes(redis, key=b"o" * 32 if told == "another key" else SECRET).keep(
        OTHER if told == "another pull request" else REF, MEMORY
    )
    if told == "another pull request":
        await redis.rename(keys.fixes(str(OTHER)), keys.fixes(str(REF)))
    elif told == "changed":
        whole = await redis.get(keys.fixes(str(REF)))
        await redis.set(keys.fixes(str(REF)), whole.replace(b'"off":true', b'"off":false'))
    elif told in ("another form", "no JSON", "deep"):
        value = {"another form": b'{"rounds": 1}', "no JSON": b"{", "deep": b"[" * 100_000}[told]
        await redis.set(keys.fixes(str(REF)), Seal(SECRET).put(str(REF), value))

    assert await fixes.recall(REF) == FixMemory()
    assert "it counts for nothing" in caplog.text


def test_a_seal_opens_what_it_was_put_on_and_nothing_else() -> None:
    seal = Seal(SECRET)
    kept = seal.put(str(REF), b"a b")

    assert seal.opened(str(REF), kept) == b"a b"
    assert [seal.opened(str(OTHER), kept), seal.opened(str(REF), b""), seal.opened(str(REF), b"a b")] == [
        None,
        None,
        None,
    ]
    assert SECRET.decode() not in repr(seal)
