"""The purse's contract on a real server: no cap is broken, whoever reserves, and no sum drifts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.purse import RedisPurse
from app.domain.errors import LedgerUnavailable
from app.domain.money import Cap, Caps, NotReserved, Reservation, Spent
from app.domain.pull_request import PullRequestRef
from app.wiring.redis import open_redis
from tests.build import REF

NONE = Caps(None)
NEIGHBOUR = PullRequestRef(11, 22, 8)
ELSEWHERE = PullRequestRef(11, 23, 7)
STRANGER = PullRequestRef(12, 22, 7)


@pytest.fixture
def purse(redis: ArqRedis) -> RedisPurse:
    return RedisPurse(redis)


async def granted(purse: RedisPurse, usd: float, caps: Caps = NONE, ref: PullRequestRef = REF) -> Reservation:
    reservation = await purse.reserve(ref, usd, caps)
    assert isinstance(reservation, Reservation)
    return reservation


async def refused(purse: RedisPurse, usd: float, caps: Caps, ref: PullRequestRef = REF) -> NotReserved:
    answer = await purse.reserve(ref, usd, caps)
    assert isinstance(answer, NotReserved)
    return answer


async def a_day_passes(redis: ArqRedis) -> None:
    """What was reserved today, was reserved yesterday."""
    for key in await redis.keys("revwright:spent:*"):
        fields: Any = redis.hgetall(key)
        for day, amount in (await fields).items():
            moved: Any = redis.hset(key, str(int(day) - 1), amount)
            await moved
            gone: Any = redis.hdel(key, day)
            await gone
    for key in await redis.keys("revwright:purse:*"):
        fields = redis.hgetall(key)
        for name, value in (await fields).items():
            if name.startswith(b"open:"):
                amount, _, day = value.partition(b":")
                moved = redis.hset(key, name.decode(), f"{amount.decode()}:{int(day) - 1}")
                await moved


async def test_what_is_put_aside_counts_until_the_true_cost_is_known(purse: RedisPurse) -> None:
    reservation = await granted(purse, 0.5)
    assert await purse.spent(REF) == Spent(0.5, 0.5, 0.5)

    await purse.settle(REF, reservation, 0.2)

    assert reservation.usd == 0.5
    assert await purse.spent(REF) == Spent(0.2, 0.2, 0.2)


async def test_each_sum_has_its_own_reach(purse: RedisPurse) -> None:
    for ref in (REF, NEIGHBOUR, ELSEWHERE, STRANGER):
        await granted(purse, 1, ref=ref)

    assert await purse.spent(REF) == Spent(1, 2, 3)
    assert await purse.spent(STRANGER) == Spent(1, 1, 1)
    assert await purse.spent(PullRequestRef(1, 1, 1)) == Spent(0, 0, 0)


async def test_a_cap_may_be_used_up_to_the_last_billionth_and_no_further(purse: RedisPurse) -> None:
    caps = Caps(0.3)
    for _ in range(3):
        await granted(purse, 0.1, caps)

    assert await refused(purse, 0.000000001, caps) == NotReserved(Cap.PULL_REQUEST, 0.3, 0.3, None)
    assert await purse.spent(REF) == Spent(0.3, 0.3, 0.3)


@pytest.mark.parametrize(
    ("caps", "cap", "ref"),
    [
        (Caps(None, repository_day=1.0), Cap.REPOSITORY, NEIGHBOUR),
        (Caps(9, 9, installation_day=1.0), Cap.INSTALLATION, ELSEWHERE),
    ],
)
async def test_the_caps_of_a_day_say_when_they_begin_anew(
    purse: RedisPurse, caps: Caps, cap: Cap, ref: PullRequestRef
) -> None:
    await granted(purse, 0.9, caps)
    answer = await refused(purse, 0.2, caps, ref)

    assert (answer.cap, answer.spent, answer.limit) == (cap, 0.9, 1.0)
    assert answer.until is not None
    assert timedelta(0) < answer.until - datetime.now(UTC) <= timedelta(days=1, minutes=1)
    assert (answer.until.hour, answer.until.minute, answer.until.second) == (0, 0, 0)


async def test_a_cap_of_nothing_allows_nothing(purse: RedisPurse) -> None:
    assert await refused(purse, 0.01, Caps(0)) == NotReserved(Cap.PULL_REQUEST, 0, 0, None)


async def test_fifty_reservations_at_once_of_two_clients_break_no_cap(
    redis: ArqRedis, redis_settings: RedisSettings
) -> None:
    caps = Caps(2.0, repository_day=3.0, installation_day=3.5)
    async with open_redis(redis_settings) as second:
        purses = [RedisPurse(redis), RedisPurse(second)]
        refs = [REF, NEIGHBOUR, ELSEWHERE]
        answers = await asyncio.gather(*(purses[n % 2].reserve(refs[n % 3], 0.3, caps) for n in range(50)))
        sums = [await purses[0].spent(ref) for ref in refs]

    assert sum(isinstance(answer, Reservation) for answer in answers) == 11  # of 3.5 dollars
    assert len({answer.id for answer in answers if isinstance(answer, Reservation)}) == 11
    assert sums[0].installation_today == 3.3
    assert all(one.pull_request <= 2.0 and one.repository_today <= 3.0 for one in sums)
    assert round(sum(one.pull_request for one in sums), 9) == 3.3


async def test_a_thousand_dimes_are_a_hundred_dollars(purse: RedisPurse) -> None:
    for _ in range(100):
        reservations = await asyncio.gather(*(granted(purse, 0.3) for _ in range(10)))
        await asyncio.gather(*(purse.settle(REF, one, 0.1) for one in reservations))

    assert await purse.spent(REF) == Spent(100.0, 100.0, 100.0)


@pytest.mark.parametrize("first", [0.2, 0.9, None])
async def test_settling_again_has_no_effect(purse: RedisPurse, first: float | None) -> None:
    reservation = await granted(purse, 0.5)
    await purse.settle(REF, reservation, first)
    for again in (0.0, 7.0, None):
        await purse.settle(REF, reservation, again)

    kept = 0.5 if first is None else first
    assert await purse.spent(REF) == Spent(kept, kept, kept)


async def test_settling_what_nobody_reserved_has_no_effect(purse: RedisPurse) -> None:
    reservation = await granted(purse, 0.5)
    await purse.settle(REF, Reservation("other", 5), 0.1)
    await purse.settle(NEIGHBOUR, reservation, 0.1)

    assert await purse.spent(REF) == Spent(0.5, 0.5, 0.5)
    assert await purse.spent(NEIGHBOUR) == Spent(0, 0.5, 0.5)


async def test_a_cap_holds_for_calls_of_a_worker_that_died(redis: ArqRedis) -> None:
    await granted(RedisPurse(redis), 1.5)

    assert (await refused(RedisPurse(redis), 1, Caps(2.0))).spent == 1.5


async def test_money_that_is_given_back_can_be_spent_again(purse: RedisPurse) -> None:
    reservation = await granted(purse, 1.9, Caps(2.0))
    await refused(purse, 1.9, Caps(2.0))
    await purse.settle(REF, reservation, 0.05)

    await granted(purse, 1.9, Caps(2.0))


async def test_the_next_day_has_its_own_caps_and_the_pull_request_does_not(purse: RedisPurse, redis: ArqRedis) -> None:
    await granted(purse, 0.9, Caps(1, 1, 1))
    await a_day_passes(redis)

    assert await purse.spent(REF) == Spent(0.9, 0, 0)
    await granted(purse, 0.9, Caps(None, 1, 1))
    assert await purse.spent(REF) == Spent(1.8, 0.9, 0.9)
    await a_day_passes(redis)
    assert (await refused(purse, 0.9, Caps(2))).spent == 1.8


async def test_a_call_that_ends_after_midnight_costs_the_day_before(purse: RedisPurse, redis: ArqRedis) -> None:
    reservation = await granted(purse, 0.9)
    await a_day_passes(redis)
    today = await granted(purse, 0.5)
    await purse.settle(REF, reservation, 0.1)

    assert await purse.spent(REF) == Spent(0.6, 0.5, 0.5)
    await purse.settle(REF, today, 0.2)
    assert (await purse.spent(REF)).repository_today == 0.2


async def test_days_that_are_over_are_forgotten(purse: RedisPurse, redis: ArqRedis) -> None:
    oldest = await granted(purse, 0.9)
    for _ in range(3):
        await a_day_passes(redis)
        await granted(purse, 0.1)
    await purse.settle(REF, oldest, 0.0)

    for name in ("11", "11:22"):
        days: Any = redis.hvals(keys.spent_days(name))
        assert await days == [b"100000000"] * 2
        assert 0 < await redis.ttl(keys.spent_days(name)) <= keys.SPENT_DAYS_SECONDS
    assert await purse.spent(REF) == Spent(0.3, 0.1, 0.1)
    assert keys.SPENT_DAYS_SECONDS < await redis.ttl(keys.purse(str(REF))) <= keys.OUTBOX_SECONDS


async def test_a_reservation_that_is_sent_twice_counts_once(redis: ArqRedis, purse: RedisPurse) -> None:
    """A client that got no answer may send a script again."""
    names = [keys.purse(str(REF)), keys.spent_days("11:22"), keys.spent_days("11")]
    for _ in range(2):
        reply = await purse._scripts.call("reserve", names, ("id", 500_000_000, 600_000_000, "", "", 100, 100))
        assert reply == [0]

    assert await purse.spent(REF) == Spent(0.5, 0.5, 0.5)


@pytest.mark.parametrize("usd", [-0.01, float("nan"), float("inf"), 1_000_001.0])
async def test_what_is_no_amount_reaches_no_sum(purse: RedisPurse, usd: float) -> None:
    reservation = await granted(purse, 0.5)
    with pytest.raises(ValueError, match="is not an amount of USD"):
        await purse.reserve(REF, usd, NONE)
    with pytest.raises(ValueError, match="is not an amount of USD"):
        await purse.settle(REF, reservation, usd)

    assert await purse.spent(REF) == Spent(0.5, 0.5, 0.5)


async def test_an_error_of_redis_is_the_ledgers(redis: ArqRedis, purse: RedisPurse) -> None:
    await redis.set(keys.purse(str(REF)), "no hash")

    with pytest.raises(LedgerUnavailable):
        await purse.reserve(REF, 0.1, NONE)
    with pytest.raises(LedgerUnavailable):
        await purse.settle(REF, Reservation("x", 0.1), 0.1)
    with pytest.raises(LedgerUnavailable):
        await purse.spent(REF)
