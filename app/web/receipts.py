"""GET /runs/{id}/receipt.json: the signed receipt of a run, for whoever knows the run's id."""

from __future__ import annotations

import logging
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.domain.errors import LedgerUnavailable
from app.ports import Receipts

_log = logging.getLogger(__name__)

_RUN = re.compile(r"[0-9a-f]{16}")
_PRIVATE = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
"""It names paths of a repository that may be private; and a run that goes on may get another one."""


class ReceiptEndpoint:
    """The id is 64 random bits, and is told only where the repository can be read. There is no list."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts

    async def __call__(self, request: Request) -> Response:
        run = str(request.path_params["run"])
        try:
            found = await self._receipts.recall(run) if _RUN.fullmatch(run) else None
        except LedgerUnavailable as error:
            _log.error("a receipt cannot be read: %s", error)
            return JSONResponse({"error": "receipts cannot be read now; try again later"}, 503, _PRIVATE)
        if found is None:
            return JSONResponse({"error": "no receipt is kept of such a run"}, 404, _PRIVATE)
        return Response(found, media_type="application/json", headers=_PRIVATE)
