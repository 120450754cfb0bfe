"""Which hosts a project's `setup` may reach, as an operator names them, and at which addresses a host may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

HTTPS_PORT = 443
_MAX_PORT = 65_535
_MOST = 100
_LONGEST_NAME = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ENTRY = re.compile(r"(?P<below>\*\.)?(?P<name>[^*:/\s]+)(?::(?P<port>[0-9]{1,5}))?(?P<private>/private)?")

Address = IPv4Address | IPv6Address

_PRIVATE = tuple(
    map(
        ip_network,
        # RFC 1918, RFC 6598 (shared by the customers of a provider), RFC 1122 (loopback), RFC 4193, RFC 4291 (loopback)
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "::1/128"),
    )
)
"""Where a host of the operator's own may be."""
_NEVER = tuple(
    map(
        ip_network,
        (
            # Where clouds tell machines their credentials: AWS and most others, AWS over IPv6, Alibaba, Azure.
            *("169.254.0.0/16", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32"),
            # For protocols and for IPv4 within IPv6: RFC 6890, RFC 7526 (6to4, its relays), RFC 4380 (Teredo).
            *("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/23"),
            # For documentation and segments, which older versions of `ipaddress` take for global: RFC 9637, RFC 9602.
            *("3fff::/20", "5f00::/16"),
        ),
    )
)
_UNICAST = IPv6Network("2000::/3")
"""All that is given to anybody (RFC 4291, 2.4)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""Leads to the IPv4 address in its last four bytes (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class SetupHost:
    """One entry of the list."""

    name: str
    """In lower case; an IPv4 address is a name, too."""
    port: int = HTTPS_PORT
    below: bool = False
    """Whether all names that end with a dot and this one are meant, and not the name itself."""
    private: bool = False
    """Whether it may be at an address of a private network or of this machine."""

    def __str__(self) -> str:
        port = "" if self.port == HTTPS_PORT else f":{self.port}"
        return f"{'*.' if self.below else ''}{self.name}{port}{'/private' if self.private else ''}"

    def means(self, name: str, port: int) -> bool:
        """Whether a name, as `host_name` gives it, and a port are this entry's."""
        named = name.endswith(f".{self.name}") if self.below else name == self.name
        return named and port == self.port


@dataclass(frozen=True, slots=True)
class SetupHosts:
    """The operator's list; empty: `setup` has no network."""

    hosts: tuple[SetupHost, ...] = ()

    def __str__(self) -> str:
        """As the operator could have written it; the same for the same list."""
        return ",".join(map(str, self.hosts))

    def __bool__(self) -> bool:
        return bool(self.hosts)

    @property
    def plain(self) -> bool:
        """Whether a port is named at which plain HTTP may be spoken."""
        return any(host.port != HTTPS_PORT for host in self.hosts)

    def of(self, name: str, port: int) -> SetupHost | None:
        """The entry that allows a name and port, one that allows more before others."""
        found = [host for host in self.hosts if host.means(name, port)]
        return max(found, key=lambda host: host.private, default=None)


NO_HOSTS = SetupHosts()


def setup_hosts(text: str) -> SetupHosts:
    """A list such as `pypi.org, *.pythonhosted.org, deb.debian.org:80, mirror.internal:8443/private`.

    Raises ValueError with words for the operator.
    """
    hosts = sorted({_host(part.strip()) for part in text.split(",") if part.strip()}, key=str)
    if len(hosts) > _MOST:
        raise ValueError(f"{len(hosts)} hosts are more than the {_MOST} that can be named")
    return SetupHosts(tuple(hosts))


def _host(text: str) -> SetupHost:
    match = _ENTRY.fullmatch(text)
    name = None if match is None else host_name(match["name"])
    if match is None or name is None:
        raise ValueError(
            f"{text!r} is not a host: write `pypi.org`, `*.example.org` or `deb.debian.org:80`, and for a host of your "
            "own network `mirror.internal:8443/private`"
        )
    port = int(match["port"] or HTTPS_PORT)
    if not 0 < port <= _MAX_PORT:
        raise ValueError(f"{text!r} has a port that there is not; ports are from 1 to {_MAX_PORT}")
    below, private = match["below"] is not None, match["private"] is not None
    if below and private:
        raise ValueError(f"{text!r}: hosts of your own network are named one by one, without `*`")
    if below and ("." not in name or _is_address(name)):
        raise ValueError(f"{text!r} is too much: name at least the two last parts, as in `*.example.org`")
    return SetupHost(name, port, below, private)


def host_name(text: str) -> str | None:
    """A name as it is compared: in lower case and without the dot of the root; None for what is no name.

    What resolvers could take for an IPv4 address in one of its old forms is a name only in the form with four numbers.
    """
    name = text.lower().removesuffix(".")
    if len(name) > _LONGEST_NAME or _NAME.fullmatch(name) is None:
        return None
    number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]) is not None
    return None if number and not _is_address(name) else name


def may_be_reached(address: Address, *, private: bool) -> bool:
    """Whether a host may be at an address: one of the public internet, or with `private` of a private network."""
    inner = _inner(address)
    if any(inner in network for network in _NEVER):
        return False
    if any(inner in network for network in _PRIVATE):
        return private
    if isinstance(inner, IPv6Address) and inner not in _UNICAST:
        return False
    return inner.is_global and not inner.is_multicast


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, where it is only another way to write it."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
