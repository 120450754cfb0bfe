"""What a runner gives to the commands of a setup: a door in their sandbox, a proxy behind it, and one account."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.adapters.sandbox.network.account import Account, Clock, NetworkLimits
from app.adapters.sandbox.network.doors import ADDRESS, PORT, Doors, NoDoor
from app.adapters.sandbox.network.outside import Resolve
from app.adapters.sandbox.network.proxy import Proxy
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.running.waiting import surely_done
from app.domain.setup_hosts import SetupHosts

_log = logging.getLogger(__name__)

_PROXY = f"http://{ADDRESS}:{PORT}"
_NOT_BY_PROXY = "localhost,127.0.0.1,::1"

Before = Callable[[int], Awaitable[None]]
"""What is done once a sandbox stands, before its command begins; it is told the sandbox's first process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupNetwork:
    """Of one runner; there is none where the operator names no host."""

    hosts: SetupHosts
    doors: Doors
    resolve: Resolve
    limits: NetworkLimits = field(default_factory=NetworkLimits)
    clock: Clock = time.monotonic

    def begin(self, name: str) -> Reaching:
        """For one setup; the log tells it by this name."""
        account = Account(self.limits, self.clock)
        return Reaching(self.doors, Proxy(hosts=self.hosts, resolve=self.resolve, account=account), name)


@dataclass(frozen=True, slots=True)
class Reaching:
    """What one setup can reach, and did."""

    doors: Doors
    proxy: Proxy
    name: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells tools of the proxy. Some read only one of the two spellings."""
        told = {"HTTPS_PROXY": _PROXY, "NO_PROXY": _NOT_BY_PROXY}
        if self.proxy.hosts.plain:
            told["HTTP_PROXY"] = _PROXY
        return MappingProxyType(told | {name.lower(): value for name, value in told.items()})

    @property
    def refused(self) -> tuple[str, ...]:
        """What was asked for in vain, in words."""
        return self.proxy.account.refused

    @contextlib.asynccontextmanager
    async def beside(self) -> AsyncIterator[Before]:
        """While a command runs. What is given raises LaunchFailed."""
        serving: list[asyncio.Task[None]] = []
        with contextlib.ExitStack() as listeners:

            async def before(first: int) -> None:
                try:
                    listener = listeners.enter_context(await self.doors.open(first))
                except NoDoor as error:
                    raise LaunchFailed(str(error)) from error
                serving.append(asyncio.create_task(self.proxy.serve(listener)))

            try:
                yield before
            finally:
                for task in serving:
                    task.cancel()
                await surely_done(serving)
        for task in serving:
            with contextlib.suppress(asyncio.CancelledError):
                task.result()

    def tell(self) -> None:
        """Say in the log what was reached, and what was refused."""
        for line in self.proxy.account.lines():
            _log.info("runner: environment %s: %s", self.name, line)
