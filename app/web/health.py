"""GET /healthz: the process answers. GET /readyz: it could take a delivery now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.domain.errors import LedgerUnavailable

Ready = Callable[[], Awaitable[None]]
"""Raises LedgerUnavailable when the ledger cannot be written."""


@dataclass(frozen=True, slots=True)
class Health:
    ready: Ready

    async def healthz(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> JSONResponse:
        try:
            await self.ready()
        except LedgerUnavailable:
            return JSONResponse({"status": "not ready", "reason": "the job ledger (Redis) cannot be written"}, 503)
        return JSONResponse({"status": "ready"})
