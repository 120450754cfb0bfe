"""Downloads from links that GitHub names: no token goes along, and nothing behind our own walls is called."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.adapters.github import signed_links
from app.adapters.github.signed_links import IPAddress, LinkRefused, SignedLinks, Tail, is_public, resolved
from tests.fakes.github import FakeGitHub
from tests.fakes.tls import Authority, tls_proxy

JOB = 7
LOG = b"".join(b"line %d\n" % number for number in range(400))
MOST = 1_000


@asynccontextmanager
async def storage(github: FakeGitHub, tmp_path: Path, *, name: str = "logs.example") -> AsyncIterator[ssl.SSLContext]:
    """The logs are at another host, with a certificate for this name; what a client must trust."""
    authority = Authority(tmp_path)
    port = urlsplit(github.url).port
    assert port is not None
    async with tls_proxy(port, authority.sign(name)) as tls:
        github.job_logs.origin = f"https://logs.example:{tls}"
        yield ssl.create_default_context(cafile=str(authority.file))


def links(github: FakeGitHub, trust: ssl.SSLContext, *addresses: str, seconds: float = 20.0) -> SignedLinks:
    async def resolve(host: str, port: int) -> Sequence[str]:
        assert host == "logs.example"
        return addresses or ("127.0.0.1",)

    def may_reach(address: IPAddress) -> bool:
        return str(address) in {"127.0.0.1", "127.0.0.9"}

    return SignedLinks(github.api_url, resolve=resolve, may_reach=may_reach, trust=trust, seconds=seconds)


def link(github: FakeGitHub) -> str:
    github.job_logs.put(JOB, LOG)
    found = github.job_logs.link(JOB)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ranges", "suffixes", "asked"),
    [
        (True, True, ["bytes=-1000"]),
        (True, False, ["bytes=-1000", f"bytes={len(LOG) - 1000}-"]),
        (False, False, ["bytes=-1000"]),
    ],
)
async def test_the_end_is_read_from_another_host_whatever_it_knows_of_ranges(
    github: FakeGitHub, tmp_path: Path, ranges: bool, suffixes: bool, asked: list[str]
) -> None:
    github.job_logs.ranges, github.job_logs.suffixes = ranges, suffixes
    async with storage(github, tmp_path) as trust:
        tail = await links(github, trust).tail(link(github), most=MOST)

    assert tail == Tail(LOG[-MOST:], cut=True, ended=True)
    assert [(one.authorization, one.range) for one in github.job_logs.requests] == [(None, one) for one in asked]
    assert all(one.host == urlsplit(github.job_logs.origin or "").netloc for one in github.job_logs.requests)


@pytest.mark.parametrize(("log", "ranges"), [(b"short\n", True), (b"short\n", False), (b"", True), (b"", False)])
async def test_a_short_log_is_read_whole(github: FakeGitHub, tmp_path: Path, log: bytes, ranges: bool) -> None:
    github.job_logs.ranges = ranges
    async with storage(github, tmp_path) as trust:
        url = link(github)
        github.job_logs.put(JOB, log)
        assert await links(github, trust).tail(url, most=MOST) == Tail(log, cut=False, ended=True)


async def test_a_log_at_the_apis_own_origin_is_read_wherever_that_is(github: FakeGitHub) -> None:
    assert (await SignedLinks(github.api_url).tail(link(github), most=MOST)).data == LOG[-MOST:]


async def test_another_port_of_the_apis_host_is_another_origin(github: FakeGitHub) -> None:
    with pytest.raises(LinkRefused, match="private network"):
        await SignedLinks(github.api_url).tail("https://127.0.0.1:9/x", most=MOST)


async def test_a_body_that_has_no_end_is_not_read_to_it(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_links, "MOST_READ", 2_000)
    github.job_logs.ranges = False
    github.job_logs.put(JOB, b"x" * 4_000_000)
    tail = await SignedLinks(github.api_url).tail(github.job_logs.link(JOB) or "", most=MOST)

    assert (len(tail.data), tail.cut, tail.ended) == (MOST, True, False)


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://logs.example/x", "without TLS"),
        ("ftp://logs.example/x", "without TLS"),
        ("file:///etc/passwd", "without TLS"),
        ("https://user:word@logs.example/x", "password"),
        ("https://127.0.0.1/x", "private network"),
        ("https://[::1]/x", "private network"),
        ("https://[fe80::1]/x", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://10.0.0.1/x", "private network"),
        ("https://2130706433/x", "private network"),
        ("https://localhost/x", "private network"),
        ("https://[::1", "no link"),
        ("", "without TLS"),
    ],
)
async def test_what_is_not_followed(github: FakeGitHub, location: str, why: str) -> None:
    with pytest.raises(LinkRefused, match=why) as caught:
        await SignedLinks(github.api_url).tail(location, most=MOST)

    assert "/x" not in str(caught.value)


async def test_a_redirect_of_the_storage_is_looked_at_like_the_first_link(github: FakeGitHub) -> None:
    for location, why in (("https://169.254.169.254/", "private network"), ("/elsewhere", "more than 3 times")):
        github.faults.add(path="^/elsewhere", times=3, status=302, headers={"location": location})
        with pytest.raises(LinkRefused, match=why):
            await SignedLinks(github.api_url).tail(f"{github.url}/elsewhere", most=MOST)
        github.faults.clear()


async def test_a_name_is_refused_when_one_of_its_addresses_is_private(github: FakeGitHub, tmp_path: Path) -> None:
    async with storage(github, tmp_path) as trust:
        with pytest.raises(LinkRefused, match=r"logs\.example is at an address of a private network"):
            await links(github, trust, "127.0.0.1", "10.1.2.3").tail(link(github), most=MOST)

    assert github.job_logs.requests == []


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(github: FakeGitHub, tmp_path: Path) -> None:
    """A name that means another address a moment later leads nowhere: it is asked once for each request."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.9", "127.0.0.1"]  # nobody listens at the first

    async with storage(github, tmp_path) as trust:
        reading = SignedLinks(github.api_url, resolve=resolve, may_reach=lambda _: True, trust=trust)
        assert (await reading.tail(link(github), most=MOST)).data == LOG[-MOST:]

    assert asked == ["logs.example"]


async def test_the_certificate_must_be_for_the_name_that_github_told(github: FakeGitHub, tmp_path: Path) -> None:
    async with storage(github, tmp_path, name="127.0.0.1") as trust:
        with pytest.raises(LinkRefused, match="ConnectError"):
            await links(github, trust).tail(link(github), most=MOST)

    assert github.job_logs.requests == []


@pytest.mark.parametrize("answer", [{"status": 403}, {"status": 500}])
async def test_a_storage_that_refuses_is_told_by_its_status(github: FakeGitHub, answer: dict[str, int]) -> None:
    github.faults.add(path="^/elsewhere", **answer)  # type: ignore[arg-type]
    with pytest.raises(LinkRefused, match=f"HTTP {answer['status']}"):
        await SignedLinks(github.api_url).tail(f"{github.url}/elsewhere?sig=canary", most=MOST)


async def test_a_packed_body_is_refused(github: FakeGitHub) -> None:
    github.faults.add(path="^/elsewhere", status=200, body="x", headers={"content-encoding": "gzip"})
    with pytest.raises(LinkRefused, match="packed"):
        await SignedLinks(github.api_url).tail(f"{github.url}/elsewhere", most=MOST)


async def test_a_slow_storage_is_given_up(github: FakeGitHub) -> None:
    github.faults.add(path="^/elsewhere", status=200, delay=5)
    with pytest.raises(LinkRefused, match=r"within 0\.2 s"):
        await SignedLinks(github.api_url, seconds=0.2).tail(f"{github.url}/elsewhere", most=MOST)


async def test_a_name_that_nobody_has_is_told(github: FakeGitHub) -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        return []

    with pytest.raises(LinkRefused, match="has no address"):
        await SignedLinks(github.api_url, resolve=nowhere).tail("https://logs.example/x", most=MOST)


async def test_names_are_resolved_by_the_system() -> None:
    assert "127.0.0.1" in await resolved("127.0.0.1", 443)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("140.82.121.4", True),
        ("2606:50c0:8000::153", True),
        ("64:ff9b::8c52:7904", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:0001::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
    ],
)
def test_which_addresses_everybody_knows(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) == public
