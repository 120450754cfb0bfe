"""The model port over the OpenAI SDK, with time, retries and secrets in our own hands."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx2
import openai

from app.adapters.llm import chat, responses
from app.adapters.llm.dialect import OPENAI_BASE_URL, Api, Dialect, choose_api, first_dialect
from app.adapters.llm.failures import Failure, Remedy, error_detail, excerpt, not_an_answer, of_status
from app.adapters.llm.learning import learned
from app.adapters.llm.retrying import Pacing, persist
from app.adapters.llm.wire import UNREPORTED
from app.domain.errors import SettingsInvalid
from app.domain.model import Completion, ModelRequest
from app.ports import Model

_CONNECT_SECONDS = 10.0
_PATHS: Mapping[Api, str] = {"responses": "/responses", "chat": "/chat/completions"}
_HEADERS_SENT = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host",
    "transfer-encoding", "user-agent",
})  # fmt: skip


@asynccontextmanager
async def open_model(
    *,
    api: Literal["responses", "chat", "auto"],
    base_url: str | None,
    api_key: str,
    max_retries: int = 2,
    ca_file: Path | None = None,
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
    pacing: Pacing | None = None,
) -> AsyncIterator[Model]:
    """A model at `base_url` (none: OpenAI's own). The environment plays no part: what counts is passed here.

    An empty `api_key` sends none, for servers that want none. `headers` are sent along, for gateways. `ca_file`
    replaces the system's certificate authorities.
    Raises SettingsInvalid when the key or the URL can never work.
    """
    _check(base_url, api_key)
    spoken = choose_api(api, base_url)
    async with httpx2.AsyncClient(
        verify=_verified_by(base_url or OPENAI_BASE_URL, ca_file, proxy),
        trust_env=False,
        proxy=proxy,
        follow_redirects=False,
        event_hooks={"request": [_only_ours(api_key, headers or {})]},
    ) as http:
        sdk = openai.AsyncOpenAI(
            api_key=api_key or "unused",
            base_url=base_url or OPENAI_BASE_URL,
            organization=None,
            project=None,
            default_headers=dict(headers or {}),
            max_retries=0,
            http_client=http,
        )
        yield _OpenAIModel(
            sdk,
            api=spoken,
            dialect=first_dialect(spoken, base_url),
            key=api_key,
            max_retries=max_retries,
            pacing=pacing or Pacing(),
        )


def _verified_by(url: str, ca_file: Path | None, proxy: str | None) -> ssl.SSLContext | bool:
    """Reading the system's authorities takes a while, so nobody is trusted where nothing is asked over TLS."""
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if httpx2.URL(url).scheme == "http" and proxy is None else True


def _check(base_url: str | None, api_key: str) -> None:
    # Anything else fails inside the HTTP library, with an exception that carries the header's value.
    if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
        raise SettingsInvalid("OPENAI_API_KEY holds characters that no header can carry: copy it again")
    try:
        # Both must understand it: one decides which API is spoken, the other where the key goes.
        host = urlsplit(base_url or OPENAI_BASE_URL).hostname
        usable = bool(host) and httpx2.URL(base_url or OPENAI_BASE_URL).scheme in {"http", "https"}
    except (httpx2.InvalidURL, ValueError):
        usable = False
    if not usable:
        # The URL itself stays out of the words: it may carry a password.
        raise SettingsInvalid("OPENAI_BASE_URL must be a URL that begins with https:// or http://")


def _only_ours(api_key: str, headers: Mapping[str, str]) -> Callable[[httpx2.Request], Awaitable[None]]:
    """Keep what the SDK takes from the environment (organisation, project, any header) off the wire."""
    kept = _HEADERS_SENT | {name.lower() for name in headers}

    async def strip(request: httpx2.Request) -> None:
        for name in list(request.headers):
            if name.lower() not in kept:
                del request.headers[name]
        if api_key:
            request.headers["authorization"] = f"Bearer {api_key}"
        else:
            request.headers.pop("authorization", None)

    return strip


class _OpenAIModel:
    """One server, one API, and what has been learned so far of what each of its models takes."""

    def __init__(
        self,
        sdk: openai.AsyncOpenAI,
        *,
        api: Api,
        dialect: Dialect,
        key: str,
        max_retries: int,
        pacing: Pacing,
    ) -> None:
        self._sdk = sdk
        self._api: Api = api
        self._first_dialect = dialect
        self._dialects: dict[str, Dialect] = {}
        self._key = key
        self._max_retries = max_retries
        self._pacing = pacing

    async def complete(self, request: ModelRequest) -> Completion:
        """Answer within the request's time, however many attempts that takes."""
        return await persist(self._attempt, request, max_retries=self._max_retries, pacing=self._pacing)

    async def _attempt(self, request: ModelRequest, seconds: float) -> Completion | Failure:
        """One answer or failure; what the server does not take is left out and asked again at once."""
        while True:
            dialect = self._dialects.get(request.model, self._first_dialect)
            reply = await self._send(request, dialect, seconds)
            if isinstance(reply, Failure):
                return reply
            if reply.is_success:
                return self._read(reply, request, dialect)
            detail = error_detail(reply.content)
            failure = of_status(reply.status_code, reply.headers, detail, key=self._key)
            if failure.remedy is Remedy.SHORTEN:
                return failure
            better = learned(dialect, reply.status_code, detail, request)
            if better is None:
                return failure
            self._dialects[request.model] = better

    async def _send(self, request: ModelRequest, dialect: Dialect, seconds: float) -> httpx2.Response | Failure:
        timeout = httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
        speak = responses if self._api == "responses" else chat
        try:
            # The raw reply: the SDK's objects are built without validation and lose what does not fit. The raw request:
            # its typed methods copy every message and tool again, 50 ms on the loop for a conversation of some length.
            return await self._sdk.post(
                _PATHS[self._api],
                cast_to=httpx2.Response,
                body=speak.parameters(request, dialect),
                options={"timeout": timeout},
            )
        except openai.APIStatusError as error:
            return error.response
        except openai.APIConnectionError as error:
            return connection_failed(error.__cause__, key=self._key)

    def _read(self, reply: httpx2.Response, request: ModelRequest, dialect: Dialect) -> Completion | Failure:
        try:
            payload: object = json.loads(reply.content)
        except (ValueError, RecursionError):
            return not_an_answer(reply.content, reply.headers.get("content-type", ""), key=self._key)
        reader = responses.completion if self._api == "responses" else chat.completion
        answer = reader(payload, request, dialect, key=self._key)
        return answer if isinstance(answer, Failure) else replace(answer, without=dialect.without(request))


def connection_failed(cause: BaseException | None, *, key: str) -> Failure:
    """The failure of an attempt without any HTTP answer."""
    kind = type(cause).__name__
    match cause:
        case httpx2.ConnectError():
            return Failure(f"The model server cannot be reached ({excerpt(str(cause), key=key) or kind})")
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return Failure(f"The model server cannot be reached in time ({kind})")
        case _:
            # The request was on its way: it may have been answered and billed.
            return Failure(f"The connection to the model server broke ({kind})", usage=UNREPORTED)
