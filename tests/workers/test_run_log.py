"""The log of a run: only its own lines, without secrets, and never in the way of the run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.runs import RedisRuns
from app.domain.errors import LedgerUnavailable
from app.wiring.redis import open_redis
from tests.build import run_start
from workers.run_log import recording

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
ONE, TWO = run_start(1), run_start(2)

_log = logging.getLogger("tests.run_log")


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@dataclass
class Record:
    """The part of the record of runs that takes log lines; it can be told to fail, or to wait."""

    failures: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0
    lines: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the last of the failures."""

    async def log(self, run_id: str, lines: Sequence[str]) -> None:
        self.calls += 1
        self.came.set()
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            if not self.failures:
                self.failed.set()
            raise LedgerUnavailable("Redis: ConnectionError")
        self.lines += lines

    def told(self) -> list[str]:
        """The lines without times and names."""
        return [line.rpartition("  ")[2] for line in self.lines]


@pytest.fixture
def record() -> Record:
    made = Record()
    made.open.set()
    return made


async def test_two_runs_at_the_same_time_do_not_mix(redis: ArqRedis) -> None:
    runs = RedisRuns(redis)
    both = asyncio.Barrier(2)

    async def child(name: str, number: int) -> None:
        await asyncio.sleep(0)
        _log.info("%s child %d", name, number)
        await asyncio.to_thread(_log.info, "%s thread %d", name, number)

    async def work(name: str, run_id: str) -> None:
        async with recording(runs, run_id, seconds=0.01):
            for number in range(5):
                await both.wait()
                _log.info("%s line %d", name, number)
                await asyncio.gather(child(name, number), asyncio.create_task(child(name, number)))
        _log.info("%s is over", name)

    await asyncio.gather(work("one", ONE.id), work("two", TWO.id))
    _log.info("nobody's")

    for name, run_id in (("one", ONE.id), ("two", TWO.id)):
        told = sorted(line.rpartition("  ")[2] for line in (await runs.logs(run_id)).lines)
        expected = [f"{name} line {n}" for n in range(5)]
        expected += [f"{name} {kind} {n}" for kind in ("child", "thread") for n in range(5)] * 2
        assert told == sorted(expected)


async def test_lines_have_their_time_and_level_and_no_secrets(redis: ArqRedis) -> None:
    runs = RedisRuns(redis)
    async with recording(runs, ONE.id):
        _log.warning("refused: %s", TOKEN)
        try:
            int(TOKEN)
        except ValueError:
            _log.exception("unexpected")

    lines = (await runs.logs(ONE.id)).lines
    assert lines[0].endswith("Z WARNING tests.run_log  refused: [secret: github token]")
    assert lines[1].endswith("Z ERROR   tests.run_log  unexpected")
    assert lines[2] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: '[secret: github token]'"
    assert "a1B2c3D4" not in "".join(lines)


async def test_lines_are_written_while_the_run_goes_on(record: Record) -> None:
    async with recording(record, ONE.id, seconds=0.01):  # type: ignore[arg-type]
        _log.info("first")
        async with asyncio.timeout(10):
            await record.came.wait()
        assert record.told() == ["first"]
        _log.info("second")

    assert record.told() == ["first", "second"]


async def test_a_line_that_comes_during_the_last_but_one_write_is_written_too(record: Record) -> None:
    record.open.clear()
    async with recording(record, ONE.id, seconds=0.01):  # type: ignore[arg-type]
        _log.info("first")
        async with asyncio.timeout(10):
            await record.came.wait()
        _log.info("during the write")
        record.open.set()

    assert record.told() == ["first", "during the write"]


async def test_lines_wait_while_redis_is_away_and_the_body_does_not_notice(
    record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    record.failures = 3
    async with recording(record, ONE.id, seconds=0.01):  # type: ignore[arg-type]
        _log.info("first")
        async with asyncio.timeout(10):
            await record.failed.wait()
        _log.info("second")

    assert record.told() == ["first", "second"]
    assert caplog.text.count("cannot be written: LedgerUnavailable") == 1


async def test_a_server_that_is_not_there_costs_only_the_lines(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = RedisSettings(unix_socket_path="/nonexistent/socket")
    async with open_redis(nowhere) as client, recording(RedisRuns(client), ONE.id):
        _log.info("lost")

    assert "cannot be written: LedgerUnavailable Redis cannot be reached: ConnectionError" in caplog.text


async def test_a_server_that_never_answers_holds_the_end_for_a_bounded_time(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.run_log._ANSWER_SECONDS", 0.05)
    record.open.clear()
    async with asyncio.timeout(10):
        async with recording(record, ONE.id, seconds=0.01):  # type: ignore[arg-type]
            _log.info("lost")

    assert record.lines == []
    assert record.calls >= 1


async def test_the_body_s_error_and_cancellation_come_through_and_its_lines_are_written(record: Record) -> None:
    async def work() -> None:
        async with recording(record, ONE.id, seconds=60):  # type: ignore[arg-type]
            _log.info("begun")
            record.came.set()
            await asyncio.sleep(60)

    async def fail() -> None:
        async with recording(record, ONE.id):  # type: ignore[arg-type]
            _log.info("wrong")
            raise ZeroDivisionError

    task = asyncio.create_task(work())
    await record.came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ZeroDivisionError):
        await fail()

    assert record.told() == ["begun", "wrong"]


async def test_a_line_that_cannot_be_formatted_does_not_reach_the_body(
    record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    async with recording(record, ONE.id):  # type: ignore[arg-type]
        ours = logging.getLogger().handlers[-1]  # alone: pytest's own handler would raise
        ours.handle(logging.makeLogRecord({"msg": "%d apples", "args": ("no number",)}))
        _log.info("goes on")

    assert record.told() == ["goes on"]
    assert "Logging error" in capsys.readouterr().err


async def test_a_flood_of_lines_takes_bounded_memory_and_says_what_is_missing(record: Record) -> None:
    async with recording(record, ONE.id, seconds=60):  # type: ignore[arg-type]
        for number in range(1_500):
            _log.info("line %d", number)

    assert len(record.lines) == 1_001
    assert record.lines[0].startswith("(500 lines are missing here")
    assert (record.told()[1], record.told()[-1]) == ("line 500", "line 1499")


async def test_lines_given_up_after_they_were_written_are_not_missing(record: Record) -> None:
    record.open.clear()
    async with recording(record, ONE.id, seconds=0.01):  # type: ignore[arg-type]
        _log.info("first")
        async with asyncio.timeout(10):
            await record.came.wait()
        for number in range(1_002):
            _log.info("line %d", number)
        record.open.set()

    told = record.told()
    assert told[0] == "first"
    assert record.lines[1].startswith("(2 lines are missing here")
    assert (told[2], told[-1], len(told)) == ("line 2", "line 1001", 1_002)


async def test_nothing_stays_behind() -> None:
    before, record = list(logging.getLogger().handlers), Record()
    record.open.set()
    async with recording(record, ONE.id):  # type: ignore[arg-type]
        assert len(logging.getLogger().handlers) == len(before) + 1
    _log.info("afterwards")

    assert logging.getLogger().handlers == before
    assert record.lines == []
