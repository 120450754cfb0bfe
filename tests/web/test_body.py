"""What a body may cost: nothing without a signature that could be right, and no more than the budget together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from app.web import body as body_module
from app.web.body import BodyBudget
from app.web.webhooks import WebhookEndpoint
from tests.web.harness import OUR_APP, SECRET, Taken, Web, payload

FORGED = "sha256=" + "0" * 64


def endpoint_of(web: Web) -> WebhookEndpoint:
    endpoint: WebhookEndpoint = web.app.state.webhooks
    return endpoint


def limit(web: Web, size: int) -> BodyBudget:
    """Gives the web process a budget of `size` bytes."""
    budget = BodyBudget(size)
    web.app.state.webhooks = WebhookEndpoint(web.taken, (SECRET,), frozenset(), OUR_APP, budget)
    return budget


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [FORGED, FORGED],
        ["sha256="],
        ["sha256=" + "0" * 63],
        ["sha256=" + "0" * 65],
        ["sha256=" + "A" * 64],
        ["SHA256=" + "0" * 64],
        ["sha1=" + "0" * 64],
        ["sha256=" + "g" * 64],
        [FORGED + "\n"],
    ],
)
async def test_a_body_whose_signature_can_not_be_right_is_not_read(web: Web, headers: list[str]) -> None:
    read: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            read.append(number)
            yield b"x"

    sent = [("x-hub-signature-256", value) for value in headers]
    answer = await web.client.post("/webhooks/github", content=pieces(), headers=sent)

    assert (answer.status_code, answer.json()) == (401, {"error": "the signature does not match"})
    assert answer.headers["connection"] == "close"
    assert read == []


async def test_bodies_in_flight_share_one_budget_and_give_it_back(web: Web) -> None:
    budget = limit(web, 10_000)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield b" " * 9_900
        arrived.set()
        await go_on.wait()
        yield b" "

    headers = {"x-hub-signature-256": FORGED}
    first = asyncio.create_task(web.client.post("/webhooks/github", content=held(), headers=headers))
    await arrived.wait()
    refused = await web.post(payload())
    during = budget.held
    go_on.set()

    assert (refused.status_code, refused.json()) == (
        503,
        {"error": "too many bodies are being received; redeliver later"},
    )
    assert refused.headers["connection"] == "close"
    assert during == 9_900
    assert (await first).status_code == 401
    assert budget.held == 0
    assert (await web.post(payload())).json()["result"] == "queued"


async def test_a_body_as_large_as_the_budget_fits(web: Web) -> None:
    raw = json.dumps(payload()).encode()
    budget = limit(web, len(raw))

    assert (await web.post(raw)).status_code == 202
    assert (await web.post(raw + b" ")).status_code == 503
    assert budget.held == 0


async def test_the_budget_is_given_back_however_a_request_ends(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = limit(web, 10_000)
    arrived = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b" " * 5_000
        arrived.set()
        await asyncio.Event().wait()

    headers = {"x-hub-signature-256": FORGED}
    cancelled = asyncio.create_task(web.client.post("/webhooks/github", content=stuck(), headers=headers))
    await arrived.wait()
    held = budget.held
    cancelled.cancel()
    await asyncio.wait([cancelled])
    after_cancel = budget.held
    monkeypatch.setattr(body_module, "READ_SECONDS", 0.02)
    slow = await web.client.post("/webhooks/github", content=stuck(), headers=headers)
    malformed = await web.post(b"{")

    assert (held, after_cancel) == (5_000, 0)
    assert (slow.status_code, malformed.status_code) == (408, 400)
    assert budget.held == 0


async def test_a_body_counts_until_it_is_answered(web: Web) -> None:
    raw = json.dumps(payload()).encode()
    budget = limit(web, 10_000)
    seen: list[int] = []

    class Watching(Taken):
        async def accept(self, *args: object, **more: object) -> bool:
            seen.append(budget.held)
            return True

    web.app.state.webhooks = WebhookEndpoint(Watching([], set()), (SECRET,), frozenset(), OUR_APP, budget)
    await web.post(raw)

    assert (seen, budget.held) == ([len(raw)], 0)


async def test_every_application_has_a_budget_of_its_own(web: Web) -> None:
    other = WebhookEndpoint(web.taken, (SECRET,), frozenset(), OUR_APP)

    assert other.bodies is not endpoint_of(web).bodies
