"""Redis in trouble: a delivery is taken whole or refused with 503, and work goes on by itself when Redis is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from app.adapters.store.redis_url import parse_redis_url
from app.wiring.redis import open_redis
from tests.fakes.github import Delivery, FakeGitHub, PullRequest
from tests.fakes.model import FakeModel
from tests.fakes.tls import Authority, tls_proxy
from tests.redis_server import RedisServer, redis_server, sentinel_of, until
from tests.world import OPTIONS, World, open_world
from workers.main import run_worker

FULL = "the job ledger cannot be written: Redis is full: it has reached its maxmemory"
PASSWORD = "p@ss:/?#%[]& +\"'é"


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as running:
        yield running


@pytest.fixture
async def shaky(server: RedisServer, github: FakeGitHub, model: FakeModel, tmp_path: Path) -> AsyncIterator[World]:
    """A deployment whose Redis is this test's alone."""
    async with open_world(github, parse_redis_url(server.url), tmp_path / "data", model=model) as world:
        yield world


def opened(world: World, branch: str) -> tuple[PullRequest, Delivery]:
    """A new pull request and the delivery that tells of it."""
    world.repo.commit(branch, {f"app/{branch}.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head=branch)
    return pull, list(world.github.deliveries)[-1]


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    """A worker, as the process runs it."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(world.redis_settings, world.services, OPTIONS, stop))
    try:
        yield
        assert not worker.done()
    finally:
        stop.set()
        await worker


async def concluded(world: World, pull: PullRequest) -> None:
    async def passed() -> bool:
        return [run.conclusion for run in world.checks(pull.head_sha)] == ["success"]

    await until(passed)


async def ready(world: World) -> None:
    async def answers() -> bool:
        return (await world.web.get("/readyz")).status_code == 200

    await until(answers)


async def reason(world: World) -> str:
    """Why it is not ready, once it says so."""
    reasons: list[str] = []

    async def refuses() -> bool:
        answer = await world.web.get("/readyz")
        reasons.append(answer.json().get("reason", ""))
        return answer.status_code == 503

    await until(refuses)
    return reasons[-1]


async def contents(server: RedisServer) -> dict[str, object]:
    """Everything that deliveries leave behind."""
    async with server.client() as client:
        names = [name for name in await client.keys("*") if not name.startswith("revwright:ready")]
        return {name: await client.execute_command("DUMP", name) for name in names}  # type: ignore[no-untyped-call]


async def test_a_whole_review_over_tls_with_a_password(
    server: RedisServer, github: FakeGitHub, model: FakeModel, tmp_path: Path
) -> None:
    await server.says("CONFIG", "SET", "requirepass", PASSWORD)
    authority = Authority(tmp_path)
    async with tls_proxy(server.port, authority.sign("localhost")) as port:
        url = f"rediss://:{quote(PASSWORD, safe='')}@localhost:{port}?ssl_ca_certs={authority.file}"
        async with open_world(github, parse_redis_url(url), tmp_path / "data", model=model) as world, working(world):
            pull, delivery = opened(world, "feature")
            assert (await world.deliver(delivery)).status_code == 202
            await concluded(world, pull)


async def fill(server: RedisServer) -> None:
    """Leaves no room for anything: it has more already than it may have."""
    await server.says("CONFIG", "SET", "maxmemory", 100_000)


async def test_a_delivery_to_a_full_redis_is_taken_whole_or_not_at_all(shaky: World, server: RedisServer) -> None:
    pull, delivery = opened(shaky, "feature")
    await fill(server)
    before = await contents(server)
    assert (await shaky.deliver(delivery)).status_code == 503
    assert await contents(server) == before
    assert await reason(shaky) == FULL

    async with server.client() as client:
        for extra in range(-30_000, 200_000, 3_000):  # over the edge, from too little to enough
            used = (await client.info("memory"))["used_memory"]
            await client.config_set("maxmemory", used + extra)
            status = (await shaky.deliver(delivery)).status_code
            if status == 202:
                break
            assert (status, await contents(server)) == (503, before)
        assert status == 202
    await server.says("CONFIG", "SET", "maxmemory", 0)
    await ready(shaky)
    await shaky.work()
    await concluded(shaky, pull)


async def test_a_worker_outlives_a_full_redis_and_loses_no_row(
    shaky: World, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    pull, delivery = opened(shaky, "feature")
    assert (await shaky.deliver(delivery)).status_code == 202
    await fill(server)
    async with working(shaky):

        async def noticed() -> bool:
            return "OutOfMemoryError" in caplog.text

        await until(noticed)
        assert not any(run.conclusion for run in shaky.checks(pull.head_sha))
        await server.says("CONFIG", "SET", "maxmemory", 0)
        await concluded(shaky, pull)


async def test_a_redis_that_hangs_is_503_in_time_and_probes_are_answered(
    shaky: World, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.store.scripts._MOST_SECONDS", 0.5)
    pull, delivery = opened(shaky, "feature")
    await ready(shaky)
    server.hang()
    try:
        async with asyncio.timeout(8):  # GitHub waits for 10
            answers = await asyncio.gather(*(shaky.deliver(delivery) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {503}
        async with asyncio.timeout(5):
            await shaky.web.get("/readyz")
        assert (await reason(shaky)).endswith("Redis does not answer in time")
    finally:
        server.go_on()
    await ready(shaky)
    # Some of those that were given up may have been applied; either way there is one review.
    assert (await shaky.deliver(delivery)).status_code == 202
    await shaky.work()
    await concluded(shaky, pull)
    assert len(pull.comments) == 1


async def test_a_redis_that_is_busy_with_a_script_is_503(shaky: World, server: RedisServer) -> None:
    _, delivery = opened(shaky, "feature")
    await server.says("CONFIG", "SET", "busy-reply-threshold", 10)
    busy = asyncio.create_task(server.says("EVAL", "while true do end", 0))

    async def refused() -> bool:
        return (await shaky.deliver(delivery)).status_code == 503

    await until(refused)
    assert "busy with somebody's script" in await reason(shaky)
    await server.says("SCRIPT", "KILL")
    await asyncio.gather(busy, return_exceptions=True)
    assert (await shaky.deliver(delivery)).status_code == 202


async def test_sentinels_name_another_master_when_it_dies(
    server: RedisServer, github: FakeGitHub, model: FakeModel, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(redis_server("--replicaof", "127.0.0.1", str(server.port)))
        await until(lambda: replicates(replica))
        sentinel = await stack.enter_async_context(sentinel_of(server))
        await until(lambda: known(sentinel))
        settings = parse_redis_url(f"redis+sentinel://127.0.0.1:{sentinel.port}/main")
        world = await stack.enter_async_context(open_world(github, settings, tmp_path / "data", model=model))
        await stack.enter_async_context(working(world))
        pull, delivery = opened(world, "before")
        assert (await world.deliver(delivery)).status_code == 202
        await concluded(world, pull)

        server.kill()
        pull, delivery = opened(world, "after")
        assert (await world.deliver(delivery)).status_code == 503
        assert await reason(world)
        await until(lambda: taken(world, delivery))
        await ready(world)
        await concluded(world, pull)
        assert await role(replica) == "master"


async def replicates(replica: RedisServer) -> bool:
    async with replica.client() as client:
        return bool((await client.info("replication")).get("master_link_status") == "up")


async def role(server: RedisServer) -> object:
    async with server.client() as client:
        return (await client.info("replication"))["role"]


async def known(sentinel: RedisServer) -> bool:
    """Whether the Sentinel knows the replica."""
    return bool(await sentinel.says("SENTINEL", "REPLICAS", "main"))


async def taken(world: World, delivery: Delivery) -> bool:
    answer: httpx.Response = await world.deliver(delivery)
    assert answer.status_code in {202, 503}
    return answer.status_code == 202


async def test_tls_to_the_sentinels_and_to_the_master_they_name(server: RedisServer, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("localhost", "127.0.0.1")
    async with tls_proxy(server.port, pair) as port:
        seen = RedisServer(server.process, port, server.socket)
        async with sentinel_of(seen, down_ms=60_000) as sentinel, tls_proxy(sentinel.port, pair) as sentinel_port:
            url = f"rediss+sentinel://localhost:{sentinel_port}/main?ssl_ca_certs={authority.file}"
            async with open_redis(parse_redis_url(url)) as redis:
                assert await redis.set("k", "v")
        assert await server.says("GET", "k") == "v"
