"""Runs a baseline under plain uvicorn, and checks signatures in the cheapest way Python has."""

from __future__ import annotations

import argparse
import hmac
import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable

SECRET_VARIABLE = "BENCH_SECRET"  # noqa: S105 - a name, not a value
REDIS_SOCKET_VARIABLE = "BENCH_REDIS_SOCKET"

Headers = Iterable[tuple[bytes, bytes]]


def serve(app: object) -> None:
    """Serves on loopback, on the port that the command line names, until SIGTERM."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port: int = arguments.parse_args().port
    # Named TCP, so that asyncio turns Nagle's algorithm off: else each answer on a kept connection waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            http="httptools",  # as the product
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])


def secret() -> bytes:
    return os.environ[SECRET_VARIABLE].encode()


def header(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")


def signed(key: bytes, body: bytes, headers: Headers) -> bool:
    expected = b"sha256=" + hmac.digest(key, body, "sha256").hex().encode()
    return hmac.compare_digest(expected, header(headers, b"x-hub-signature-256"))


async def read(receive: ASGIReceiveCallable) -> bytes:
    pieces = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        pieces += message["body"]
        more = message["more_body"]
    return bytes(pieces)


async def answer(send: ASGISendCallable, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
