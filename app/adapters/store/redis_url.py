"""Redis URLs, read strictly: what is not understood is refused by name, and no message repeats a password."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from arq.connections import RedisSettings

from app.domain.errors import SettingsInvalid

_PORT = 6379
_SENTINEL_PORT = 26379
_MAX_PORT = 65_535
_FORMS = (
    "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://... for TLS, unix:///PATH[?db=DB] or "
    "redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER[/DB] (rediss+sentinel:// for TLS)"
)
_TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})
_ENCODED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


@dataclass(repr=False)
class ServerSettings(RedisSettings):
    """arq's settings, and how to log in to Sentinels. No text form of them has a password in it: settings end up in
    log lines and tracebacks.
    """

    sentinel_username: str | None = None
    sentinel_password: str | None = None

    def __repr__(self) -> str:
        where = self.unix_socket_path or self.host
        return f"RedisSettings({where!r}, port={self.port}, database={self.database}, ssl={self.ssl})"


@dataclass(frozen=True, slots=True)
class _Login:
    username: str | None
    password: str | None


def parse_redis_url(url: str) -> ServerSettings:
    """The settings for this URL. Raises SettingsInvalid."""
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
        case "redis+sentinel" | "rediss+sentinel":
            return _sentinel(parts)
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


def _server(parts: SplitResult) -> ServerSettings:
    tls = parts.scheme == "rediss"
    options = _options(parts, {"db"} | (_TLS_OPTIONS if tls else set()))
    login, place = _login(parts.netloc)
    host, port = _host(place, _PORT)
    path = parts.path.removeprefix("/")
    if path and "db" in options:
        raise _wrong("the database stands in the path and in ?db=; keep one of the two")
    settings = ServerSettings(
        host=host,
        port=port,
        database=_database(path or options.get("db", "0")),
        username=login.username,
        password=login.password,
    )
    return _with_tls(settings, options) if tls else settings


def _socket(parts: SplitResult) -> ServerSettings:
    options = _options(parts, {"db"})
    login, place = _login(parts.netloc)
    path = _decoded(parts.path)
    if place or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise _wrong("the socket needs an absolute path; write unix:///run/redis/redis.sock")
    return ServerSettings(
        unix_socket_path=path,
        database=_database(options.get("db", "0")),
        username=login.username,
        password=login.password,
    )


def _sentinel(parts: SplitResult) -> ServerSettings:
    """User and password before the hosts are the server's own; those of the Sentinels stand in the query."""
    tls = parts.scheme == "rediss+sentinel"
    options = _options(parts, _SENTINEL_OPTIONS | (_TLS_OPTIONS if tls else set()))
    login, places = _login(parts.netloc)
    master, _, database = parts.path.removeprefix("/").partition("/")
    if not master:
        raise _wrong("it does not name the master; write redis+sentinel://HOST,HOST/MASTER")
    settings = ServerSettings(
        host=[_host(place, _SENTINEL_PORT) for place in places.split(",")],
        sentinel=True,
        sentinel_master=_decoded(master),
        database=_database(database or "0"),
        username=login.username,
        password=login.password,
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )
    return _with_tls(settings, options) if tls else settings


def _with_tls(settings: ServerSettings, options: dict[str, str]) -> ServerSettings:
    """Certificate and host name are always checked: arq's own default leaves the name out."""
    if ("ssl_certfile" in options) != ("ssl_keyfile" in options):
        raise _wrong("ssl_certfile and ssl_keyfile are one pair: name both, or none")
    files = {name: _file(name, path) for name, path in options.items() if name in _TLS_OPTIONS}
    return replace(
        settings,
        ssl=True,
        ssl_check_hostname=True,
        ssl_ca_certs=files.get("ssl_ca_certs"),
        ssl_certfile=files.get("ssl_certfile"),
        ssl_keyfile=files.get("ssl_keyfile"),
    )


def _login(netloc: str) -> tuple[_Login, str]:
    """User and password, and what stands after them."""
    info, _, place = netloc.rpartition("@")
    user, _, password = info.partition(":")
    return _Login(_decoded(user) or None, _decoded(password) or None), place


def _decoded(text: str) -> str:
    """Percent-decoded. A stray % would otherwise stand for itself here and for something else in the next program."""
    if not _ENCODED.fullmatch(text):
        raise _wrong("a % in it is not followed by two hexadecimal digits; write a % of the password as %25")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _wrong("what is percent-encoded in it is not UTF-8; encode the bytes of the password's UTF-8") from None


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


def _options(parts: SplitResult, known: AbstractSet[str]) -> dict[str, str]:
    """What follows the question mark; an option that is not understood may have been meant to protect something."""
    if "@" in parts.query:
        raise _wrong("percent-encode special characters of the password (? is %3F)")
    # Not parse_qsl: it makes a space of the + in a password.
    pairs = [text.partition("=")[::2] for text in parts.query.split("&") if text]
    options = {_decoded(name): _decoded(value) for name, value in pairs}
    unknown = sorted(options.keys() - known)
    if unknown:
        # Behind a password with a raw & in it, what looks like an option is a piece of the password.
        which = "an option" if "sentinel_password" in options else f"the option {unknown[0]!r}"
        raise _wrong(f"{which} is not known for {parts.scheme}://; known: {', '.join(sorted(known)) or 'none'}")
    if len(options) != len(pairs):
        raise _wrong("an option stands in it twice")
    return options


def _file(option: str, path: str) -> str:
    if not Path(path).is_file():
        raise _wrong(f"there is no file {path!r}, which {option} names")
    return path


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(f"REVWRIGHT_REDIS_URL: {what}")
