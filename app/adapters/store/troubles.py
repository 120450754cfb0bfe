"""What is the matter with Redis: words for people, and whether waiting can help or a setting must change."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeout

from app.domain.errors import LedgerUnavailable, SettingsInvalid

_CLUSTER = (
    "it names a Redis Cluster, which is not supported: the ledger's scripts need all their keys on one server; "
    "name a server with cluster mode off, or Sentinels"
)
_REASONS = (
    (OutOfMemoryError, "Redis is full: it has reached its maxmemory"),
    (ReadOnlyError, "Redis is read-only: a replica, or a failover is under way"),
    (BusyLoadingError, "Redis is loading its data"),
    (AuthenticationError, "Redis refuses the user or the password"),
    (NoPermissionError, "Redis does not permit its user a command"),
    (ssl.SSLError, "TLS to Redis fails"),
    (RedisTimeout, "Redis does not answer in time"),
    (TimeoutError, "Redis does not answer in time"),
)
_ANSWERS = (
    ("BUSY", "Redis is busy with somebody's script"),
    ("MASTERDOWN", "Redis is a replica without its master"),
    ("MISCONF", "Redis cannot save its data and takes no writes"),
    ("NOREPLICAS", "Redis has too few replicas and takes no writes"),
    ("READONLY", "Redis is read-only: a replica, or a failover is under way"),
    ("OOM", "Redis is full: it has reached its maxmemory"),
)
"""Answers that redis-py has no class for, and those that an old server wraps in the error of a script."""
_CLUSTER_ANSWERS = ("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "SELECT is not allowed in cluster mode")


def unavailable(error: BaseException) -> LedgerUnavailable:
    """What to raise for an error of redis-py. The text is for the operator's log and names the remedy, if known."""
    reason = _reason(error)
    wrong = refusal(error)
    if wrong is not None:
        return LedgerUnavailable(str(wrong), reason=reason)
    return LedgerUnavailable(f"{reason}: {type(error).__name__}: {error}".rstrip(": "), reason=reason)


def refusal(error: BaseException) -> SettingsInvalid | None:
    """The error that only a person can end, by changing a setting of ours or of the server; None if it may pass."""
    chain = tuple(_chain(error))
    of_sentinel = any(isinstance(one, MasterNotFoundError) for one in chain)
    for one in chain:
        told = _wrong_login(one, of_sentinel=of_sentinel) or _wrong_tls(one) or _wrong_server(one)
        if told is not None:
            return SettingsInvalid(f"REVWRIGHT_REDIS_URL: {told}")
    return None


def _reason(error: BaseException) -> str:
    for one in _chain(error):
        for kind, words in _REASONS:
            if isinstance(one, kind):
                return words
        for start, words in _ANSWERS:
            if isinstance(one, RedisError) and start in str(one).replace("-", " ").split():
                return words
    return "Redis cannot be reached"


def _wrong_login(error: BaseException, *, of_sentinel: bool) -> str | None:
    if not isinstance(error, AuthenticationError):
        return None
    text = str(error)
    if of_sentinel:
        return "a Sentinel refuses us; set or correct ?sentinel_password=PASSWORD (and sentinel_username) in it"
    if "Authentication required" in text:
        return "the server asks for a password and there is none for it; write redis://USER:PASSWORD@HOST"
    if "without any password configured" in text:
        return "it has a password and the server has none; take it out, or set the server's requirepass"
    return (
        "the server refuses the user or the password in it; correct them, and percent-encode special characters "
        "(@ is %40)"
    )


def _wrong_tls(error: BaseException) -> str | None:
    """The names of OpenSSL's reasons: https://docs.openssl.org/master/man3/SSL_get_error/ and its err/openssl.txt."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not accepted: {error.verify_message}; {_certificate_remedy(error)}"
    if not isinstance(error, ssl.SSLError) or error.reason is None:
        return None
    if "CERTIFICATE_REQUIRED" in error.reason or "HANDSHAKE_FAILURE" in error.reason:
        return (
            "the server asks for a certificate of ours; name it with ?ssl_certfile=PATH&ssl_keyfile=PATH, or set its "
            "tls-auth-clients to no"
        )
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNSUPPORTED_PROTOCOL"}:
        return "the server does not speak TLS on this port; name its TLS port, or use redis:// in a network you trust"
    return None


def _certificate_remedy(error: ssl.SSLCertVerificationError) -> str:
    if "mismatch" in error.verify_message:
        return "name the server as its certificate does, or give it a certificate for this name"
    if "expired" in error.verify_message or "not yet valid" in error.verify_message:
        return "renew it, and check the clocks"
    return "name the certificates of your own authority with ?ssl_ca_certs=PATH"


def _wrong_server(error: BaseException) -> str | None:
    if not isinstance(error, RedisError):
        return None
    text = str(error)
    if text.startswith(_CLUSTER_ANSWERS):
        return _CLUSTER
    if text.startswith("DENIED"):
        return "the server is in protected mode and answers its own machine only; give it a password or a bind address"
    if "DB index is out of range" in text:
        return "the server has no database of this number; name another one"
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: redis-py wraps what happens while it connects."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
