"""Users and passwords of every kind reach the server as they are, and a wrong one is told at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from app.adapters.store.redis_url import parse_redis_url
from app.domain.errors import SettingsInvalid
from app.wiring.redis import open_redis
from app.wiring.redis_start import look_at_redis
from tests.redis_server import RedisServer, free_port, redis_server, sentinel_of

PASSWORDS = ("@:/?#%[]& +\"'", "50%25", "pässwörd-密码-🔑", "back\\slash{}|^`<>", "=a=b;c,d", "-" * 300)


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as running:
        yield running


def urls(server: RedisServer, user: str, password: str) -> tuple[str, ...]:
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@"
    return f"redis://{login}127.0.0.1:{server.port}/1", f"unix://{login}{server.socket}?db=1"


async def works(url: str) -> bool:
    async with open_redis(parse_redis_url(url)) as redis:
        return bool(await redis.ping())


@pytest.mark.parametrize("password", PASSWORDS)
async def test_a_password_of_the_default_user(server: RedisServer, password: str) -> None:
    await server.says("CONFIG", "SET", "requirepass", password)
    for url in urls(server, "", password):
        assert await works(url)


@pytest.mark.parametrize("password", PASSWORDS)
async def test_a_user_of_the_acl(server: RedisServer, password: str) -> None:
    user = "bób@:/?#%[]&+\"'"  # a name may not have a space
    await server.says("ACL", "SETUSER", user, "on", f">{password}", "~*", "+@all")
    await server.says("ACL", "SETUSER", "default", "off")
    for url in urls(server, user, password):
        assert await works(url)


@pytest.mark.parametrize("password", PASSWORDS)
async def test_passwords_of_sentinels_and_of_the_server_they_name(server: RedisServer, password: str) -> None:
    async with sentinel_of(server, down_ms=60_000) as sentinel:
        await sentinel.says("ACL", "SETUSER", "default", "resetpass", f">{password[::-1]}")
        await server.says("CONFIG", "SET", "requirepass", password)
        url = (
            f"redis+sentinel://:{quote(password, safe='')}@127.0.0.1:{sentinel.port}/main/1"
            f"?sentinel_password={quote(password[::-1], safe='')}"
        )
        assert await works(url)


@pytest.mark.parametrize("secret", ["canary", ""])
async def test_a_wrong_or_missing_password_is_told_at_once(server: RedisServer, secret: str) -> None:
    await server.says("CONFIG", "SET", "requirepass", "right")
    told = "refuses the user or the password" if secret else "asks for a password"
    for url in urls(server, "", secret):
        with pytest.raises(SettingsInvalid, match=f"^REVWRIGHT_REDIS_URL: .*{told}") as caught:
            await look_at_redis(parse_redis_url(url), works_queues=False)
        assert "canary" not in str(caught.value)


async def test_a_password_that_the_server_does_not_know_of(server: RedisServer) -> None:
    for url in urls(server, "", "canary"):
        with pytest.raises(SettingsInvalid, match="the server has none") as caught:
            await look_at_redis(parse_redis_url(url), works_queues=False)
        assert "canary" not in str(caught.value)


async def test_a_database_that_the_server_does_not_have(server: RedisServer) -> None:
    for url in (f"{server.url}/99", f"unix://{server.socket}?db=99"):
        with pytest.raises(SettingsInvalid, match="no database of this number"):
            await look_at_redis(parse_redis_url(url), works_queues=False)


async def test_a_wrong_password_of_the_sentinels_is_told(server: RedisServer) -> None:
    async with sentinel_of(server, down_ms=60_000) as sentinel:
        await sentinel.says("ACL", "SETUSER", "default", "resetpass", ">right")
        for query in ("", "?sentinel_password=canary"):
            settings = parse_redis_url(f"redis+sentinel://127.0.0.1:{sentinel.port}/main{query}")
            with pytest.raises(SettingsInvalid, match=r"a Sentinel refuses us; .*sentinel_password") as caught:
                await look_at_redis(settings, works_queues=False)
            assert "canary" not in str(caught.value)


async def test_a_server_that_is_absent_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    for url in (f"redis://:canary@127.0.0.1:{free_port()}", "unix://:canary@/nowhere/s"):
        assert not await look_at_redis(parse_redis_url(url), works_queues=False)
    assert "cannot be used yet; trying again" in caplog.text
    assert "canary" not in caplog.text


async def test_a_user_of_the_sentinels_that_may_not_ask_is_told(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with sentinel_of(server, down_ms=60_000) as sentinel:
        await sentinel.says("ACL", "SETUSER", "default", "-sentinel|masters")
        settings = parse_redis_url(f"redis+sentinel://127.0.0.1:{sentinel.port}/main")
        assert not await look_at_redis(settings, works_queues=False)
    assert "no Sentinel names a master 'main' that is up (NoPermissionError: " in caplog.text


async def test_a_sentinel_that_is_gone_is_passed_over(server: RedisServer) -> None:
    async with sentinel_of(server, down_ms=60_000) as sentinel:
        assert await works(f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{sentinel.port}/main")


async def test_a_master_that_no_sentinel_knows_is_waited_for(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with sentinel_of(server, down_ms=60_000) as sentinel:
        settings = parse_redis_url(f"redis+sentinel://127.0.0.1:{sentinel.port}/other")
        assert not await look_at_redis(settings, works_queues=False)
    assert "no Sentinel names a master 'other'" in caplog.text
