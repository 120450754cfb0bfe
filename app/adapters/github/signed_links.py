"""Downloads from the links that GitHub signs and sends on to: never with our token, and never into our own network.

A log's storage is another host, which GitHub names. Whoever could name one in its place must not make us call a
service that only this machine can reach, so the addresses that a name stands for are looked at, and then connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from app.adapters.github.transport import authorities
from app.domain.errors import GitHubError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MOST_READ = 32 << 20
"""Bytes of a body that are read when a server does not send its end alone."""
SECONDS = 20.0
"""For a download as a whole."""
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_HOPS, _ADDRESSES = 3, 3
_OK, _PARTIAL, _NO_SUCH_RANGES = 200, 206, frozenset((400, 416, 501))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFF_FFFF


class LinkRefused(GitHubError):
    """Nothing was downloaded; the text says why. It never holds the link: who has that can read what is there."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a body. `cut`: there was more before it. `ended`: it is the very end."""

    data: bytes
    cut: bool
    ended: bool


def is_public(address: IPAddress) -> bool:
    """Whether everybody on the internet means the same by it, also by the IPv4 address that it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & _LAST_32_BITS)
        if inner and not is_public(inner):
            return False
    return address.is_global and not address.is_multicast


async def resolved(host: str, port: int) -> Sequence[str]:
    """Its addresses, best first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    return [str(one[4][0]) for one in found]


class SignedLinks:
    """Reads what is behind a link. The API's own origin may be anywhere, any other must be HTTPS at public addresses.

    A proxy of the environment is used as for other calls, and is then asked for an address instead of a name.
    """

    def __init__(
        self,
        api_url: str,
        *,
        resolve: Resolve = resolved,
        may_reach: Callable[[IPAddress], bool] = is_public,
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._own = _origin(httpx.URL(api_url))
        self._resolve = resolve
        self._may_reach = may_reach
        self._trust = trust
        self._seconds = seconds

    async def tail(self, link: str, *, most: int) -> Tail:
        """The last `most` bytes. Raises LinkRefused."""
        try:
            async with asyncio.timeout(self._seconds):
                async with httpx.AsyncClient(
                    timeout=_TIMEOUT, verify=self._trust or authorities(), follow_redirects=False
                ) as client:
                    return await self._tail(client, httpx.URL(link), most)
        except TimeoutError:
            raise LinkRefused(f"not downloaded within {self._seconds:g} s") from None
        except httpx.InvalidURL:
            raise LinkRefused("GitHub sent us on to something that is no link") from None
        except (httpx.HTTPError, OSError) as error:
            raise LinkRefused(f"the download failed: {type(error).__name__}") from None

    async def _tail(self, client: httpx.AsyncClient, url: httpx.URL, most: int) -> Tail:
        """First the end is asked for; a server that does not know how to count from it is told where it begins."""
        suffix = f"bytes=-{most}"
        for wanted in (suffix, None):
            async with self._answer(client, url, wanted) as answer:
                if answer.status_code in _NO_SUCH_RANGES and wanted:
                    continue
                length = _length(answer)
                if answer.status_code != _OK or length <= most or answer.headers.get("accept-ranges") != "bytes":
                    return await _end(answer, most)
            async with self._answer(client, url, f"bytes={length - most}-") as answer:
                return await _end(answer, most)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _answer(
        self, client: httpx.AsyncClient, url: httpx.URL, range_: str | None
    ) -> AsyncIterator[httpx.Response]:
        """The answer at the end of at most so many redirects, each looked at like the first link."""
        headers = {"User-Agent": "revwright", "Accept": "*/*", "Accept-Encoding": "identity"}
        if range_:
            headers["Range"] = range_
        for _ in range(_HOPS):
            answer = await self._sent(client, url, headers)
            try:
                if not answer.has_redirect_location:
                    yield answer
                    return
                url = url.join(answer.headers["location"])
            finally:
                await answer.aclose()
        raise LinkRefused(f"the storage sent us on more than {_HOPS} times")

    async def _sent(self, client: httpx.AsyncClient, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        targets = await self._targets(url)
        for number, target in enumerate(targets, 1):
            request = client.build_request(
                "GET",
                url.copy_with(host=target) if target else url,
                headers={**headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(targets):
                    raise
        raise LinkRefused(f"{url.host} has no address")

    async def _targets(self, url: httpx.URL) -> Sequence[str | None]:
        """The addresses to connect to; None is whatever the name stands for."""
        if url.userinfo:
            raise LinkRefused("the link has a password in it")
        if _origin(url) == self._own:
            return [None]
        if url.scheme != "https":
            raise LinkRefused("the log is at a link without TLS, which is not followed")
        addresses = await self._resolve(url.host, url.port or 443)
        if not all(self._may_reach(_address(one)) for one in addresses):
            raise LinkRefused(f"{url.host} is at an address of a private network, which is not called")
        return list(dict.fromkeys(addresses))[:_ADDRESSES]


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _address(text: str) -> IPAddress:
    """Without the zone that a link-local address may have."""
    return ipaddress.ip_address(text.partition("%")[0])


def _length(answer: httpx.Response) -> int:
    told = answer.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdecimal() else 0


async def _end(answer: httpx.Response, most: int) -> Tail:
    if answer.status_code not in {_OK, _PARTIAL}:
        raise LinkRefused(f"the log's storage answered HTTP {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise LinkRefused("the log's storage sent it packed, which was not asked for")
    end, read, ended = bytearray(), 0, True
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        end += chunk
        if len(end) > 2 * most:  # now and then, for it moves what stays
            del end[:-most]
        if read > MOST_READ:
            ended = False
            break
    begins_later = answer.status_code == _PARTIAL and not answer.headers.get("content-range", "").startswith("bytes 0-")
    return Tail(bytes(end[-most:]), begins_later or read > most, ended)
