"""The ASGI application: REST, GraphQL and git over HTTP, with the faults a test asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from tests.fakes.github import graphql, rest
from tests.fakes.github.exchange import Reply
from tests.fakes.github.git_http import serve_git
from tests.fakes.github.job_logs import STORAGE
from tests.fakes.github.openapi import ROOT

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.fakes.github.faults import Fault
    from tests.fakes.github.records import Call
    from tests.fakes.github.state import FakeGitHub

GRAPHQL: Final = "/api/graphql"


class Application:
    """Routes requests; ``cut`` ends the connection of a client."""

    def __init__(self, fake: FakeGitHub, cut: Callable[[tuple[str, int]], None]) -> None:
        """Serve one stand-in."""
        self._fake = fake
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        request = Request(scope, receive)
        # Unescaped, a branch called "a/b" could not be told from two segments.
        path = scope["raw_path"].decode("ascii")
        if path.startswith(STORAGE):
            await self._fake.job_logs.answer(request)(scope, receive, send)
            return
        if not path.startswith("/api/"):
            await self._serve_git(request, path, send)
            return
        reply = await self._answer_api(request, path.removeprefix(ROOT))
        if reply is None:
            await self._drop(request)
        else:
            await _response(reply)(scope, receive, send)

    async def _answer_api(self, request: Request, path: str) -> Reply | None:
        fake = self._fake
        body = await request.body()
        query = dict(request.query_params)
        call = rest.begin(fake, request.method, path, query, request.headers)
        fault = fake.faults.take(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        limited = rest.rate_limited(fake, call)
        if limited is not None:
            call.status = limited.status
            return limited
        if fault is not None and fault.when == "before" and _interferes(fault):
            return self._faulty(call, fault)
        # The operations run git, which must not hold up other connections.
        reply = await asyncio.to_thread(self._answer, call, request, body)
        call.status = reply.status
        if fault is not None and fault.when == "after" and _interferes(fault):
            return self._faulty(call, fault)
        return reply

    def _answer(self, call: Call, request: Request, body: bytes) -> Reply:
        if call.path == GRAPHQL:
            return graphql.answer(self._fake, call, request.headers, body)
        return rest.answer(self._fake, call, request.headers, body)

    def _faulty(self, call: Call, fault: Fault) -> Reply | None:
        if fault.drop:
            call.status = None
            return None
        status = fault.status or HTTPStatus.INTERNAL_SERVER_ERROR
        call.status = status
        body = fault.body if fault.body is not None else {"message": HTTPStatus(status).phrase}
        return Reply(status, body, fault.headers, None if not isinstance(body, str) else "text/html; charset=utf-8")

    async def _serve_git(self, request: Request, path: str, send: Send) -> None:
        fault = self._fake.faults.take(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        acts = fault is None or fault.when == "after" or not _interferes(fault)
        if acts:
            response = await serve_git(self._fake, request, path)
            if fault is None or not _interferes(fault):
                await response(request.scope, request.receive, send)
                return
            await response.discard()
        assert fault is not None
        if fault.drop:
            await self._drop(request)
        else:
            status = fault.status or HTTPStatus.INTERNAL_SERVER_ERROR
            await Response(str(fault.body or ""), status, dict(fault.headers))(request.scope, request.receive, send)

    async def _drop(self, request: Request) -> None:
        assert request.client is not None
        self._cut((request.client.host, request.client.port))
        # The server must see the connection closed before we return, or it would answer for us.
        while (await request.receive())["type"] != "http.disconnect":
            pass


def _interferes(fault: Fault) -> bool:
    return fault.drop or fault.status is not None


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if isinstance(reply.body, bytes | str):
        return Response(reply.body, reply.status, headers, media_type=reply.content_type)
    if reply.status == HTTPStatus.NO_CONTENT or reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = json.dumps(reply.body, separators=(",", ":"))
    return Response(text, reply.status, headers, media_type="application/json; charset=utf-8")
