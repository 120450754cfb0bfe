"""What a client asks of the proxy, read strictly: a tunnel to a host, or a file by plain HTTP (RFC 9110, 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.setup_hosts import host_name

_LINE = re.compile(r"([A-Z]{1,20}) ([!-~]+) HTTP/1\.[01]")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
_TUNNEL = re.compile(r"([^:\[\]]+):([0-9]{1,5})")
_PLAIN = re.compile(r"http://([^/?#:@\[\]]+)(?::([0-9]{1,5}))?((?:[/?][^#]*)?)", re.IGNORECASE)
_PLAIN_PORT = 80
_MAX_PORT = 65_535
_METHODS = frozenset({"GET", "HEAD"})
_NOT_PASSED_ON = frozenset(
    [
        "connection",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
"""RFC 9110, 7.6.1: they are for the connection to the proxy. `Host` is made anew."""


class BadRequest(Exception):
    """What came is nothing that a proxy of ours does; the text says what."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A host and port that are to be reached."""

    host: str
    """As `host_name` gives it."""
    port: int
    head: bytes = b""
    """What is to be said there first; empty for a tunnel, of which nothing is ours to know."""

    @property
    def tunnel(self) -> bool:
        """Whether bytes go to and fro as they come."""
        return not self.head

    @property
    def place(self) -> str:
        """For words."""
        return f"{self.host}:{self.port}"


def read_request(head: bytes) -> Asked:
    """From the first line to the empty one. Raises BadRequest."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    match = _LINE.fullmatch(first)
    if match is None:
        raise BadRequest("this is no HTTP request")
    headers = [_header(line) for line in lines]
    if match[1] == "CONNECT":
        target = _TUNNEL.fullmatch(match[2])
        if target is None:
            raise BadRequest("a tunnel leads to a name and a port, such as pypi.org:443")
        return Asked(_name(target[1]), _port(target[2]))
    return _plain(match[1], match[2], headers)


def _header(line: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise BadRequest("a line of the request is no header")
    return match[1], match[2]


def _name(text: str) -> str:
    name = host_name(text)
    if name is None:
        raise BadRequest("what is to be reached is no host name")
    return name


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= _MAX_PORT:
        raise BadRequest(f"{port} is no port")
    return port


def _plain(method: str, url: str, headers: list[tuple[str, str]]) -> Asked:
    """Only what has no body, so that the request is all that is passed on."""
    target = _PLAIN.fullmatch(url)
    if target is None:
        raise BadRequest("only tunnels (CONNECT) and http:// addresses of files are served")
    if method not in _METHODS or any(_tells_of_a_body(*header) for header in headers):
        raise BadRequest("by plain HTTP there is only GET and HEAD, without a body")
    host, port = _name(target[1]), _port(target[2] or str(_PLAIN_PORT))
    path = target[3] if target[3].startswith("/") else f"/{target[3]}"
    dropped = _dropped(headers)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}" + ("" if port == _PLAIN_PORT else f":{port}")]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in dropped]
    return Asked(host, port, "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))


def _tells_of_a_body(name: str, value: str) -> bool:
    return name.lower() == "transfer-encoding" or (name.lower() == "content-length" and value.strip() != "0")


def _dropped(headers: list[tuple[str, str]]) -> frozenset[str]:
    named = ",".join(value for name, value in headers if name.lower() == "connection")
    return _NOT_PASSED_ON | {"content-length"} | {part.strip().lower() for part in named.split(",")}
