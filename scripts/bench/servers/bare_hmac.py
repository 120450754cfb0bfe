"""Baseline: the signature is checked and nothing else happens. No web server in Python can do less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.bench.servers.serving import answer, read, secret, serve, signed

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope


class App:
    def __init__(self) -> None:
        self._secret = secret()

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        body = await read(receive)
        good = signed(self._secret, body, scope["headers"])
        await answer(send, 202 if good else 401, b'{"result":"signed"}' if good else b"{}")


if __name__ == "__main__":
    serve(App())
