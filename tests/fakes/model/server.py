"""The stand-in itself: both OpenAI APIs over HTTP on a free local port, in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.fakes.model import request_rules, seen, shapes
from tests.fakes.model.behaviours import Behaviour, Scripted
from tests.fakes.model.prompt_server import PromptServer
from tests.fakes.model.replies import (
    Drip,
    Failed,
    Hang,
    Html,
    Immediate,
    NoUsage,
    RateLimited,
    Raw,
    Redirect,
    Rejected,
    Reply,
    ServerError,
    Slow,
)
from tests.fakes.model.seen import Api, Seen
from tests.fakes.model.tokens import PromptCache

_STOP_SECONDS = 5.0


class _End(Enum):
    TIME = auto()
    CLIENT_GONE = auto()
    SERVER_STOPS = auto()


class FakeModel:
    """A model server for tests.

    `script()` lines up replies; when there are none left, `behaviour` answers. `api_key` makes any other key
    a 401; `refuses` names request parameters that this server answers with a 400. A prompt of more than
    `context_tokens` does not fit. `caching`: tokens of a prompt's known beginning are reported as cached.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        api_key: str | None = None,
        refuses: frozenset[str] = frozenset(),
        models: tuple[str, ...] = ("gpt-5.4", "gpt-5.4-mini"),
        context_tokens: int | None = None,
        caching: bool = True,
    ) -> None:
        self.behaviour: Behaviour = behaviour or Scripted()
        self.api_key = api_key
        self.refuses = refuses
        self.models = models
        self.context_tokens = context_tokens
        self.caching = caching
        self.requests: list[Seen] = []
        self.base_url = ""
        self._app = Starlette(
            routes=[
                Route("/v1/responses", self._responses, methods=["POST"]),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
            ],
            exception_handlers={404: _not_found},
        )
        self._script: deque[Reply] = deque()
        self._cache = PromptCache()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with these, in order of arrival."""
        self._script.extend(replies)

    def reset(self) -> None:
        """As new: nothing seen, nothing scripted, nothing cached; the server and its settings stay."""
        self._script.clear()
        self.requests.clear()
        self._cache = PromptCache()
        self.behaviour = Scripted()
        self.api_key = None
        self.refuses = frozenset()
        self.context_tokens = None
        self.caching = True

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve for the time of the block; gives the base URL."""
        try:
            yield self.start()
        finally:
            self.stop()

    def start(self) -> str:
        """Serve on a free local port until `stop()`."""
        # The protocol is named because asyncio turns Nagle's algorithm off only for sockets that say they are
        # TCP; otherwise every answer on a kept connection waits 40 ms for an acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(self._app, lifespan="off", ws="none", http="h11", log_config=None, log_level="error")
        self._stopping = asyncio.Event()
        server = self._server = PromptServer(config, self._stopping)
        self._thread = threading.Thread(target=self._run, args=(server, listener), name="fake-model", daemon=True)
        self._thread.start()
        while not server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the stand-in model did not start; its thread has said why")
            time.sleep(0.002)
        return self.base_url

    def stop(self) -> None:
        """Stop serving; replies that hang end now."""
        if self._server is None or self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_SECONDS)
        self._server = self._thread = self._loop = None

    def _run(self, server: uvicorn.Server, listener: socket.socket) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve(sockets=[listener])

        with listener:
            asyncio.run(serve())

    async def _models(self, _request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 1, "owned_by": "fake"} for name in self.models]
        return _json({"object": "list", "data": data})

    async def _responses(self, request: Request) -> Response:
        return await self._post(request, "responses")

    async def _chat(self, request: Request) -> Response:
        return await self._post(request, "chat")

    async def _post(self, request: Request, api: Api) -> Response:
        raw = await request.body()
        try:
            body: object = json.loads(raw)
        except ValueError:
            body = None
        one = seen.read(api, body, dict(request.headers))
        self.requests.append(one)
        number = len(self.requests)
        try:
            answer = await self._answer(request, one, self._refused(one) or self._next(one), number)
        finally:
            one.ended_at = time.monotonic()
        one.status = None if one.disconnected else answer.status_code
        answer.headers["x-request-id"] = f"req_fake{number:06d}"
        return answer

    def _refused(self, one: Seen) -> Rejected | None:
        if self.api_key is not None and one.authorization != f"Bearer {self.api_key}":
            # OpenAI masks the key here; others do not, and a client must survive both.
            given = (one.authorization or "none").removeprefix("Bearer ")
            return Rejected(401, f"Incorrect API key provided: {given}.", code="invalid_api_key")
        return request_rules.refusal(one, refuses=self.refuses, context_tokens=self.context_tokens)

    def _next(self, one: Seen) -> Reply:
        return self._script.popleft() if self._script else self.behaviour(one)

    async def _answer(self, request: Request, one: Seen, reply: Reply, number: int) -> Response:
        match reply:
            case Hang():
                await self._pause(request, one, None)
                return Response(status_code=503)
            case Slow(seconds=seconds, then=then):
                if await self._pause(request, one, seconds) is not _End.TIME:
                    return Response(status_code=503)
                return await self._answer(request, one, then, number)
            case Drip(seconds=seconds, then=then, pieces=pieces):
                whole = await self._answer(request, one, then, number)
                return self._dripping(request, one, whole, seconds=seconds, pieces=pieces)
            case _:
                return self._render(one, reply, number)

    def _render(self, one: Seen, reply: Immediate, number: int) -> Response:
        match reply:
            case Raw(body=body, status=status, content_type=kind):
                return Response(body, status, media_type=kind)
            case Html(status=status, page=page):
                return Response(page, status, media_type="text/html")
            case Redirect(url=url, status=status):
                return Response(status_code=status, headers={"location": url})
            case RateLimited(retry_after=after, code=code, message=message):
                headers = {} if after is None else {"retry-after": str(after)}
                limited = Rejected(429, message, code=code)
                return _json(shapes.error(limited, kind="rate_limit_error"), 429, headers)
            case ServerError(status=status, message=message):
                return _json(shapes.error(Rejected(status, message), kind="server_error"), status)
            case Rejected(status=status):
                return _json(shapes.error(reply, kind="invalid_request_error"), status)
            case Failed():
                if one.api == "responses":
                    return _json(shapes.response(one, reply, None, number=number))
                failed = Rejected(200, reply.message, code=reply.code)
                return _json(shapes.error(failed, kind="server_error"))
            case _:
                produced = shapes.cut_to_limit(
                    reply.then if isinstance(reply, NoUsage) else reply, one.max_output_tokens
                )
        cached = self._cache.take(one.model, one.prompt) if self.caching else 0
        usage = one.usage = None if isinstance(reply, NoUsage) else shapes.counted(produced, one.prompt, cached)
        shape = shapes.response if one.api == "responses" else shapes.chat_completion
        return _json(shape(one, produced, usage, number=number))

    async def _pause(self, request: Request, one: Seen, seconds: float | None) -> _End:
        """Wait for time to pass, the client to leave or the server to stop, whichever is first."""
        # The body has been read, so the next thing to receive can only be the disconnect.
        gone = asyncio.ensure_future(request.receive())
        stops = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({gone, stops}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                one.disconnected = True
                return _End.CLIENT_GONE
            return _End.SERVER_STOPS if stops.done() else _End.TIME
        finally:
            gone.cancel()
            stops.cancel()

    def _dripping(
        self, request: Request, one: Seen, whole: Response, *, seconds: float, pieces: int
    ) -> StreamingResponse:
        body = bytes(whole.body)
        size = max(1, -(-len(body) // pieces))

        async def drip() -> AsyncIterator[bytes]:
            try:
                for start in range(0, len(body), size):
                    yield body[start : start + size]
                    if await self._pause(request, one, seconds / pieces) is not _End.TIME:
                        break
            except asyncio.CancelledError:
                # Starlette watches for the disconnect too, and tells its body by cancelling it.
                one.disconnected = True
                raise
            finally:
                one.ended_at = time.monotonic()

        return StreamingResponse(drip(), whole.status_code, media_type=whole.media_type)


def _json(body: shapes.Wire, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Escaped, because JSON carries halves of surrogate pairs and UTF-8 does not.
    return Response(json.dumps(body), status, headers, media_type="application/json")


async def _not_found(request: Request, _error: Exception) -> Response:
    wrong = Rejected(404, f"Invalid URL ({request.method} {request.url.path})")
    return _json(shapes.error(wrong, kind="invalid_request_error"), 404)
