"""What a worker tells of its sandboxes: it goes on telling whatever its runner does, and says what is wrong."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.messages import Refused
from app.adapters.sandbox.runner.own import RunnerDoesNotStart
from app.adapters.sandbox.runner.talk import Connect
from app.adapters.store.isolations import RedisIsolations
from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import Isolation, Mode
from app.wiring.sandboxes import telling
from tests.adapters.sandbox.runner.lying import READY, runner, saying

TOO_OLD = Refused("this runner speaks version 7", over=True, later=False)


async def heard(redis: ArqRedis, wanted: Callable[[Isolation], bool]) -> Isolation:
    async with asyncio.timeout(30):
        while True:
            for isolation in await RedisIsolations(redis).told():
                if wanted(isolation):
                    return isolation
            await asyncio.sleep(0.02)


def anything(_: Isolation) -> bool:
    return True


async def test_what_the_runner_says_is_told_and_forgotten_in_the_end(
    redis: ArqRedis, redis_settings: RedisSettings
) -> None:
    async with runner(saying(READY)) as connect, telling(RunnerSandboxes(connect), redis_settings):
        isolation = await heard(redis, anything)
    assert (isolation.mode, isolation.reason) == (Mode.FULL, "all is well")
    assert await RedisIsolations(redis).told() == ()


async def test_that_nothing_is_executed_is_told_too(redis: ArqRedis, redis_settings: RedisSettings) -> None:
    async with telling(None, redis_settings):
        isolation = await heard(redis, anything)
    assert (isolation.mode, isolation.reason) == (Mode.REFUSED, "REVWRIGHT_SANDBOX is off")


async def test_a_runner_of_another_version_is_told(redis: ArqRedis, redis_settings: RedisSettings) -> None:
    async with runner(saying(TOO_OLD)) as connect, telling(RunnerSandboxes(connect), redis_settings):
        isolation = await heard(redis, anything)
    assert (isolation.mode, isolation.reason) == (Mode.REFUSED, "this runner speaks version 7")


def failing_once(error: Exception, connect: Connect) -> Connect:
    errors = [error]

    async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if errors:
            raise errors.pop()
        return await connect()

    return connected


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(24, "Too many open files"), "cannot be reached: Too many open files"),
        (RunnerDoesNotStart("the runner of sandboxes does not start: no"), "does not start: no"),
        (SandboxUnavailable("gone"), "no runner of sandboxes answers yet"),
    ],
)
async def test_what_is_wrong_is_told_until_it_is_right(
    redis: ArqRedis, redis_settings: RedisSettings, error: Exception, words: str
) -> None:
    async with runner(saying(READY)) as connect:
        sandboxes = dataclasses.replace(RunnerSandboxes(connect), connect=failing_once(error, connect))
        async with telling(sandboxes, redis_settings):
            refused = await heard(redis, anything)
            assert refused.mode is Mode.REFUSED
            assert words in refused.reason
            await heard(redis, lambda isolation: isolation.mode is Mode.FULL)
