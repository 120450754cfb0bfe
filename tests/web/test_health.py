"""GET /healthz and /readyz: what they say, that they end in time, and that probes cannot load Redis."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from starlette.requests import Request

from app.domain.errors import LedgerUnavailable
from app.domain.sandbox import Isolation, Mode
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


async def no_workers() -> tuple[Isolation, ...]:
    return ()


async def probe(health: Health) -> tuple[int, dict[str, Any]]:
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
    health = Health(ledger, no_workers, kept_seconds=0)
    assert await probe(health) == (200, {"status": "ready", "sandboxes": []})
    ledger.trouble = LedgerUnavailable("Redis is full: OutOfMemoryError at 10.0.0.7", reason="Redis is full")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert await probe(health) == (
                503,
                {"status": "not ready", "reason": "the job ledger cannot be written: Redis is full"},
            )
        ledger.trouble = None
        assert await probe(health) == (200, {"status": "ready", "sandboxes": []})
    told = ["not ready: Redis is full: OutOfMemoryError at 10.0.0.7", "ready again"]
    assert [record.getMessage() for record in caplog.records] == told


async def test_many_probes_are_one_question_and_its_answer_is_kept() -> None:
    ledger = Ledger()
    health = Health(ledger, no_workers, kept_seconds=3600)
    answers = await asyncio.gather(*(probe(health) for _ in range(50)))
    ledger.trouble = LedgerUnavailable("later")
    assert {status for status, _ in [*answers, await probe(health)]} == {200}
    assert ledger.asked == 1


async def test_a_ledger_that_hangs_is_not_ready_and_is_asked_once() -> None:
    ledger = Ledger()
    ledger.answers.clear()
    health = Health(ledger, no_workers, wait_seconds=0.02, kept_seconds=0)
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
    health = Health(ledger, no_workers, wait_seconds=3600, kept_seconds=3600)
    gone = asyncio.create_task(probe(health))
    stays = asyncio.create_task(probe(health))
    await asyncio.sleep(0)
    gone.cancel()
    ledger.answers.set()
    assert (await stays)[0] == 200
    assert ledger.asked == 1


FULL = Isolation(mode=Mode.FULL, reason="every probe passed", remedy="", cgroup="v1", own_user=True)
REFUSED = Isolation(
    mode=Mode.REFUSED, reason="bubblewrap is not installed", remedy="apt-get", cgroup="none", own_user=False
)


async def test_what_isolates_on_each_worker_is_shown(web: Web) -> None:
    web.taken.isolations = (FULL, REFUSED)
    assert (await web.client.get("/readyz")).json() == {
        "status": "ready",
        "sandboxes": [
            {"mode": "full", "reason": "every probe passed", "remedy": "", "cgroup": "v1", "own_user": True},
            {
                "mode": "refused",
                "reason": "bubblewrap is not installed",
                "remedy": "apt-get",
                "cgroup": "none",
                "own_user": False,
            },
        ],
    }


async def test_metrics_count_workers_by_what_isolates(web: Web) -> None:
    web.taken.isolations = (FULL, FULL, REFUSED)
    answer = await web.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert samples == [
        "revwright_ready 1",
        'revwright_workers{sandbox="full",cgroup="v1",own_user="true"} 2',
        'revwright_workers{sandbox="no-proc",cgroup="none",own_user="false"} 0',
        'revwright_workers{sandbox="refused",cgroup="none",own_user="false"} 1',
    ]
    assert answer.text.endswith("\n")


async def test_metrics_are_there_when_the_ledger_is_not(web: Web) -> None:
    web.taken.down = True
    answer = await web.client.get("/metrics")
    assert (answer.status_code, "revwright_ready 0" in answer.text) == (200, True)


async def test_what_isolates_is_only_information() -> None:
    """A server that takes deliveries is ready, whether or not it tells of sandboxes."""
    hanging = asyncio.Event()

    async def told() -> tuple[Isolation, ...]:
        if not answers:
            raise LedgerUnavailable("NOPERM")
        if answers[0] is None:
            await hanging.wait()
        return (answers[0] or REFUSED,)

    answers: list[Isolation | None] = [FULL]
    health = Health(Ledger(), told, wait_seconds=0.3, kept_seconds=0)
    assert (await probe(health))[1]["sandboxes"][0]["mode"] == "full"
    answers[0] = None
    assert await probe(health) == (200, {"status": "ready", "sandboxes": [shown(FULL)]}), "the last that was told"
    answers.clear()
    assert await probe(health) == (200, {"status": "ready", "sandboxes": [shown(FULL)]})


def shown(isolation: Isolation) -> dict[str, object]:
    return {
        "mode": isolation.mode.value,
        "reason": isolation.reason,
        "remedy": isolation.remedy,
        "cgroup": isolation.cgroup,
        "own_user": isolation.own_user,
    }
