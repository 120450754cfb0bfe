"""The proxy of a setup over loopback: what it reaches, what it refuses and says of it, and that it is bounded."""

from __future__ import annotations

import asyncio
import contextlib
from ipaddress import ip_address

import pytest

from app.adapters.sandbox.network import outside
from tests.adapters.sandbox.network.proxied import Names, proxy, upstream

HERE = Names({"mirror.example": [["127.0.0.1"]]})
SETTING = "REVWRIGHT_SETUP_HOSTS"


async def test_a_tunnel_passes_bytes_on_both_ways_until_both_have_said_all() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE) as front:
        reader, writer = await front.tunnel(f"MIRROR.example.:{server.port}")
        writer.write(b"\x00one" * 100_000)
        writer.write_eof()
        assert await reader.read(-1) == b"\x00one" * 100_000
        writer.close()
        assert b"".join(server.heard) == b"\x00one" * 100_000
        (line,) = front.account.lines()
        assert line == f"setup reached mirror.example:{server.port}: 1 connections, 400000 bytes received, 400000 sent"


async def test_what_is_said_with_the_request_is_passed_on_too() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE) as front:
        reader, writer = await front.say(f"CONNECT mirror.example:{server.port} HTTP/1.1\r\n\r\nearly".encode())
        assert await reader.readexactly(len(b"HTTP/1.1 200 Connection established\r\n\r\nearly")) != b""
        assert server.heard == [b"early"]
        writer.close()


async def file(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile" if b"GET /a HTTP/1.1\r\n" in head else b"no")
    await writer.drain()
    writer.close()


async def test_a_file_by_plain_http_where_its_port_is_named() -> None:
    async with upstream(file) as server, proxy(f"mirror.example:{server.port}/private", HERE) as front:
        said = await front.answered(f"GET http://mirror.example:{server.port}/a HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert said.endswith("file")
        sent = len(f"GET /a HTTP/1.1\r\nHost: mirror.example:{server.port}\r\nConnection: close\r\n\r\n")
        (line,) = front.account.lines()
        assert line.endswith(f"1 connections, {len(said)} bytes received, {sent} sent")


@pytest.mark.parametrize(
    ("request_line", "refused"),
    [
        ("CONNECT other.example:443", "other.example:443"),
        ("CONNECT mirror.example:443", "mirror.example:443"),
        ("CONNECT 127.0.0.1:{port}", "127.0.0.1:{port}"),
        ("CONNECT localhost:{port}", "localhost:{port}"),
        ("CONNECT 169.254.169.254:80", "169.254.169.254:80"),
        ("GET http://other.example/", "other.example:80"),
        ("GET http://pypi.example:443/", "pypi.example:443"),
    ],
)
async def test_what_the_operator_does_not_name_is_refused_in_words(request_line: str, refused: str) -> None:
    async with upstream() as server, proxy(f"pypi.example, mirror.example:{server.port}/private", HERE) as front:
        said = await front.answered(f"{request_line.format(port=server.port)} HTTP/1.1\r\n\r\n".encode())
        words = f"setup asked for {refused.format(port=server.port)}, which the operator does not allow ({SETTING})"
        assert said.startswith(f"HTTP/1.1 403 Not allowed by {SETTING}\r\n")
        assert said.endswith(f"\r\n\r\nrevwright: {words}\n")
        assert front.account.refused == (words,)
        assert server.heard == []
    assert HERE.asked == [], "nobody was asked for a name that is not allowed"


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    HERE.asked.clear()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    async with (
        upstream() as server,
        proxy(f"evil.example:{server.port}", Names({"evil.example": [[address]]})) as front,
    ):
        said = await front.answered(f"CONNECT evil.example:{server.port} HTTP/1.1\r\n\r\n".encode())
        assert said.startswith("HTTP/1.1 403 ")
        assert "which is not at a public address" in said
        assert address not in said, "what the inside looks like is for the log"
        assert list(front.account.lines()) == [f"{front.account.refused[0]} (it is at {ip_address(address)}): 1 times"]
        assert server.heard == []


async def test_without_the_look_at_addresses_it_would_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it is there, and that these tests notice."""
    monkeypatch.setattr(outside, "may_be_reached", lambda _address, *, private: not private)
    names = Names({"evil.example": [["127.0.0.1"]]})
    async with upstream() as server, proxy(f"evil.example:{server.port}", names) as front:
        _, writer = await front.tunnel(f"evil.example:{server.port}")
        writer.close()


async def test_the_address_that_was_looked_at_is_the_one_that_is_reached() -> None:
    """A name that leads elsewhere when it is asked for again: it is asked for once."""
    names = Names({"turning.example": [["192.0.2.1"], ["127.0.0.1"]]})
    async with upstream() as server, proxy(f"turning.example:{server.port}", names, connect_seconds=1) as front:
        said = await front.answered(f"CONNECT turning.example:{server.port} HTTP/1.1\r\n\r\n".encode())
        assert said.startswith("HTTP/1.1 403 ")
        assert (names.asked, server.heard) == (["turning.example"], [])


async def test_of_several_addresses_only_those_that_are_allowed_count() -> None:
    names = Names({"mirror.example": [["169.254.169.254", "127.0.0.1"]]})
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", names) as front:
        reader, writer = await front.tunnel(f"mirror.example:{server.port}")
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        writer.close()


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("nowhere.example", {}, "cannot be reached: Name or service not known"),
        ("empty.example", {"empty.example": [[]]}, "cannot be reached: the name has no address"),
        ("closed.example", {"closed.example": [["127.0.0.1"]]}, "cannot be reached: "),
    ],
)
async def test_what_cannot_be_reached_is_told(name: str, answers: dict[str, list[list[str]]], words: str) -> None:
    async with upstream() as server:
        free = server.port
    async with proxy(f"{name}:{free}/private", Names(answers)) as front:
        said = await front.answered(f"CONNECT {name}:{free} HTTP/1.1\r\n\r\n".encode())
        assert said.startswith("HTTP/1.1 502 Bad Gateway\r\n")
        assert words in said


async def test_a_resolver_that_does_not_answer_is_left() -> None:
    async def never(_name: str) -> list[object]:
        return await asyncio.Future()

    async with proxy("slow.example", never, connect_seconds=0.05) as front:  # type: ignore[arg-type]
        assert "does not answer in 0.05 s" in await front.answered(b"CONNECT slow.example:443 HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"nonsense\r\n\r\n", "no HTTP request"),
        (b"SSH-2.0-x\r\n\r\n", "no HTTP request"),
        (b"GET /" + b"x" * 5_000 + b"\r\n\r\n", "a request of over 1000 bytes"),
        (b"CONNECT a.example:443 HTTP/1.1\r\nX: " + b"x" * 5_000, "a request of over 1000 bytes"),
    ],
)
async def test_what_is_no_request_is_told_so(said: bytes, words: str) -> None:
    async with proxy("a.example", HERE, head_bytes=1000) as front:
        answer = await front.answered(said)
        assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
        assert words in answer


async def test_who_says_nothing_is_left() -> None:
    async with proxy("a.example", HERE, head_seconds=0.05) as front:
        assert await front.answered(b"CONNECT a.ex") == ""
        assert list(front.account.lines()) == []


async def test_a_silent_connection_is_ended() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE, idle_seconds=0.1) as front:
        reader, writer = await front.tunnel(f"mirror.example:{server.port}")
        async with asyncio.timeout(30):
            assert await reader.read(-1) == b""
        writer.close()


async def test_more_bytes_than_its_share_end_every_connection() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE, bytes=1_000) as front:
        reader, writer = await front.tunnel(f"mirror.example:{server.port}")
        writer.write(b"x" * 2_000)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                assert len(await reader.read(-1)) < 2_000
        writer.close()
        again = await front.answered(f"CONNECT mirror.example:{server.port} HTTP/1.1\r\n\r\n".encode())
        words = "setup has used up the 1000 bytes that it may receive and send in all"
        assert again.endswith(f"revwright: {words}\n")
        assert front.account.refused == (words,)


async def test_after_its_time_there_is_no_network() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE, seconds=0.2) as front:
        reader, writer = await front.tunnel(f"mirror.example:{server.port}")
        async with asyncio.timeout(30):
            assert await reader.read(-1) == b""
        writer.close()
        again = await front.answered(f"CONNECT mirror.example:{server.port} HTTP/1.1\r\n\r\n".encode())
        assert "the 0.2 s for which it has a network" in again


async def test_more_clients_than_places_wait_for_one() -> None:
    async with upstream() as server, proxy(f"mirror.example:{server.port}/private", HERE, connections=2) as front:
        place = f"mirror.example:{server.port}"
        _, first = await front.tunnel(place)
        _, second = await front.tunnel(place)
        third = asyncio.create_task(front.tunnel(place))
        await asyncio.sleep(0.1)
        assert not third.done()
        first.close()
        async with asyncio.timeout(30):
            _, last = await third
        for writer in (second, last):
            writer.close()


async def test_when_it_ends_nothing_of_it_is_left() -> None:
    async with upstream() as server:
        async with proxy(f"mirror.example:{server.port}/private", HERE) as front:
            reader, writer = await front.tunnel(f"mirror.example:{server.port}")
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionError):
                assert await reader.read(-1) == b""
        writer.close()
