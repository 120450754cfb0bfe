"""Clients of Redis that find the master again after a failover, by address or by asking Sentinels."""

from __future__ import annotations

from typing import Any

from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import Connection, ConnectionPool, Sentinel, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.sentinel import MasterNotFoundError, SentinelConnectionPool
from redis.exceptions import ReadOnlyError, RedisError

from app.adapters.store.redis_url import ServerSettings

_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
_SENTINEL_SECONDS = 1.0
"""A Sentinel that is gone may not use up the time in which the next one is asked."""


class _LeavesReplicas:
    """A mixin: a connection whose server became a replica is made anew before its next use.

    A name in the DNS or a proxy then leads to the new master; the old connection would be read-only for ever.
    Not closed at once, because a transaction still reads its other answers.
    """

    _demoted = False

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)  # type: ignore[misc]  # of the connection class
        except ReadOnlyError:
            self._demoted = True
            raise

    async def connect(self) -> None:
        """Called by the pool whenever the connection is handed out."""
        if self._demoted:
            self._demoted = False
            await self.disconnect()  # type: ignore[attr-defined]
        await super().connect()  # type: ignore[misc]


class _Plain(_LeavesReplicas, Connection):
    pass


class _Tls(_LeavesReplicas, SSLConnection):
    pass


class _Socket(_LeavesReplicas, UnixDomainSocketConnection):
    pass


class _Sentinels(Sentinel):
    """redis-py's, but what each Sentinel had to say is the cause of the error and not only a part of its text."""

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        trouble: RedisError | None = None
        for number, sentinel in enumerate(self.sentinels):
            try:
                masters = await sentinel.sentinel_masters()  # type: ignore[no-untyped-call]
            except RedisError as error:
                trouble = error
                continue
            state = masters.get(service_name)
            if state and self.check_master_state(state, service_name):
                # The one that knows is asked first the next time.
                self.sentinels.insert(0, self.sentinels.pop(number))
                return state["ip"], state["port"]
        why = f" ({type(trouble).__name__}: {trouble})" if trouble is not None else ""
        raise MasterNotFoundError(f"no Sentinel names a master {service_name!r} that is up{why}") from trouble


class RedisClient:
    """A client for these settings, which connects when it is first used; `aclose` closes all that it opened."""

    def __init__(self, settings: RedisSettings) -> None:
        self._sentinels = _sentinels(settings) if isinstance(settings, ServerSettings) and settings.sentinel else None
        if self._sentinels is None:
            self._pool = _pool(settings)
        else:
            options = {"ssl": settings.ssl, **_tls(settings), **_common(settings)}
            self._pool = SentinelConnectionPool(  # type: ignore[no-untyped-call]
                settings.sentinel_master, self._sentinels, **options
            )
        self.redis = ArqRedis(self._pool)

    async def aclose(self) -> None:
        await self.redis.aclose()
        await self._pool.disconnect()
        for sentinel in self._sentinels.sentinels if self._sentinels is not None else ():
            await sentinel.aclose()


def _pool(settings: RedisSettings) -> ConnectionPool:
    options = _common(settings)
    if settings.unix_socket_path is not None:
        return ConnectionPool(connection_class=_Socket, path=settings.unix_socket_path, **options)
    options |= {"host": settings.host, "port": settings.port, **_tls(settings)}
    return ConnectionPool(connection_class=_Tls if settings.ssl else _Plain, **options)


def _sentinels(settings: ServerSettings) -> _Sentinels:
    options: dict[str, Any] = {
        "username": settings.sentinel_username,
        "password": settings.sentinel_password,
        "socket_connect_timeout": _SENTINEL_SECONDS,
        "socket_timeout": _SENTINEL_SECONDS,
        "ssl": settings.ssl,
        **_tls(settings),
    }
    return _Sentinels(sentinels=settings.host, sentinel_kwargs=options)  # type: ignore[no-untyped-call]


def _common(settings: RedisSettings) -> dict[str, Any]:
    return {
        "db": settings.database,
        "username": settings.username,
        "password": settings.password,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_timeout": _ANSWER_SECONDS,
    }


def _tls(settings: RedisSettings) -> dict[str, Any]:
    """Without a file of certificates, those of the system count."""
    if not settings.ssl:
        return {}
    return {
        "ssl_ca_certs": settings.ssl_ca_certs,
        "ssl_certfile": settings.ssl_certfile,
        "ssl_keyfile": settings.ssl_keyfile,
        "ssl_check_hostname": settings.ssl_check_hostname,
    }
