"""What is looked at before a server is trusted with jobs: refused, told, or waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.adapters.store.redis_url import parse_redis_url
from app.adapters.store.server_check import check_server
from app.domain.errors import LedgerUnavailable, SettingsInvalid
from app.wiring.redis import open_redis
from tests.fakes.redis_answers import Answer, Cut, answering, bulk
from tests.redis_server import RedisServer, free_port, redis_server

SOUND = "redis_version:7.2.4\r\nredis_mode:standalone\r\nrole:master\r\naof_enabled:1\r\ncluster_enabled:0\r\n"


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as running:
        yield running


async def told(url: str, *, works_queues: bool = True) -> tuple[str, ...]:
    async with open_redis(parse_redis_url(url)) as redis:
        return await check_server(redis, works_queues=works_queues)


async def told_by(answers: dict[str, Answer], *, works_queues: bool = True) -> tuple[str, ...]:
    async with answering({"INFO": bulk(SOUND), "EVAL": b":1\r\n", "DBSIZE": b":0\r\n"} | answers) as port:
        return await told(f"redis://127.0.0.1:{port}", works_queues=works_queues)


async def test_a_server_that_keeps_what_it_is_told_has_nothing_to_be_told_of(server: RedisServer) -> None:
    await server.says("CONFIG", "SET", "appendonly", "yes")
    assert await told(server.url) == ()


async def test_a_server_without_a_file_is_told_of(server: RedisServer) -> None:
    (warning,) = await told(server.url)
    assert "set appendonly yes" in warning


async def test_a_server_that_throws_jobs_away_is_told_of_loudly(server: RedisServer) -> None:
    await server.says("CONFIG", "SET", "appendonly", "yes")
    await server.says("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert await told(server.url) == ()  # without a limit nothing is thrown away
    await server.says("CONFIG", "SET", "maxmemory", "100mb")
    (warning,) = await told(server.url)
    assert warning.startswith("JOBS CAN BE LOST: Redis has maxmemory-policy allkeys-lru")


async def test_cluster_mode_is_refused() -> None:
    async with redis_server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as cluster:
        with pytest.raises(SettingsInvalid, match=r"REVWRIGHT_REDIS_URL: .*in cluster mode.*cluster-enabled no"):
            await told(cluster.url)
        await cluster.says("ACL", "SETUSER", "default", "-info")
        with pytest.raises(SettingsInvalid, match=r"REVWRIGHT_REDIS_URL: .*Cluster, which is not supported"):
            await told(cluster.url, works_queues=False)  # the answer to a script


async def test_a_cluster_that_has_one_database_only_is_refused() -> None:
    async with answering({"SELECT": b"-ERR SELECT is not allowed in cluster mode\r\n"}) as port:
        with pytest.raises(SettingsInvalid, match="Cluster, which is not supported"):
            await told(f"redis://127.0.0.1:{port}/1")


@pytest.mark.parametrize("answer", [b"-MOVED 1 h:1\r\n", b"-CROSSSLOT Keys do not hash\r\n", b"-CLUSTERDOWN x\r\n"])
async def test_the_answers_of_a_cluster_behind_a_proxy_are_refused(answer: bytes) -> None:
    with pytest.raises(SettingsInvalid, match="Cluster, which is not supported"):
        await told_by({"EVAL": answer})


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"INFO": bulk("redis_version:6.0.16\r\n")}, "version 6.0.16; Redis 6.2 or later"),
        ({"INFO": bulk("redis_version:7.2.4\r\nredis_mode:sentinel\r\n")}, "names a Sentinel.*redis\\+sentinel://"),
        ({"EVAL": b"-ERR unknown command 'EVAL'\r\n"}, "cannot run Lua scripts"),
        ({"INFO": b"-DENIED Redis is running in protected mode\r\n"}, "protected mode"),
        ({"INFO": b"-NOPERM no permissions to run the 'info' command\r\n"}, "may not call INFO and DBSIZE"),
        ({"DBSIZE": b"-NOPERM no permissions to run the 'dbsize' command\r\n"}, "may not call INFO and DBSIZE"),
        ({"EVAL": b"-NOPERM No permissions to access a key\r\n"}, "lacks a permission .*revwright:\\* and arq:\\*"),
    ],
)
async def test_what_can_never_hold_the_ledger_is_refused(answers: dict[str, Answer], words: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"REVWRIGHT_REDIS_URL: .*{words}"):
        await told_by(answers)


@pytest.mark.parametrize("version", ["6.2.0", "7.4.1", "255.255.255", ""])
async def test_versions_that_will_do(version: str) -> None:
    assert await told_by({"INFO": bulk(SOUND.replace("7.2.4", version))}) == ()


async def test_a_real_sentinel_is_no_server() -> None:
    async with redis_server("--sentinel") as sentinel:
        with pytest.raises(SettingsInvalid, match="it names a Sentinel"):
            await told(sentinel.url)


async def test_a_replica_that_takes_writes_is_told_of() -> None:
    (warning,) = await told_by({"INFO": bulk(SOUND.replace("role:master", "role:slave"))})
    assert "name the master" in warning


async def test_what_may_not_be_asked_is_said_to_be_unknown() -> None:
    (warning,) = await told_by({"INFO": b"-NOPERM no\r\n", "DBSIZE": b"-NOPERM no\r\n"}, works_queues=False)
    assert "were not checked" in warning


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"-READONLY You can't write against a read only replica.\r\n", "Redis is read-only"),
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "Redis is full"),
        (b"-ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed\r\n", "Redis is full"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "Redis is loading its data"),
        (b"-BUSY Redis is busy running a script.\r\n", "Redis is busy"),
        (b"-MASTERDOWN Link with MASTER is down\r\n", "without its master"),
        (b"-MISCONF Errors writing to the AOF file: No space left on device\r\n", "cannot save its data"),
        (b"-NOREPLICAS Not enough good replicas to write.\r\n", "too few replicas"),
        (b"$5\r\nab", "does not answer in time"),
        (b"nonsense\r\n", "cannot be reached"),
        (Cut(b""), "cannot be reached"),
        (Cut(b"$5\r\nab"), "cannot be reached"),
    ],
)
async def test_what_may_pass_is_waited_for(answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.store.scripts._MOST_SECONDS", 0.3)
    with pytest.raises(LedgerUnavailable) as caught:
        await told_by({"EVAL": answer})
    assert reason in caught.value.reason


async def test_a_replica_is_waited_for_and_used_as_soon_as_it_is_the_master(server: RedisServer) -> None:
    await server.says("REPLICAOF", "127.0.0.1", 1)
    with pytest.raises(LedgerUnavailable) as caught:
        await told(server.url)
    assert caught.value.reason.startswith("Redis is read-only")
    await server.says("REPLICAOF", "NO", "ONE")
    assert await told(server.url)


async def test_a_connection_to_a_server_that_became_a_replica_is_not_kept(server: RedisServer) -> None:
    """A name in the DNS leads to another server after a failover; the old connection would not."""
    async with open_redis(parse_redis_url(server.url)) as redis:
        await redis.set("k", "v")
        old = await redis.client_id()
        await server.says("REPLICAOF", "127.0.0.1", 1)
        with pytest.raises(LedgerUnavailable, match="read-only"):
            await check_server(redis, works_queues=True)
        assert await redis.client_id() != old
