"""The two loops begin at once, go on after an error, and end only when they are cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import pytest

from app.domain.errors import GitHubUnavailable, LedgerUnavailable
from app.domain.jobs import Queue
from app.wiring.cancelling import end
from workers.recovery import reconcile_forever, recover_forever
from workers.schedule import ring_forever


class Turns:
    """Stands for both use cases: writes down what is called, and fails as told."""

    def __init__(self, enough: int, **errors: Exception) -> None:
        self.called: list[str] = []
        self.enough = enough
        self.errors = errors
        self.done = asyncio.Event()

    async def _turn(self, name: str) -> None:
        self.called.append(name)
        if len(self.called) >= self.enough:
            self.done.set()
        if name in self.errors:
            raise self.errors[name]

    async def scan(self) -> None:
        await self._turn("scan")

    async def scan_in_turn(self) -> None:
        await self._turn("scan_in_turn")

    async def compare_due(self) -> None:
        await self._turn("compare_due")


async def until_enough(turns: Turns, loop: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(loop)
    async with asyncio.timeout(20):
        await turns.done.wait()
    assert not task.done()
    await end((task,))
    assert task.cancelled()


async def test_the_first_scan_needs_no_turn_and_the_others_do() -> None:
    turns = Turns(4)
    await until_enough(turns, recover_forever(turns, seconds=0.001))  # type: ignore[arg-type]

    assert turns.called[:4] == ["scan", "scan_in_turn", "scan_in_turn", "scan_in_turn"]


async def test_a_scan_that_failed_is_repeated_soon_and_needs_no_turn(caplog: pytest.LogCaptureFixture) -> None:
    """Its mark stands: what it missed waits for nobody's turn, and five minutes would be long."""
    turns = Turns(4, scan=GitHubUnavailable("down"))
    await until_enough(turns, recover_forever(turns, seconds=600, soon_seconds=0.001))  # type: ignore[arg-type]

    assert turns.called[:4] == ["scan"] * 4
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told[0] == "cannot read the log of deliveries now, the next turn tries again: down"


async def test_after_an_outage_of_redis_the_log_is_read_soon() -> None:
    turns, over = Turns(2), asyncio.Event()
    bells = Bells(LedgerUnavailable("Redis: loading"))
    ringing = asyncio.create_task(
        ring_forever(bells, lambda _queue: 0, seconds=0.001, outage_over=over)  # type: ignore[arg-type]
    )
    loop = recover_forever(turns, seconds=600, soon_seconds=0.001, outage_over=over)  # type: ignore[arg-type]
    await until_enough(turns, loop)
    await end((ringing,))

    assert turns.called[:2] == ["scan", "scan"]


class Bells:
    """Rows that are due: once nobody can say."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    async def due(self) -> frozenset[Queue]:
        if self._errors:
            raise self._errors.pop()
        return frozenset()


async def test_comparisons_begin_at_once_and_go_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(3, compare_due=GitHubUnavailable("down"))
    await until_enough(turns, reconcile_forever(turns, seconds=0.001))  # type: ignore[arg-type]

    assert turns.called[:3] == ["compare_due"] * 3
    assert "cannot compare open pull requests now" in caplog.text


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    turns = Turns(1, scan=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await recover_forever(turns, seconds=0.001)  # type: ignore[arg-type]
