"""`revwright web` and `revwright worker`: one process each, ended cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping

import uvicorn
from arq.connections import RedisSettings
from starlette.types import ASGIApp

from app.adapters.store.redis_url import parse_redis_url
from app.cli.logs import configure
from app.domain.errors import SettingsInvalid
from app.settings import Settings
from app.web.patience import PatientProtocol
from app.wiring.redis_start import look_at_redis, looking_when_there

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_SHUTDOWN_SECONDS = 10


def web(environ: Mapping[str, str], *, host: str | None, port: int | None, parent: int | None) -> int:
    """Serves until stopped."""
    from app.web.main import create_app  # noqa: PLC0415
    from app.wiring.web import WebServices, open_web_services  # noqa: PLC0415

    settings, redis = _start(environ, parent)
    there = asyncio.run(look_at_redis(redis, works_queues=False))
    refusals: list[SettingsInvalid] = []

    def refused(error: SettingsInvalid) -> None:
        refusals.append(error)
        server.should_exit = True

    @contextlib.asynccontextmanager
    async def services() -> AsyncIterator[WebServices]:
        async with contextlib.AsyncExitStack() as stack:
            if not there:
                await stack.enter_async_context(looking_when_there(redis, refused, works_queues=False))
            yield await stack.enter_async_context(open_web_services(settings, redis))

    listener = listen(host or settings.host, port if port is not None else settings.port)
    server = uvicorn.Server(server_config(create_app(services)))
    bound = listener.getsockname()
    _log.info("web: listening on http://%s:%d", bound[0], bound[1])
    with listener:
        server.run(sockets=[listener])
    if refusals:
        raise refusals[0]
    return 0


def server_config(app: ASGIApp, http: type[PatientProtocol] = PatientProtocol) -> uvicorn.Config:
    """How the web process serves HTTP."""
    return uvicorn.Config(
        app,
        http=http,
        ws="none",  # an upgraded connection would be out of the protocol's reach, and nothing here speaks WebSocket
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,  # nothing here looks at where a request comes from: the signature decides
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        limit_concurrency=1_000,
    )


def worker(environ: Mapping[str, str], *, parent: int | None) -> int:
    """Works until stopped."""
    settings, redis = _start(environ, parent)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_work(settings, redis))
    return 0


async def _work(settings: Settings, redis: RedisSettings) -> None:
    from app.wiring.sandboxes import open_sandboxes, telling  # noqa: PLC0415
    from app.wiring.worker import open_worker_services  # noqa: PLC0415
    from workers.main import run_worker  # noqa: PLC0415
    from workers.options import worker_options  # noqa: PLC0415

    stop = asyncio.Event()
    refusals: list[SettingsInvalid] = []

    def refused(error: SettingsInvalid) -> None:
        refusals.append(error)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if not await look_at_redis(redis, works_queues=True):
            await stack.enter_async_context(looking_when_there(redis, refused, works_queues=True))
        sandboxes = await stack.enter_async_context(open_sandboxes(settings))
        services = await stack.enter_async_context(open_worker_services(settings, redis, sandboxes=sandboxes))
        await stack.enter_async_context(telling(sandboxes, redis))
        models = ", ".join(settings.model.names) if settings.model else "none (static rules only)"
        _log.info("worker: ready; models: %s", models)
        await run_worker(redis, services, worker_options(settings), stop)
    if refusals:
        raise refusals[0]
    _log.info("worker: stopped")


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; SettingsInvalid names the setting when the address can not be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, so that asyncio turns Nagle's algorithm off: without it an answer on a kept connection waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise SettingsInvalid(
            f"the address {host}:{port} {why}; set REVWRIGHT_HOST and REVWRIGHT_PORT, or --host and --port"
        ) from None
    return listener


def _start(environ: Mapping[str, str], parent: int | None) -> tuple[Settings, RedisSettings]:
    if parent is not None:
        end_with(parent)
    keep_memory_private()
    settings = Settings.from_environment(environ)
    configure(settings.log_format)
    settings.need_github()
    for warning in settings.warnings:
        _log.warning("%s", warning)
    if settings.redis_url is None:
        raise SettingsInvalid(
            "REVWRIGHT_REDIS_URL is not set: `web` and `worker` share a Redis server, so it must be named, for "
            "example redis://localhost:6379/0; or run `revwright up`, which brings its own"
        )
    return settings, parse_redis_url(settings.redis_url.expose())


def end_with(parent: int) -> None:
    """Ends this process when the process `parent` is gone, however it went."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)


def keep_memory_private() -> None:
    """Keeps other processes of the same user out of this one's memory and environment, which hold the secrets.

    PR_SET_DUMPABLE in prctl(2): files in /proc/PID belong to root then, and nobody else may trace the process.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
