"""The two loops begin at once, go on after an error, and end only when they are cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import pytest

from app.domain.errors import GitHubUnavailable, LedgerUnavailable
from workers.cancelling import end
from workers.recovery import reconcile_forever, recover_forever


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


async def test_the_first_scan_needs_no_turn_and_errors_do_not_end_the_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns = Turns(4, scan=GitHubUnavailable("down"), scan_in_turn=LedgerUnavailable("Redis: loading"))
    await until_enough(turns, recover_forever(turns, seconds=0.001))  # type: ignore[arg-type]

    assert turns.called[:4] == ["scan", "scan_in_turn", "scan_in_turn", "scan_in_turn"]
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told[0] == "cannot read the log of deliveries now, the next turn tries again: down"
    assert told[1].endswith("Redis: loading")


async def test_comparisons_begin_at_once_and_go_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(3, compare_due=GitHubUnavailable("down"))
    await until_enough(turns, reconcile_forever(turns, seconds=0.001))  # type: ignore[arg-type]

    assert turns.called[:3] == ["compare_due"] * 3
    assert "cannot compare open pull requests now" in caplog.text


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    turns = Turns(1, scan=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await recover_forever(turns, seconds=0.001)  # type: ignore[arg-type]
