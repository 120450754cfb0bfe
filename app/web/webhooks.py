"""POST /webhooks/github: bytes -> event -> row and bell -> 202."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field
from typing import assert_never

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.adapters.github.webhook import parse
from app.domain.errors import EventMalformed, LedgerUnavailable
from app.domain.events import Delivery
from app.ports import Intake
from app.usecases.intake import Accepted, Ignored, decide
from app.web.body import BodyBudget, Refused, Take, header, verified_body

_log = logging.getLogger(__name__)

_DELIVERY_ID = re.compile(rb"[0-9A-Za-z-]{1,64}")
_EVENT = re.compile(rb"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """`secrets`: the webhook secret, and the previous one while it is being replaced."""

    intake: Intake
    secrets: tuple[bytes, ...]
    allowed_accounts: frozenset[int]
    app_id: int
    bodies: BodyBudget = field(default_factory=BodyBudget)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application: a route of plain functions would cost a tenth of all the rest for each delivery."""
        with self.bodies.share() as take:
            answer = await self._answered(scope, receive, take)
            await answer(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, take: Take) -> JSONResponse:
        body = await verified_body(scope, receive, self.secrets, take)
        if isinstance(body, Refused):
            return _problem(body.status, body.text)
        id_, event = header(scope, b"x-github-delivery") or b"", header(scope, b"x-github-event") or b""
        if not _DELIVERY_ID.fullmatch(id_) or not _EVENT.fullmatch(event):
            return _problem(400, "X-GitHub-Delivery and X-GitHub-Event are missing or malformed")
        delivery = Delivery(id_.decode(), event.decode(), hashlib.sha256(body).hexdigest())
        if (header(scope, b"content-type") or b"").partition(b";")[0].strip().lower() != b"application/json":
            _log.warning(
                "delivery %s (%s) refused: its content type is not application/json", delivery.id, delivery.event
            )
            return _problem(415, "set the webhook's content type to application/json")
        return await self._take_in(delivery, body)

    async def _take_in(self, delivery: Delivery, body: bytes) -> JSONResponse:
        try:
            decision = decide(parse(delivery.event, body), allowed_accounts=self.allowed_accounts, app_id=self.app_id)
        except EventMalformed as error:
            _log.warning("delivery %s (%s) is malformed: %s", delivery.id, delivery.event, error)
            return _problem(400, "the body does not have the shape of its event")
        match decision:
            case Ignored(reason):
                _log.info("delivery %s (%s) ignored: %s", delivery.id, delivery.event, reason)
                return _answer(delivery, "ignored", reason)
            case Accepted(row, wanted, also, note):
                try:
                    fresh = await self.intake.accept(delivery, row, wanted, also=also, note=note)
                except LedgerUnavailable as error:
                    # GitHub then shows the delivery as failed, and it can be redelivered.
                    _log.error("delivery %s not taken: %s", delivery.id, error)
                    text = "the job ledger cannot take this now; redeliver later"
                    return JSONResponse({"error": text}, status_code=503)  # the sender did nothing wrong: kept open
                if not fresh:
                    return _answer(delivery, "duplicate", "this delivery was taken before")
                _log.info("delivery %s queued %s", delivery.id, row)
                return _answer(delivery, "queued", f"{wanted.trigger} of {row}")
        assert_never(decision)


def _answer(delivery: Delivery, result: str, reason: str) -> JSONResponse:
    return JSONResponse({"delivery": delivery.id, "result": result, "reason": reason}, status_code=202)


def _problem(status: int, text: str) -> JSONResponse:
    """A refusal; it ends the connection, because the rest of the body may not have been read."""
    return JSONResponse({"error": text}, status_code=status, headers={"Connection": "close"})
