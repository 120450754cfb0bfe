"""Baseline: the same durable acknowledgement as a FastAPI route, written the way its tutorial does."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from scripts.bench.servers.durable import Durable
from scripts.bench.servers.serving import secret, serve, signed


def create_app() -> FastAPI:
    app = FastAPI()
    key = secret()
    durable = Durable()

    @app.post("/webhooks/github")
    async def webhooks(request: Request) -> Response:
        body = await request.body()
        if not signed(key, body, request.headers.raw):
            return Response(b"{}", 401, media_type="application/json")
        taken = await durable.take(request.headers["x-github-delivery"], body)
        return Response(taken, 202, media_type="application/json")

    return app


if __name__ == "__main__":
    serve(create_app())
