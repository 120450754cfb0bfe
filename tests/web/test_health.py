"""GET /healthz and /readyz: what they say, that they end in time, and that probes cannot load Redis."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from starlette.requests import Request

from app.domain.errors import LedgerUnavailable
from app.web.health import Health
from tests.web.harness import Web

PROBE = Request({"type": "http", "method": "GET", "path": "/readyz", "headers": []})


class Ledger:
    """Is asked whether it can be written; counts how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.trouble: LedgerUnavailable | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.trouble is not None:
            raise self.trouble


async def probe(health: Health) -> tuple[int, dict[str, str]]:
    answer = await health.readyz(PROBE)
    return answer.status_code, json.loads(bytes(answer.body))


async def test_both_over_http(web: Web) -> None:
    web.taken.down = True
    assert (await web.client.get("/healthz")).json() == {"status": "ok"}
    answer = await web.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"


async def test_it_says_why_and_no_address(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    health = Health(ledger, kept_seconds=0)
    assert await probe(health) == (200, {"status": "ready"})
    ledger.trouble = LedgerUnavailable("Redis is full: OutOfMemoryError at 10.0.0.7", reason="Redis is full")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert await probe(health) == (
                503,
                {"status": "not ready", "reason": "the job ledger cannot be written: Redis is full"},
            )
        ledger.trouble = None
        assert await probe(health) == (200, {"status": "ready"})
    told = ["not ready: Redis is full: OutOfMemoryError at 10.0.0.7", "ready again"]
    assert [record.getMessage() for record in caplog.records] == told


async def test_many_probes_are_one_question_and_its_answer_is_kept() -> None:
    ledger = Ledger()
    health = Health(ledger, kept_seconds=3600)
    answers = await asyncio.gather(*(probe(health) for _ in range(50)))
    ledger.trouble = LedgerUnavailable("later")
    assert {status for status, _ in [*answers, await probe(health)]} == {200}
    assert ledger.asked == 1


async def test_a_ledger_that_hangs_is_not_ready_and_is_asked_once() -> None:
    ledger = Ledger()
    ledger.answers.clear()
    health = Health(ledger, wait_seconds=0.02, kept_seconds=0)
    for _ in range(3):
        status, body = await probe(health)
        assert status == 503
        assert body["reason"].endswith("Redis does not answer in time")
    ledger.answers.set()
    while (await probe(health))[0] != 200:
        pass
    assert ledger.asked == 1


async def test_a_prober_that_goes_away_does_not_end_the_question() -> None:
    ledger = Ledger()
    ledger.answers.clear()
    health = Health(ledger, wait_seconds=3600, kept_seconds=3600)
    gone = asyncio.create_task(probe(health))
    stays = asyncio.create_task(probe(health))
    await asyncio.sleep(0)
    gone.cancel()
    ledger.answers.set()
    assert (await stays)[0] == 200
    assert ledger.asked == 1
