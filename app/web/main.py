"""Builds the ASGI application: routes, and one constant answer to every error."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.web.health import Health
from app.web.receipts import ReceiptEndpoint
from app.web.webhooks import WebhookEndpoint
from app.wiring.web import WebServices

_log = logging.getLogger(__name__)

OpenServices = Callable[[], AbstractAsyncContextManager[WebServices]]


def create_app(open_services: OpenServices) -> FastAPI:
    """The application; it opens its services when it starts and closes them when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.webhooks = WebhookEndpoint(
                services.intake, services.webhook_secrets, services.allowed_accounts, services.app_id
            )
            app.state.health = Health(services.ready, services.isolations)
            app.state.receipts = ReceiptEndpoint(services.receipts)
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.append(Route("/webhooks/github", _Webhooks(), methods=["POST"]))
    app.add_route("/healthz", _healthz, methods=["GET"])
    app.add_route("/readyz", _readyz, methods=["GET"])
    app.add_route("/metrics", _metrics, methods=["GET"])
    app.add_route("/runs/{run}/receipt.json", _receipt, methods=["GET"])
    app.add_exception_handler(Exception, _unexpected)
    return app


class _Webhooks:
    """The endpoint of the running application, which only exists since that started."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint: WebhookEndpoint = scope["app"].state.webhooks
        await endpoint(scope, receive, send)


async def _healthz(request: Request) -> JSONResponse:
    health: Health = request.app.state.health
    return await health.healthz(request)


async def _readyz(request: Request) -> JSONResponse:
    health: Health = request.app.state.health
    return await health.readyz(request)


async def _metrics(request: Request) -> Response:
    health: Health = request.app.state.health
    return await health.metrics(request)


async def _receipt(request: Request) -> Response:
    endpoint: ReceiptEndpoint = request.app.state.receipts
    return await endpoint(request)


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    """The web edge's catch-all: the log gets the traceback, the caller a constant."""
    _log.error("unexpected error", exc_info=error)
    return JSONResponse({"error": "internal error"}, status_code=500)
