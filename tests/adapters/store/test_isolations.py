"""What workers tell of their sandboxes: the newest of each, and nothing of who fell silent or talks otherwise."""

from __future__ import annotations

from dataclasses import replace

from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.isolations import RedisIsolations
from app.domain.sandbox import Isolation, Mode

FULL = Isolation(
    mode=Mode.FULL,
    reason="every probe passed",
    remedy="",
    cgroup="v1",
    own_user=True,
    probes=(("no network", True), ("a workspace", False)),
)


async def test_the_newest_of_each_worker_is_told(redis: ArqRedis) -> None:
    isolations = RedisIsolations(redis)
    assert await isolations.told() == ()

    refused = replace(FULL, mode=Mode.REFUSED, reason="bubblewrap is not installed")
    await isolations.tell("a", FULL)
    await isolations.tell("b", FULL)
    await isolations.tell("b", refused)

    assert await isolations.told() == (FULL, refused)


async def test_a_worker_that_stops_is_forgotten(redis: ArqRedis) -> None:
    isolations = RedisIsolations(redis)
    await isolations.tell("a", FULL)
    await isolations.forget("a")

    assert await isolations.told() == ()
    assert await redis.exists(keys.ISOLATIONS, keys.isolation("a")) == 0


async def test_one_that_fell_silent_is_left_out_and_its_name_goes(redis: ArqRedis) -> None:
    isolations = RedisIsolations(redis)
    await isolations.tell("a", FULL)
    await isolations.tell("b", FULL)
    assert 0 < await redis.ttl(keys.isolation("a")) <= keys.ISOLATION_SECONDS
    await redis.delete(keys.isolation("a"))

    assert await isolations.told() == (FULL,)
    assert await redis.scard(keys.ISOLATIONS) == 1  # type: ignore[misc]


async def test_what_another_version_told_is_left_out(redis: ArqRedis) -> None:
    isolations = RedisIsolations(redis)
    for worker, told in (
        ("a", "{"),
        ("b", "[]"),
        ("c", '{"mode": "bare"}'),
        ("d", '{"mode": "full"}'),
        ("e", "[" * 100_000),
    ):
        await isolations.tell(worker, FULL)
        await redis.set(keys.isolation(worker), told)

    assert await isolations.told() == ()


async def test_what_is_told_can_be_shown_whatever_it_is(redis: ArqRedis) -> None:
    isolations = RedisIsolations(redis)
    wild = "\ud800\x1b[31m" + "x" * 10_000
    await isolations.tell("a", replace(FULL, reason=wild, remedy=wild, cgroup=wild, probes=((wild, True),) * 1_000))
    await redis.sadd(keys.ISOLATIONS, b"\xff")  # type: ignore[misc]

    (told,) = await isolations.told()
    for words in (told.reason, told.remedy, told.cgroup, told.probes[0][0]):
        assert words.startswith("<U+D800><U+001B>[31mxx")
        assert len(words) == 2_000
    assert len(told.probes) == 64
