"""The record of runs on a real server: nothing is lost between attempts, nothing stays for ever, no secret gets in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.runs import RedisRuns
from app.domain.errors import LedgerUnavailable
from app.domain.jobs import RowKey
from app.domain.model import Usage
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.domain.report import ModelUse
from app.domain.runs import RunEvent, RunLog, RunRecord, RunStart, RunState
from app.wiring.redis import open_redis
from tests.build import KEY, model_use, run_start

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
START = run_start()
ID = START.id


@dataclass
class Clock:
    """A clock that goes on when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 21, 12, 56, 4, tzinfo=UTC))


@pytest.fixture
def runs(redis: ArqRedis, clock: Clock) -> RedisRuns:
    return RedisRuns(redis, keep_seconds=1_000, keep_runs=5, keep_events=4, keep_log_lines=3, now=clock)


async def read(runs: RedisRuns, run_id: str = ID) -> RunRecord:
    record = await runs.read(run_id)
    assert record is not None
    return record


async def ids(runs: RedisRuns, limit: int = 100, state: RunState | None = None) -> list[int]:
    return [int(record.start.id, 16) for record in await runs.recent(limit, state=state)]


async def test_a_run_too_many_leaves_nothing_behind(runs: RedisRuns, redis: ArqRedis, clock: Clock) -> None:
    """Otherwise thousands of runs in a short time would fill the memory until they are forgotten."""
    for number in range(8):
        clock.advance(1)
        await runs.begin(replace(START, id=f"{number:016x}"))
        await runs.log(f"{number:016x}", ["a line"])

    assert sorted(await ids(runs)) == [3, 4, 5, 6, 7]
    assert len(await redis.keys(keys.run("*"))) == 5 * 3


async def test_a_run_from_its_first_attempt_to_its_end(runs: RedisRuns, clock: Clock) -> None:
    begun = clock.now
    again = begun + timedelta(seconds=30)
    await runs.begin(START)
    first = await read(runs)
    assert first == RunRecord(
        START, RunState.RUNNING, 1, begun, None, None, "", "", (), (RunEvent(begun, "an attempt begins"),), 0
    )

    clock.advance(5)
    await runs.end(ID, RunState.WAITING, error="GitHub is down", next_at=again)
    waiting = await read(runs)
    assert (waiting.state, waiting.error, waiting.next_at, waiting.ended_at) == (
        "waiting",
        "GitHub is down",
        again,
        None,
    )

    clock.advance(25)
    await runs.begin(START)
    second = await read(runs)
    assert (second.state, second.attempts, second.started_at) == (RunState.RUNNING, 2, begun)
    assert (second.error, second.next_at) == ("", None)

    clock.advance(35)
    await runs.end(ID, RunState.DONE, outcome="success")
    done = await read(runs)
    assert (done.state, done.outcome, done.ended_at) == (RunState.DONE, "success", clock.now)
    assert [event.text for event in done.timeline] == [
        "an attempt begins",
        "waiting: GitHub is down; next attempt at 2026-11-21 12:56:34 UTC",
        "an attempt begins",
        "done: success",
    ]


async def test_what_all_attempts_spent_is_added_up_by_model(runs: RedisRuns) -> None:
    await runs.begin(START)
    await runs.spent(ID, (model_use("b:1", usd=0.125), model_use("a", usd=0.0), model_use("b:1", usd=0.25)))
    await runs.spent(ID, ())
    await asyncio.gather(*(runs.spent(ID, (model_use("a", usd=0.25),)) for _ in range(8)))
    assert await read(runs) == replace(
        await read(runs),
        models=(
            ModelUse("a", 9, Usage(9_000, 1_800, 270), 2.0),
            ModelUse("b:1", 2, Usage(2_000, 400, 60), 0.375),
        ),
    )

    await runs.spent(ID, (model_use("a", known=False, usd=None),))
    unknown = (await read(runs)).models[0]
    assert (unknown.usage.known, unknown.usd, unknown.calls) == (False, None, 10)


async def test_two_attempts_at_the_same_time_are_both_counted_in_one_record(redis: ArqRedis) -> None:
    runs = RedisRuns(redis)

    async def attempt(number: int) -> None:
        await runs.begin(START)
        for step in range(10):
            await runs.note(ID, f"{number}.{step}")
        await runs.log(ID, [f"line of {number}"])

    await asyncio.gather(attempt(1), attempt(2))

    record = await read(runs)
    assert (record.attempts, record.state, len(record.timeline), record.timeline_missing) == (2, "running", 22, 0)
    for number in (1, 2):
        own = [event.text for event in record.timeline if event.text.startswith(f"{number}.")]
        assert own == [f"{number}.{step}" for step in range(10)]
    assert sorted((await runs.logs(ID)).lines) == ["line of 1", "line of 2"]
    assert await ids(runs) == [1]


async def test_the_newest_events_and_lines_are_kept_and_the_others_counted(runs: RedisRuns) -> None:
    await runs.begin(START)
    for number in range(6):
        await runs.note(ID, f"event {number}")
    await runs.log(ID, ["one", "two"])
    await runs.log(ID, [])
    await runs.log(ID, ["three", "four", "five", "six"])

    record = await read(runs)
    assert [event.text for event in record.timeline] == [f"event {number}" for number in (2, 3, 4, 5)]
    assert record.timeline_missing == 3
    assert await runs.logs(ID) == RunLog(("four", "five", "six"), 3)


async def test_texts_are_kept_without_secrets_and_cut(runs: RedisRuns, redis: Any) -> None:
    await runs.begin(START)
    await runs.note(ID, f"pushed with {TOKEN}")
    await runs.log(ID, [f"a {TOKEN}", "long " * 1_000, "odd \udc80 \x1b[2J"])
    await runs.spent(ID, (model_use("odd \ud800"),))
    await runs.end(ID, RunState.WAITING, outcome=f"o {TOKEN}", error=f"{TOKEN} e" + "e" * 5_000)

    stored = [await redis.hgetall(keys.run(ID)), await redis.lrange(keys.run_timeline(ID), 0, -1)]
    stored += [await redis.lrange(keys.run_log(ID), 0, -1)]
    assert "a1B2c3D4" not in repr(stored)
    record, log = await read(runs), await runs.logs(ID)
    assert record.timeline[1].text == "pushed with [secret: github token]"
    assert (record.outcome, len(record.error)) == ("o [secret: github token]", 1_000)
    assert log.lines[0] == "a [secret: github token]"
    assert (len(log.lines[1]), log.lines[2]) == (1_000, "odd <U+DC80> <U+001B>[2J")
    assert record.models[0].model == "odd <U+D800>"


async def test_every_write_renews_the_time_for_which_all_of_a_run_is_kept(runs: RedisRuns, redis: Any) -> None:
    await runs.begin(START)
    await runs.log(ID, ["a line"])
    names = (keys.run(ID), keys.run_timeline(ID), keys.run_log(ID), keys.RUNS)
    writes: tuple[Callable[[], Coroutine[None, None, None]], ...] = (
        lambda: runs.begin(START),
        lambda: runs.note(ID, "x"),
        lambda: runs.spent(ID, (model_use(),)),
        lambda: runs.log(ID, ["x"]),
        lambda: runs.end(ID, RunState.DONE),
    )
    for write in writes:
        for name in names:
            assert await redis.expire(name, 10)
        await write()
        assert all(990 < left <= 1_000 for left in [await redis.ttl(name) for name in names])
    assert len(await redis.keys("*")) == len(names)


async def test_what_is_written_for_a_run_that_nobody_knows_comes_to_nothing(runs: RedisRuns, redis: Any) -> None:
    await runs.note(ID, "x")
    await runs.spent(ID, (model_use(),))
    await runs.end(ID, RunState.DONE, outcome="success")

    assert await runs.read(ID) is None
    assert await ids(runs) == []
    assert all(0 < left <= 1_000 for left in [await redis.ttl(name) for name in await redis.keys("*")])


async def test_the_list_is_newest_first_and_holds_only_so_many(runs: RedisRuns, clock: Clock) -> None:
    for number in range(1, 8):
        await runs.begin(run_start(number))
        clock.advance(1)
    await runs.begin(run_start(3))

    assert await ids(runs) == [7, 6, 5, 4, 3]
    assert await ids(runs, limit=2) == [7, 6]
    assert await ids(runs, limit=0) == []
    assert await runs.read(run_start(1).id) is None


async def test_runs_that_began_too_long_ago_leave_the_list(runs: RedisRuns, redis: ArqRedis, clock: Clock) -> None:
    await runs.begin(run_start(1))
    clock.advance(600)
    await runs.begin(run_start(2))
    clock.advance(600)
    assert await ids(runs) == [2]
    assert await redis.zcard(keys.RUNS) == 2

    await runs.begin(run_start(3))
    assert await ids(runs) == [3, 2]
    assert await redis.zcard(keys.RUNS) == 2


async def test_runs_in_one_state(redis: ArqRedis, clock: Clock) -> None:
    runs = RedisRuns(redis, now=clock)
    for number in range(1, 452):  # more than two pages
        await runs.begin(run_start(number))
        clock.advance(1)
    for number in (3, 100, 449):
        await runs.end(run_start(number).id, RunState.FAILED, error="x")

    assert await ids(runs, state=RunState.FAILED) == [449, 100, 3]
    assert await ids(runs, limit=2, state=RunState.FAILED) == [449, 100]
    assert await ids(runs, state=RunState.PAUSED) == []
    assert len(await ids(runs, limit=1_000)) == 451


async def test_runs_that_begin_while_the_list_is_read_do_not_put_others_in_it_twice(
    redis: ArqRedis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = RedisRuns(redis, now=clock)
    for number in range(1, 302):
        await runs.begin(run_start(number))
        await runs.end(run_start(number).id, RunState.DONE)
        clock.advance(1)
    read_page = runs._ids

    async def busy(offset: int, count: int) -> list[str]:
        page = await read_page(offset, count)
        await runs.begin(run_start(1_000 + offset))
        return page

    monkeypatch.setattr(runs, "_ids", busy)
    assert await ids(runs, limit=1_000, state=RunState.DONE) == list(range(301, 0, -1))


BROKEN = {
    "schema": ("schema", "2"),
    "kind": ("row", "escalate:1:2:3"),
    "state": ("state", "dreaming"),
    "attempts": ("attempts", "many"),
    "time": ("started_at", "2026-11-21T12:56:04"),
    "head": ("head", "main"),
    "repository": ("repository", "acme"),
    "model": ("use:calls:gpt", "1"),
    "bytes": ("outcome", b"\xff"),
}


@pytest.mark.parametrize("field", BROKEN)
async def test_a_record_that_another_version_wrote_is_left_out_and_told(
    field: str, runs: RedisRuns, redis: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2, 3):
        await runs.begin(run_start(number))
        clock.advance(1)
    name, value = BROKEN[field]
    await redis.hset(keys.run(run_start(2).id), name, value)

    assert await ids(runs, limit=2) == [3, 1]
    assert await runs.read(run_start(2).id) is None
    assert "run 0000000000000002 cannot be read by this version" in caplog.text


@pytest.mark.parametrize("entry", ["not json", "{}", json.dumps(["2026", 3]), json.dumps(["yesterday", "x"])])
async def test_a_timeline_that_another_version_wrote_is_told_too(
    entry: str, runs: RedisRuns, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await runs.begin(START)
    await redis.rpush(keys.run_timeline(ID), entry)

    assert await runs.read(ID) is None
    assert "cannot be read by this version" in caplog.text


async def test_fields_that_this_version_does_not_know_do_no_harm(runs: RedisRuns, redis: Any) -> None:
    await runs.begin(START)
    await redis.hset(keys.run(ID), "colour", "blue")

    assert (await read(runs)).start == START


async def test_a_run_is_found_by_the_beginning_of_its_id(runs: RedisRuns, clock: Clock) -> None:
    for id_ in ("abcd000000000001", "abcd000000000002", "abce000000000003"):
        await runs.begin(replace(START, id=id_))
        clock.advance(1)

    assert await runs.ids("abcd") == ("abcd000000000002", "abcd000000000001")
    assert await runs.ids("abce") == ("abce000000000003",)
    assert await runs.ids("ffff") == ()


async def test_the_newest_run_of_a_pull_request_is_found_by_name_in_any_case(redis: ArqRedis, clock: Clock) -> None:
    runs = RedisRuns(redis, now=clock)

    def start(number: int, pull: int, repository: str) -> RunStart:
        key = RowKey(KEY.kind, PullRequestRef(11, 22, pull))
        return run_start(number, key=key, repository=RepositoryName.parse(repository))

    await runs.begin(start(1, 7, "acme/web"))
    clock.advance(1)
    for number in range(2, 300):  # more than a page
        await runs.begin(start(number, 77, "acme/web"))
        clock.advance(1)
    await runs.begin(start(300, 7, "acme/other"))

    assert await runs.newest(RepositoryName("Acme", "WEB"), 7) == run_start(1).id
    assert await runs.newest(RepositoryName("acme", "web"), 77) == run_start(299).id
    assert await runs.newest(RepositoryName("acme", "web"), 8) is None


async def test_an_absent_server_is_ledger_unavailable() -> None:
    async with open_redis(RedisSettings(unix_socket_path="/nonexistent/socket")) as client:
        runs = RedisRuns(client)
        for call in (
            runs.begin(START),
            runs.note(ID, "x"),
            runs.spent(ID, (model_use(),)),
            runs.end(ID, RunState.DONE),
            runs.log(ID, ["x"]),
            runs.recent(1),
            runs.read(ID),
            runs.logs(ID),
            runs.ids("abcd"),
            runs.newest(START.repository, 1),
        ):
            with pytest.raises(LedgerUnavailable):
                await call
