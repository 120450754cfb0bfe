"""Which hosts an operator may name for `setup`, and at which addresses a host may be."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.domain.setup_hosts import SetupHost, SetupHosts, host_name, may_be_reached, setup_hosts


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("pypi.org", [SetupHost("pypi.org")]),
        ("PyPI.org.", [SetupHost("pypi.org")]),
        ("pypi.org:443", [SetupHost("pypi.org")]),
        (" b.example , a.example,, a.example ", [SetupHost("a.example"), SetupHost("b.example")]),
        ("deb.debian.org:80", [SetupHost("deb.debian.org", 80)]),
        ("*.example.org", [SetupHost("example.org", below=True)]),
        ("*.example.org:8080", [SetupHost("example.org", 8080, below=True)]),
        ("mirror.internal:8443/private", [SetupHost("mirror.internal", 8443, private=True)]),
        ("localhost/private", [SetupHost("localhost", private=True)]),
        ("127.0.0.1:3141/private", [SetupHost("127.0.0.1", 3141, private=True)]),
        ("my_mirror.example", [SetupHost("my_mirror.example")]),
        ("xn--bcher-kva.example", [SetupHost("xn--bcher-kva.example")]),
    ],
)
def test_a_list(text: str, hosts: list[SetupHost]) -> None:
    found = setup_hosts(text)
    assert found.hosts == tuple(hosts)
    assert setup_hosts(str(found)) == found, "it can be handed on as it is told"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://pypi.org", "is not a host"),
        ("pypi.org/simple", "is not a host"),
        ("pypi.org:", "is not a host"),
        ("user@pypi.org", "is not a host"),
        ("pypi .org", "is not a host"),
        ("pypi..org", "is not a host"),
        ("-a.org", "is not a host"),
        ("bücher.example", "is not a host"),
        ("a.*.org", "is not a host"),
        ("[::1]:443/private", "is not a host"),
        ("127.1/private", "is not a host"),
        ("2130706433", "is not a host"),
        ("0x7f.0.0.1", "is not a host"),
        ("a.0x7f000001", "is not a host"),
        (f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}", "is not a host"),
        ("*", "is not a host"),
        ("*.org", "is too much"),
        ("*.10.0.0.1", "is too much"),
        ("*.corp.internal/private", "named one by one"),
        ("pypi.org:0", "ports are from 1 to 65535"),
        ("pypi.org:65536", "ports are from 1 to 65535"),
        (",".join(f"h{number}.example" for number in range(101)), "101 hosts are more than the 100"),
    ],
)
def test_what_is_no_list(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        setup_hosts(text)


def test_an_empty_list_allows_nothing() -> None:
    assert not SetupHosts()
    assert setup_hosts(" , ") == SetupHosts()
    assert SetupHosts().of("pypi.org", 443) is None


@pytest.mark.parametrize(
    ("name", "port", "allowed"),
    [
        ("pypi.org", 443, True),
        ("pypi.org", 80, False),
        ("evil-pypi.org", 443, False),
        ("pypi.org.evil.example", 443, False),
        ("www.pypi.org", 443, False),
        ("a.example.org", 443, True),
        ("a.b.example.org", 443, True),
        ("example.org", 443, False),
        ("aexample.org", 443, False),
        ("deb.debian.org", 80, True),
        ("deb.debian.org", 443, False),
    ],
)
def test_what_a_list_allows(name: str, port: int, *, allowed: bool) -> None:
    hosts = setup_hosts("pypi.org, *.example.org, deb.debian.org:80")
    assert hosts
    assert (hosts.of(name, port) is not None) is allowed


def test_of_two_entries_the_one_that_allows_more_counts() -> None:
    found = setup_hosts("*.corp.example, mirror.corp.example/private").of("mirror.corp.example", 443)
    assert found is not None
    assert found.private


def test_plain_http_needs_a_port_for_it() -> None:
    assert not setup_hosts("pypi.org").plain
    assert setup_hosts("pypi.org, deb.debian.org:80").plain


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A.Example.", "a.example"),
        ("a.example..", None),
        ("", None),
        (".", None),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3", None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert host_name(text) == name


PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
PRIVATE = [
    *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.9.9.9"),
    *("::1", "fd12::1", "fc00::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "64:ff9b::10.1.2.3", "64:ff9b::7f00:1"),
]
NEVER = [
    # where clouds tell credentials, also in the clothes of IPv6
    *("169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"),
    *("100.100.100.200", "168.63.129.16", "192.0.0.192"),
    # link-local, multicast, unspecified, broadcast, reserved, documentation, benchmarks
    *("fe80::1", "fe80::1%eth0", "ff02::1", "224.0.0.1", "239.1.1.1", "0.0.0.0", "0.1.2.3", "::", "255.255.255.255"),
    *("240.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1", "3fff::1", "5f00::1"),
    # IPv4 within IPv6, by ways that nobody needs: 6to4, Teredo, compatible, translated, a local prefix of NAT64
    *("2002:7f00:1::", "2002:101:101::", "2001:0:a9fe:a9fe::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::1"),
    *("192.88.99.1", "100::1", "fec0::1"),
]


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        *((address, True, True) for address in PUBLIC),
        *((address, False, True) for address in PRIVATE),
        *((address, False, False) for address in NEVER),
    ],
)
def test_addresses(address: str, *, public: bool, private: bool) -> None:
    assert may_be_reached(ip_address(address), private=False) is public
    assert may_be_reached(ip_address(address), private=True) is private
