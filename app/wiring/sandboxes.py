"""A worker's sandboxes: from a runner of its own or one that was started apart, and what it tells of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator

from arq.connections import RedisSettings

from app.adapters.sandbox.runner.client import RunnerSandboxes
from app.adapters.sandbox.runner.listening import RunnerAt
from app.adapters.sandbox.runner.own import OwnRunner, RunnerDoesNotStart
from app.adapters.store.isolations import RedisIsolations
from app.domain.errors import LedgerUnavailable, SandboxRefused, SandboxUnavailable
from app.domain.sandbox import Isolation, Mode
from app.settings import Settings, runner_environment
from app.wiring.cancelling import end
from app.wiring.redis import open_redis
from app.wiring.runner import command_limits, default_workspaces_dir

_log = logging.getLogger(__name__)

_TELL_SECONDS = 60.0
_FIRST_SECONDS = 1.0


@contextlib.asynccontextmanager
async def open_sandboxes(settings: Settings) -> AsyncIterator[RunnerSandboxes | None]:
    """None where a setting says that nothing is executed."""
    sandbox = settings.sandbox
    if sandbox.kind == "off":
        yield None
        return
    limits = command_limits(sandbox)
    if sandbox.runner_socket is not None:
        yield RunnerSandboxes(RunnerAt(sandbox.runner_socket).connect, limits)
        return
    workspaces = sandbox.workspaces_dir or default_workspaces_dir(settings.data_dir)
    own = OwnRunner(runner_environment(sandbox, workspaces, "json"))  # our log has what it says, in our own format
    keeping = asyncio.create_task(own.keep())
    try:
        yield RunnerSandboxes(own.connect, limits)
    finally:
        await end((keeping,))


@contextlib.asynccontextmanager
async def telling(sandboxes: RunnerSandboxes | None, redis: RedisSettings) -> AsyncIterator[None]:
    """Meanwhile the web process is told what isolates here, for `/readyz` and `/metrics`."""
    worker = secrets.token_hex(8)
    async with open_redis(redis) as pool:
        isolations = RedisIsolations(pool)
        task = asyncio.create_task(_keep_telling(sandboxes, worker, isolations))
        try:
            yield
        finally:
            await end((task,))
            with contextlib.suppress(LedgerUnavailable):
                await isolations.forget(worker)


async def _keep_telling(sandboxes: RunnerSandboxes | None, worker: str, isolations: RedisIsolations) -> None:
    while True:
        isolation, seconds = await _isolation(sandboxes)
        try:
            await isolations.tell(worker, isolation)
        except LedgerUnavailable as error:
            _log.debug("what isolates sandboxes was not told: %s", error)
        await asyncio.sleep(seconds)


async def _isolation(sandboxes: RunnerSandboxes | None) -> tuple[Isolation, float]:
    """What isolates, and in how many seconds it is to be looked at again. Whatever is wrong is told, not raised."""
    if sandboxes is None:
        return _refused("REVWRIGHT_SANDBOX is off", ""), _TELL_SECONDS
    try:
        return await sandboxes.isolation(), _TELL_SECONDS
    except SandboxRefused as error:  # of another version
        _log.warning("no runner of sandboxes: %s", error)
        return _refused(str(error)), _TELL_SECONDS
    except RunnerDoesNotStart as error:
        return _refused(str(error)), _FIRST_SECONDS
    except SandboxUnavailable as error:
        _log.debug("no runner of sandboxes: %s", error)
        return _refused("no runner of sandboxes answers yet", "If it stays so, the worker's log says why."), (
            _FIRST_SECONDS
        )
    except OSError as error:
        _log.warning("no runner of sandboxes: %s", error.strerror)
        return _refused(f"a runner of sandboxes cannot be reached: {error.strerror}"), _FIRST_SECONDS


def _refused(reason: str, remedy: str = "The worker's log says more.") -> Isolation:
    return Isolation(mode=Mode.REFUSED, reason=reason, remedy=remedy, cgroup="none", own_user=False)
