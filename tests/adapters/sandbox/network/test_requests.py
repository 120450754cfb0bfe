"""What may be said to the proxy of a setup, and what is passed on of it."""

from __future__ import annotations

import pytest

from app.adapters.sandbox.network.requests import Asked, BadRequest, read_request


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("CONNECT pypi.org:443 HTTP/1.1", Asked("pypi.org", 443)),
        ("CONNECT PyPI.org.:443 HTTP/1.0", Asked("pypi.org", 443)),
        ("CONNECT 10.0.0.1:6379 HTTP/1.1", Asked("10.0.0.1", 6379)),
    ],
)
def test_a_tunnel(line: str, asked: Asked) -> None:
    found = read_request(head(line, "Host: something.else", "Proxy-Authorization: Basic eA=="))
    assert (found, found.tunnel) == (asked, True)


@pytest.mark.parametrize(
    ("url", "place", "lines"),
    [
        ("http://deb.debian.org/x?y=1", "deb.debian.org:80", ["GET /x?y=1 HTTP/1.1", "Host: deb.debian.org"]),
        ("HTTP://Deb.Debian.org", "deb.debian.org:80", ["GET / HTTP/1.1", "Host: deb.debian.org"]),
        ("http://m.internal:3141/a#b", "", []),
        ("http://m.internal:3141?q", "m.internal:3141", ["GET /?q HTTP/1.1", "Host: m.internal:3141"]),
    ],
)
def test_a_file_by_plain_http(url: str, place: str, lines: list[str]) -> None:
    request = head(f"GET {url} HTTP/1.1", "Host: other", "Accept: */*", "Proxy-Connection: keep-alive", "X-Empty:")
    if not place:
        with pytest.raises(BadRequest):
            read_request(request)
        return
    found = read_request(request)
    assert (found.place, found.tunnel) == (place, False)
    assert found.head == head(*lines, "Accept: */*", "X-Empty: ", "Connection: close")


def test_what_is_for_the_proxy_alone_is_not_passed_on() -> None:
    found = read_request(
        head("HEAD http://a.example/ HTTP/1.1", "Connection: x-mine, close", "X-Mine: 1", "TE: x", "Content-Length: 0")
    )
    assert found.head == head("HEAD / HTTP/1.1", "Host: a.example", "Connection: close")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["nonsense"], "no HTTP request"),
        (["GET http://a.example/ HTTP/2"], "no HTTP request"),
        (["GET  http://a.example/ HTTP/1.1"], "no HTTP request"),
        (["GET http://a.example/\x00 HTTP/1.1"], "no HTTP request"),
        (["GET / HTTP/1.1", "Host: a.example"], "only tunnels"),
        (["GET https://a.example/ HTTP/1.1"], "only tunnels"),
        (["GET ftp://a.example/ HTTP/1.1"], "only tunnels"),
        (["GET http://user@a.example/ HTTP/1.1"], "only tunnels"),
        (["GET http://[::1]/ HTTP/1.1"], "only tunnels"),
        (["GET http://a.example:99999/ HTTP/1.1"], "99999 is no port"),
        (["CONNECT a.example HTTP/1.1"], "a name and a port"),
        (["CONNECT [::1]:443 HTTP/1.1"], "a name and a port"),
        (["CONNECT a.example:0 HTTP/1.1"], "0 is no port"),
        (["CONNECT a_b..c:443 HTTP/1.1"], "no host name"),
        (["CONNECT 2130706433:443 HTTP/1.1"], "no host name"),
        (["POST http://a.example/ HTTP/1.1"], "only GET and HEAD"),
        (["GET http://a.example/ HTTP/1.1", "Content-Length: 5"], "without a body"),
        (["GET http://a.example/ HTTP/1.1", "Transfer-Encoding: chunked"], "without a body"),
        (["GET http://a.example/ HTTP/1.1", "no header"], "is no header"),
        (["GET http://a.example/ HTTP/1.1", "A: b\nC: d"], "is no header"),
        (["GET http://a.example/ HTTP/1.1", "A: b", " folded"], "is no header"),
        (["GET http://a.example/ HTTP/1.1", "A : b"], "is no header"),
    ],
)
def test_what_is_not_served(lines: list[str], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        read_request(head(*lines))
