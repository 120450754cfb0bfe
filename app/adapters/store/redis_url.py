"""Redis URLs, read strictly: what is not understood is refused by name, and no message repeats a password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from arq.connections import RedisSettings

from app.domain.errors import SettingsInvalid

_PORT = 6379
_SENTINEL_PORT = 26379
_MAX_PORT = 65_535
_FORMS = (
    "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://... for TLS, unix:///PATH[?db=DB] or "
    "redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER[/DB]"
)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


class _QuietSettings(RedisSettings):
    """arq's own text form has the password in it, and settings end up in log lines and tracebacks."""

    def __repr__(self) -> str:
        where = self.unix_socket_path or self.host
        return f"RedisSettings({where!r}, port={self.port}, database={self.database}, ssl={self.ssl})"


@dataclass(frozen=True, slots=True)
class _Login:
    username: str | None
    password: str | None


def parse_redis_url(url: str) -> RedisSettings:
    """arq's settings for this URL. Raises SettingsInvalid."""
    try:
        parts = _split(url)
    except ValueError:
        raise _wrong(f"this is not a URL; write {_FORMS}") from None
    if "#" in url or not url.isprintable() or " " in url:
        raise _wrong("it has a space or a #; percent-encode special characters of the password (# is %23)")
    match parts.scheme:
        case "redis" | "rediss":
            return _server(parts)
        case "unix":
            return _socket(parts)
        case "redis+sentinel":
            return _sentinel(parts)
        case "rediss+sentinel":
            raise _wrong(
                "TLS to Sentinel is not supported yet; use redis+sentinel:// or name one server with rediss://"
            )
        case "redis+cluster" | "rediss+cluster":
            raise _wrong("Redis Cluster is not supported: the ledger's scripts need all their keys on one server")
        case _:
            raise _wrong(f"its scheme is none of ours; write {_FORMS}")


def _split(url: str) -> SplitResult:
    """urlsplit; but it refuses brackets after the first host of a list, as newer Pythons do since CVE-2025-0938."""
    scheme, mark, rest = url.partition("://")
    if not mark or not scheme.lower().endswith("+sentinel"):
        return urlsplit(url)
    rest, _, query = rest.partition("?")
    netloc, slash, path = rest.partition("/")
    return SplitResult(scheme.lower(), netloc, slash + path, query, "")


def _server(parts: SplitResult) -> RedisSettings:
    tls = parts.scheme == "rediss"
    options = _options(parts, {"db", "ssl_ca_certs"} if tls else {"db"})
    login, place = _login(parts.netloc)
    host, port = _host(place, _PORT)
    path = parts.path.removeprefix("/")
    if path and "db" in options:
        raise _wrong("the database stands in the path and in ?db=; keep one of the two")
    return _QuietSettings(
        host=host,
        port=port,
        database=_database(path or options.get("db", "0")),
        username=login.username,
        password=login.password,
        ssl=tls,
        ssl_check_hostname=tls,
        ssl_ca_certs=_ca_file(options.get("ssl_ca_certs")),
    )


def _socket(parts: SplitResult) -> RedisSettings:
    options = _options(parts, {"db"})
    login, place = _login(parts.netloc)
    path = unquote(parts.path)
    if place or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise _wrong("the socket needs an absolute path; write unix:///run/redis/redis.sock")
    return _QuietSettings(
        unix_socket_path=path,
        database=_database(options.get("db", "0")),
        username=login.username,
        password=login.password,
    )


def _sentinel(parts: SplitResult) -> RedisSettings:
    """User and password are the server's own; the sentinels are asked without any."""
    _options(parts, set())
    login, places = _login(parts.netloc)
    master, _, database = parts.path.removeprefix("/").partition("/")
    if not master:
        raise _wrong("it does not name the master; write redis+sentinel://HOST,HOST/MASTER")
    return _QuietSettings(
        host=[_host(place, _SENTINEL_PORT) for place in places.split(",")],
        sentinel=True,
        sentinel_master=unquote(master),
        database=_database(database or "0"),
        username=login.username,
        password=login.password,
    )


def _login(netloc: str) -> tuple[_Login, str]:
    """User and password, and what stands after them."""
    info, _, place = netloc.rpartition("@")
    user, _, password = info.partition(":")
    return _Login(unquote(user) or None, unquote(password) or None), place


def _host(place: str, default_port: int) -> tuple[str, int]:
    found = _HOST.fullmatch(place)
    port = int((found and found[2]) or default_port)
    if found is None or not 0 < port <= _MAX_PORT:
        # The place is not repeated: when a password holds a / or a :, parts of it end up here.
        raise _wrong("there is no valid HOST[:PORT] in it; percent-encode special characters of the password")
    return found[1].strip("[]"), port


def _database(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise _wrong("its database is not a number; percent-encode special characters of the password")
    return int(text)


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    """What follows the question mark; an option that is not understood may have been meant to protect something."""
    if "@" in parts.query:
        raise _wrong("percent-encode special characters of the password (? is %3F)")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    unknown = sorted(options.keys() - known)
    if unknown:
        told = ", ".join(sorted(known)) or "none"
        raise _wrong(f"the option {unknown[0]!r} is not known for {parts.scheme}://; known: {told}")
    if len(options) != len(pairs):
        raise _wrong("an option stands in it twice")
    return options


def _ca_file(path: str | None) -> str | None:
    if path is not None and not Path(path).is_file():
        raise _wrong(f"there is no file {path!r}, which ssl_ca_certs names")
    return path


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(f"REVWRIGHT_REDIS_URL: {what}")
