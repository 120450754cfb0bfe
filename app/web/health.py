"""GET /healthz: the process answers. GET /readyz: it could take a delivery now. GET /metrics: the same in numbers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.domain.errors import LedgerUnavailable
from app.domain.sandbox import Isolation
from app.web.metrics import CONTENT_TYPE, exposition

_log = logging.getLogger(__name__)

Ready = Callable[[], Awaitable[None]]
"""Raises LedgerUnavailable when the ledger cannot be written."""

Isolations = Callable[[], Awaitable[tuple[Isolation, ...]]]
"""What isolates sandboxes on the machine of every worker that told. Raises LedgerUnavailable."""

_WAIT_SECONDS = 1.5
"""Probes commonly give up after a second or a few; a server that hangs is not ready."""
_KEPT_SECONDS = 1.0


class Health:
    """Answers probes. However many there are, Redis is asked once in `kept_seconds` and by one at a time."""

    def __init__(
        self,
        ready: Ready,
        isolations: Isolations,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        kept_seconds: float = _KEPT_SECONDS,
    ) -> None:
        self._ready = ready
        self._isolations = isolations
        self._sandboxes: tuple[Isolation, ...] = ()
        self._wait_seconds = wait_seconds
        self._kept_seconds = kept_seconds
        self._asking: asyncio.Task[str | None] | None = None
        self._asked_at = 0.0
        self._told: str | None = None

    async def healthz(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> JSONResponse:
        trouble = await self._trouble()
        if trouble is not None:
            return JSONResponse({"status": "not ready", "reason": f"the job ledger cannot be written: {trouble}"}, 503)
        return JSONResponse({"status": "ready", "sandboxes": [_shown(isolation) for isolation in self._sandboxes]})

    async def metrics(self, _request: Request) -> Response:
        """In the text format of Prometheus."""
        trouble = await self._trouble()
        return Response(exposition(ready=trouble is None, isolations=self._sandboxes), media_type=CONTENT_TYPE)

    async def _trouble(self) -> str | None:
        """None when ready. Waits for the one question that is under way, which goes on when the caller is gone."""
        asking = self._asking
        if asking is None or (asking.done() and time.monotonic() - self._asked_at >= self._kept_seconds):
            self._asked_at = time.monotonic()
            asking = self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait((asking,), timeout=self._wait_seconds)
        return asking.result() if done else "Redis does not answer in time"

    async def _ask(self) -> str | None:
        trouble = None
        try:
            await self._ready()
        except LedgerUnavailable as error:
            trouble = error.reason
            if trouble != self._told:
                _log.error("not ready: %s", error)
        if trouble is None and self._told is not None:
            _log.info("ready again")
        self._told = trouble
        if trouble is None:
            # Only information: a server that is slow to tell it, or refuses, can take deliveries all the same.
            with contextlib.suppress(LedgerUnavailable, TimeoutError):
                async with asyncio.timeout(self._wait_seconds / 3):
                    self._sandboxes = await self._isolations()
        return trouble


def _shown(isolation: Isolation) -> dict[str, object]:
    """Of one worker; what stands here may be read by anybody who reaches this address."""
    return {
        "mode": isolation.mode.value,
        "reason": isolation.reason,
        "remedy": isolation.remedy,
        "cgroup": isolation.cgroup,
        "own_user": isolation.own_user,
    }
