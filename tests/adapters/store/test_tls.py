"""TLS to Redis, really spoken: certificate and host name are checked; a refusal names the setting and the remedy."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.adapters.store import connections
from app.adapters.store.redis_url import parse_redis_url
from app.adapters.store.scripts import translated
from app.domain.errors import LedgerUnavailable, SettingsInvalid
from app.wiring.redis import open_redis
from app.wiring.redis_start import look_at_redis
from tests.fakes.tls import Authority, server_context, tls_proxy
from tests.redis_server import RedisServer, redis_server

PASSWORD = "canary-of-redis"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server("--requirepass", PASSWORD) as running:
        yield running


def url(port: int, host: str = "localhost", **options: Path) -> str:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"rediss://:{PASSWORD}@{host}:{port}?{query}"


async def refusal(url: str) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        await look_at_redis(parse_redis_url(url), works_queues=True)
    text = str(caught.value)
    assert text.startswith("REVWRIGHT_REDIS_URL: ")
    assert PASSWORD not in text
    return text


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_the_right_name_of_a_trusted_authority_connects(
    server: RedisServer, authority: Authority, name: str
) -> None:
    async with tls_proxy(server.port, authority.sign(name)) as port:
        settings = parse_redis_url(url(port, name, ssl_ca_certs=authority.file))
        async with open_redis(settings) as redis:
            assert await redis.set("k", "v")
            assert await redis.get("k") == b"v"


async def test_the_authorities_of_the_system_count_when_none_is_named(
    server: RedisServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tls_proxy(server.port, authority.sign("localhost")) as port:
        assert "?ssl_ca_certs=PATH" in await refusal(url(port))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert await look_at_redis(parse_redis_url(url(port)), works_queues=True)


async def test_a_certificate_for_another_name_is_refused(server: RedisServer, authority: Authority) -> None:
    async with tls_proxy(server.port, authority.sign("db.test", "10.0.0.1")) as port:
        for host in ("localhost", "127.0.0.1"):
            text = await refusal(url(port, host, ssl_ca_certs=authority.file))
            assert f"certificate is not valid for '{host}'" in text
            assert "name the server as its certificate does" in text


async def test_an_unknown_authority_is_refused(server: RedisServer, authority: Authority, folder: Path) -> None:
    stranger = Authority(folder, "stranger")
    async with tls_proxy(server.port, stranger.sign("localhost")) as port:
        text = await refusal(url(port, ssl_ca_certs=authority.file))
    assert "certificate is not accepted" in text
    assert "name the certificates of your own authority with ?ssl_ca_certs=PATH" in text


async def test_an_expired_certificate_is_refused(server: RedisServer, authority: Authority) -> None:
    async with tls_proxy(server.port, authority.sign("localhost", expired=True)) as port:
        text = await refusal(url(port, ssl_ca_certs=authority.file))
    assert "certificate has expired; renew it" in text


async def test_a_server_may_ask_for_our_certificate(server: RedisServer, authority: Authority) -> None:
    ours = authority.sign("revwright.test")
    async with tls_proxy(server.port, authority.sign("localhost"), clients=authority.file) as port:
        without = parse_redis_url(url(port, ssl_ca_certs=authority.file))
        with_ours = url(port, ssl_ca_certs=authority.file, ssl_certfile=ours.certificate, ssl_keyfile=ours.key)
        assert not await look_at_redis(without, works_queues=True)
        assert await look_at_redis(parse_redis_url(with_ours), works_queues=True)


async def test_a_server_that_misses_our_certificate_is_told(authority: Authority) -> None:
    """asyncio's server closes without saying why; a blocking one sends the alert, as Redis does."""
    context = server_context(authority.sign("localhost"), clients=authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 a reset may overtake the alert

    def serve_once(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with suppress(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(serve_once, listener))
        text = await refusal(url(listener.getsockname()[1], ssl_ca_certs=authority.file))
        await serving
    assert "?ssl_certfile=PATH&ssl_keyfile=PATH" in text


async def test_a_server_that_answers_without_tls_is_refused() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR what was that\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as plain:
        text = await refusal(url(plain.sockets[0].getsockname()[1]))
    assert "does not speak TLS on this port" in text


async def test_a_server_without_tls_that_waits_for_more_is_told(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Redis takes the handshake for the beginning of a long command."""
    monkeypatch.setattr(connections, "_CONNECT_SECONDS", 0.3)
    assert not await look_at_redis(parse_redis_url(url(server.port)), works_queues=True)
    assert "does this port speak TLS?" in caplog.text


async def test_what_a_running_process_says_names_the_remedy_too(server: RedisServer, authority: Authority) -> None:
    """A certificate that runs out while we run is no reason to end, but one to say so."""
    async with tls_proxy(server.port, authority.sign("localhost", expired=True)) as port:
        settings = parse_redis_url(url(port, ssl_ca_certs=authority.file))
        async with open_redis(settings) as redis:
            with pytest.raises(LedgerUnavailable, match=r"REVWRIGHT_REDIS_URL: .*expired") as caught:
                async with translated():
                    await redis.ping()
    assert caught.value.reason == "TLS to Redis fails"
