"""Baselines: a FastAPI route written the way its tutorial does, with one step more of the work each time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable

from arq.connections import ArqRedis
from fastapi import FastAPI, Request, Response

from scripts.bench.servers.durable import DAY_SECONDS, Durable
from scripts.bench.servers.serving import REDIS_SOCKET_VARIABLE, secret, serve, signed

Step = Callable[[str, bytes], Awaitable[bytes]]
"""Delivery id and body -> the answer's body."""


async def hmac(_delivery: str, _body: bytes) -> bytes:
    return b'{"result":"signed"}'


async def decode(_delivery: str, body: bytes) -> bytes:
    return b'{"result":"decoded"}' if json.loads(body)["pull_request"]["number"] else b"{}"


class Dedupe:
    """Remembers the delivery; an acknowledgement that is not durable, because no job is."""

    def __init__(self) -> None:
        self.redis = ArqRedis(unix_socket_path=os.environ[REDIS_SOCKET_VARIABLE])

    async def take(self, delivery: str, body: bytes) -> bytes:
        number = json.loads(body)["pull_request"]["number"]
        if not await self.redis.set(f"bench:seen:{delivery}", "1", nx=True, ex=3 * DAY_SECONDS):
            return b'{"result":"duplicate"}'
        await self.queue(delivery, number)
        return b'{"result":"queued"}'

    async def queue(self, delivery: str, number: int) -> None:
        """Nothing, here."""


class Enqueue(Dedupe):
    """The usual way: dedupe first, then arq's own enqueue. A crash between the two loses the delivery."""

    async def queue(self, delivery: str, number: int) -> None:
        await self.redis.enqueue_job("review", number, _job_id=delivery)


STEPS: dict[str, Callable[[], Step]] = {
    "hmac": lambda: hmac,
    "json": lambda: decode,
    "dedupe": lambda: Dedupe().take,
    "arq": lambda: Enqueue().take,
    "lua": lambda: Durable().take,
}


def create_app(step: Step) -> FastAPI:
    app = FastAPI()
    key = secret()

    @app.post("/webhooks/github")
    async def webhooks(request: Request) -> Response:
        body = await request.body()
        if not signed(key, body, request.headers.raw):
            return Response(b"{}", 401, media_type="application/json")
        taken = await step(request.headers["x-github-delivery"], body)
        return Response(taken, 202, media_type="application/json")

    return app


if __name__ == "__main__":
    serve(create_app(STEPS[sys.argv.pop(1)]()))
