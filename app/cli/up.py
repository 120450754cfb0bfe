"""`revwright up`: web, worker and an embedded Redis server in one process group; what dies is started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from app.adapters.store.embedded import EmbeddedServer, open_embedded_server
from app.cli.exit_status import EXIT_ERROR
from app.cli.logs import configure
from app.cli.serve import keep_memory_private, listen
from app.domain.errors import LedgerUnavailable
from app.settings import Settings

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 15.0
_QUICK_SECONDS = 5.0
"""A child that ends sooner than this after its start is started again only after a pause."""


def up(environ: Mapping[str, str], *, host: str | None, port: int | None) -> int:
    """Runs until stopped; wrong settings end it before anything is started."""
    keep_memory_private()
    settings = Settings.from_environment(environ)
    configure(settings.log_format)
    settings.need_github()
    for warning in settings.warnings:
        _log.warning("%s", warning)
    address = host or settings.host, port if port is not None else settings.port
    listen(*address).close()
    return asyncio.run(_up(settings, environ, address))


async def _up(settings: Settings, environ: Mapping[str, str], address: tuple[str, int]) -> int:
    """0, or the status of a child that cannot work with these settings."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with _redis(settings) as url:
        child_environ = {**environ, "REVWRIGHT_REDIS_URL": url}
        listen_arguments = ("--host", address[0], "--port", str(address[1]))
        children = [
            asyncio.create_task(_keep(_Child("web", ("web", *listen_arguments)), child_environ, stop)),
            asyncio.create_task(_keep(_Child("worker", ("worker",)), child_environ, stop)),
        ]
        statuses = await asyncio.gather(*children)
    _log.info("up: stopped")
    return max(statuses)


@contextlib.asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[str]:
    """The URL of Redis: the operator's, or the embedded server's, which is kept alive meanwhile."""
    if settings.redis_url is not None:
        yield settings.redis_url.expose()
        return
    async with open_embedded_server(settings.data_dir) as server:
        _log.info("up: embedded Redis on %s", server.socket)
        keeper = asyncio.create_task(_keep_server(server))
        try:
            yield server.url
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


async def _keep_server(server: EmbeddedServer) -> None:
    while True:
        status = await server.wait()
        _log.error("up: embedded Redis ended with status %s; starting it again", status)
        await asyncio.sleep(0.5)
        try:
            await server.restart()
        except LedgerUnavailable as error:
            _log.error("up: %s; trying again", error)


@dataclass(frozen=True, slots=True)
class _Child:
    name: str
    arguments: tuple[str, ...]


async def _keep(child: _Child, environ: Mapping[str, str], stop: asyncio.Event) -> int:
    """Starts the child again and again until `stop`, then ends it gently, then firmly.

    A child that says its settings are wrong would say so again: everything stops then, with its status.
    """
    while not stop.is_set():
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", *child.arguments, "--parent", str(os.getpid()), env=dict(environ)
        )
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            await _end(process, ended)
            return 0
        if process.returncode == EXIT_ERROR:
            stop.set()
            return EXIT_ERROR
        if not stop.is_set():
            _log.error("up: %s ended with status %s; starting it again", child.name, process.returncode)
            if time.monotonic() - started < _QUICK_SECONDS:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _QUICK_SECONDS)
    return 0


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    done, _ = await asyncio.wait((ended,), timeout=_GRACE_SECONDS)
    if not done:
        process.kill()
        await ended
