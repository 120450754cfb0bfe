"""How far a review is, is told now and then, and never at the price of the review."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from arq.connections import ArqRedis

from app.adapters.store.heads import RedisHeads
from app.adapters.store.outbox import RedisOutbox
from app.domain.errors import GitHubUnavailable
from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.model import Usage
from app.domain.money import Caps
from app.domain.prices import Price
from app.domain.progress import Progress
from app.domain.pull_request import Sha
from app.ports import Place
from app.usecases.check_runs import CheckRuns
from app.usecases.metered import MeteredModel
from app.usecases.review.telling import APART_SECONDS, Telling
from tests.build import HEAD, REF, REPOSITORY
from tests.fakes.scripted_model import ScriptedModel, says
from tests.usecases.scripted_model import Clock, request

HALF = Progress(1, 2, 3, 6)


@dataclass
class Board:
    """Implements ports.Checks: shows the titles it was given; may be broken, or slow."""

    titles: list[str] = field(default_factory=list)
    broken: bool = False
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, place: Place, *, head: Sha, name: str, external_id: str) -> int | None:
        return None

    async def create(self, place: Place, *, head: Sha, name: str, external_id: str, output: CheckOutput | None) -> int:
        return 1

    async def start(self, place: Place, check_run: int, output: CheckOutput) -> None:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.broken:
            raise GitHubUnavailable("503")
        self.titles.append(output.title)

    async def conclude(self, place: Place, check_run: int, conclusion: Conclusion, output: CheckOutput) -> None:
        raise AssertionError("a review that is told of is not over")


def telling(redis: ArqRedis, board: Board, clock: Clock, prices: dict[str, Price] | None = None) -> Telling:
    meter = MeteredModel(
        ScriptedModel([says("{}", usage=Usage(1_000_000, 0, 0))]), None, None, Caps(pull_request=100.0), prices or {}
    )
    check_runs = CheckRuns(board, RedisOutbox(redis), RedisHeads(redis))
    return Telling(check_runs, Place(REF, REPOSITORY), HEAD, meter, clock)


async def test_a_short_review_tells_nothing(redis: ArqRedis) -> None:
    board, clock = Board(), Clock()
    one = telling(redis, board, clock)
    clock.now += APART_SECONDS - 1
    await one.hear(HALF)

    assert board.titles == []


async def test_lines_are_some_time_apart(redis: ArqRedis) -> None:
    board, clock = Board(), Clock()
    one = telling(redis, board, clock)
    for _ in range(6):
        clock.now += APART_SECONDS / 2
        await one.hear(HALF)

    assert board.titles == ["Reviewing: 1 of 2 passes done, 3 of 6 files"] * 3


async def test_money_is_told_where_prices_are_known(redis: ArqRedis) -> None:
    board, clock = Board(), Clock()
    one = telling(redis, board, clock, {"main": Price(2.0, 0.5, 8.0)})
    await one.meter.complete(request())
    clock.now += APART_SECONDS
    await one.hear(HALF)

    (title,) = board.titles
    assert title.startswith("Reviewing: 1 of 2 passes done, 3 of 6 files, $2.00 spent")


async def test_what_github_does_not_take_is_no_error(redis: ArqRedis, caplog: pytest.LogCaptureFixture) -> None:
    board, clock = Board(broken=True), Clock()
    one = telling(redis, board, clock)
    clock.now += APART_SECONDS
    with caplog.at_level("INFO"):
        await one.hear(HALF)

    assert "the progress was not told: 503" in caplog.text
    board.broken = False
    await one.hear(HALF)
    assert board.titles == [], "not at once again"


async def test_nobody_waits_for_a_line_that_is_on_its_way(redis: ArqRedis) -> None:
    board, clock = Board(gate=asyncio.Event()), Clock()
    one = telling(redis, board, clock)
    clock.now += APART_SECONDS
    first = asyncio.create_task(one.hear(HALF))
    async with asyncio.timeout(10):
        await board.asked.wait()
        await one.hear(HALF)
    assert board.gate is not None
    board.gate.set()
    await first

    assert len(board.titles) == 1
