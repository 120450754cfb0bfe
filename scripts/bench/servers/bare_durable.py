"""Baseline: signature, JSON and one Lua script, without a framework. The limit for a durable acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.bench.servers.durable import Durable
from scripts.bench.servers.serving import answer, header, read, secret, serve, signed

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope


class App:
    def __init__(self) -> None:
        self._secret = secret()
        self._durable = Durable()

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        body = await read(receive)
        if not signed(self._secret, body, scope["headers"]):
            await answer(send, 401, b"{}")
            return
        delivery = header(scope["headers"], b"x-github-delivery").decode()
        await answer(send, 202, await self._durable.take(delivery, body))


if __name__ == "__main__":
    serve(App())
