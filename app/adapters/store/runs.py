"""The record of runs in Redis: a hash, a timeline and a log for each, forgotten a while after the last write."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from app.adapters.store import keys
from app.adapters.store.run_fields import USD, event_text, record, stamp, start_fields, use_counts, use_field
from app.adapters.store.scripts import translated
from app.domain.pull_request import RepositoryName
from app.domain.report import ModelUse
from app.domain.runs import RunLog, RunRecord, RunStart, RunState, added, ending, kept
from app.ports import Clock

_log = logging.getLogger(__name__)

_MAX_TEXT = 1_000
_MAX_MODEL = 200
_PAGE = 200
_OF_A_RUN = (keys.run, keys.run_timeline, keys.run_log, keys.run_transcript, keys.run_transcript_order)


def _now() -> datetime:
    return datetime.now(UTC)


class RedisRuns:
    """Implements ports.Runs. Each write is one transaction and renews the time for which the whole run is kept.

    Of the timeline and of the log the newest entries are kept, and how many came before them. Two attempts that write
    at the same time do no harm: counters are added to by Redis, the state is that of the last write.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        keep_seconds: int = keys.RUN_SECONDS,
        keep_runs: int = 10_000,
        keep_events: int = 200,
        keep_log_lines: int = 1_000,
        now: Clock = _now,
    ) -> None:
        self._redis = redis
        self._keep_seconds = keep_seconds
        self._keep_runs = keep_runs
        self._keep_events = keep_events
        self._keep_log_lines = keep_log_lines
        self._now = now

    async def begin(self, start: RunStart) -> None:
        now, name = self._now(), keys.run(start.id)
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(name, mapping=start_fields(start))
            pipe.hsetnx(name, "started_at", stamp(now))
            pipe.hincrby(name, "attempts", 1)
            self._set_state(pipe, name, RunState.RUNNING)
            pipe.zadd(keys.RUNS, {start.id: now.timestamp()}, nx=True)
            pipe.zremrangebyscore(keys.RUNS, "-inf", self._oldest(now))
            self._event(pipe, start.id, now, "an attempt begins")
            self._renew(pipe, start.id)
            pipe.zrange(keys.RUNS, 0, -self._keep_runs - 1)
            *_, too_many = await pipe.execute()
        await self._forget([id_.decode("utf-8", "replace") for id_ in too_many])

    async def _forget(self, ids: Sequence[str]) -> None:
        """With all that was written of them: what nobody can find need not wait for its time."""
        if not ids:
            return
        names = [name(id_) for id_ in ids for name in _OF_A_RUN]
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.unlink(*names)
            pipe.zrem(keys.RUNS, *ids)
            await pipe.execute()

    async def note(self, run_id: str, text: str) -> None:
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            self._event(pipe, run_id, self._now(), kept(text, _MAX_TEXT))
            self._renew(pipe, run_id)
            await pipe.execute()

    async def spent(self, run_id: str, uses: tuple[ModelUse, ...]) -> None:
        name = keys.run(run_id)
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            for use in added(replace(use, model=kept(use.model, _MAX_MODEL)) for use in uses):
                for field, count in use_counts(use).items():
                    pipe.hincrby(name, field, count)
                pipe.hincrbyfloat(name, use_field(USD, use.model), use.usd or 0.0)
            self._renew(pipe, run_id)
            await pipe.execute()

    async def end(
        self, run_id: str, state: RunState, *, outcome: str = "", error: str = "", next_at: datetime | None = None
    ) -> None:
        now = self._now()
        outcome, error = kept(outcome, _MAX_TEXT), kept(error, _MAX_TEXT)
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            self._set_state(
                pipe,
                keys.run(run_id),
                state,
                outcome=outcome,
                error=error,
                ended_at=stamp(now if state.over else None),
                next_at=stamp(next_at),
            )
            self._event(pipe, run_id, now, ending(state, outcome, error, next_at))
            self._renew(pipe, run_id)
            await pipe.execute()

    async def log(self, run_id: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        name = keys.run_log(run_id)
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hincrby(keys.run(run_id), "lines", len(lines))
            pipe.rpush(name, *(kept(line, _MAX_TEXT) for line in lines[-self._keep_log_lines :]))
            pipe.ltrim(name, -self._keep_log_lines, -1)
            self._renew(pipe, run_id)
            await pipe.execute()

    async def recent(self, limit: int, *, state: RunState | None = None) -> tuple[RunRecord, ...]:
        found: dict[str, RunRecord] = {}  # by id: a run that begins meanwhile moves the pages
        looked_at = 0
        while len(found) < limit and looked_at < self._keep_runs:
            asked = _PAGE if state else limit - len(found)
            page = await self._ids(looked_at, asked)
            records = await self._read_all(await self._in_state(page, state) if state else page)
            found.update({record.start.id: record for record in records})
            looked_at += len(page)
            if len(page) < asked:  # the end; asking for more would show the last ones again, one for each new run
                break
        return tuple(found.values())[:limit]

    async def read(self, run_id: str) -> RunRecord | None:
        return next(iter(await self._read_all([run_id])), None)

    async def logs(self, run_id: str) -> RunLog:
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(keys.run(run_id), "lines")
            pipe.lrange(keys.run_log(run_id), 0, -1)
            pipe.exists(keys.run_transcript(run_id))
            count, lines, transcript = await pipe.execute()
        missing = max(int(count or 0) - len(lines), 0)
        return RunLog(tuple(line.decode("utf-8", "replace") for line in lines), missing, transcript=bool(transcript))

    async def ids(self, prefix: str) -> tuple[str, ...]:
        return tuple(id_ for id_ in await self._ids(0, self._keep_runs) if id_.startswith(prefix))

    async def newest(self, repository: RepositoryName, number: int) -> str | None:
        sought = (str(repository).casefold(), str(number))
        for offset in range(0, self._keep_runs, _PAGE):
            page = await self._ids(offset, _PAGE)
            for id_, (row, name) in zip(page, await self._fields(page, "row", "repository"), strict=True):
                if (name.casefold(), row.rpartition(":")[2]) == sought:
                    return id_
            if len(page) < _PAGE:
                break
        return None

    def _set_state(self, pipe: Pipeline, name: str, state: RunState, **fields: str) -> None:
        """A state and all that goes with it: what is not given is emptied, so that nothing of the last state stays."""
        empty = {"outcome": "", "error": "", "ended_at": "", "next_at": ""}
        pipe.hset(name, mapping={"state": str(state), **empty, **fields})

    def _event(self, pipe: Pipeline, run_id: str, at: datetime, text: str) -> None:
        timeline = keys.run_timeline(run_id)
        pipe.hincrby(keys.run(run_id), "events", 1)
        pipe.rpush(timeline, event_text(at, text))
        pipe.ltrim(timeline, -self._keep_events, -1)

    def _renew(self, pipe: Pipeline, run_id: str) -> None:
        for name in (keys.run(run_id), keys.run_timeline(run_id), keys.run_log(run_id), keys.RUNS):
            pipe.expire(name, self._keep_seconds)

    def _oldest(self, now: datetime) -> float:
        return now.timestamp() - self._keep_seconds

    async def _ids(self, offset: int, count: int) -> list[str]:
        """Of the runs that cannot have expired, newest first."""
        async with translated():
            answer = await self._redis.zrevrangebyscore(
                keys.RUNS, "+inf", f"({self._oldest(self._now())}", start=offset, num=count
            )
        return [id_.decode("utf-8", "replace") for id_ in answer]

    async def _in_state(self, ids: Sequence[str], state: RunState) -> list[str]:
        states = await self._fields(ids, "state")
        return [id_ for id_, (value,) in zip(ids, states, strict=True) if value == state]

    async def _fields(self, ids: Sequence[str], *names: str) -> list[list[str]]:
        """These fields of each run; a missing one is empty."""
        async with translated(), self._redis.pipeline(transaction=False) as pipe:
            for id_ in ids:
                pipe.hmget(keys.run(id_), list(names))
            answers: list[list[bytes | None]] = await pipe.execute()
        return [[(value or b"").decode("utf-8", "replace") for value in answer] for answer in answers]

    async def _read_all(self, ids: Sequence[str]) -> list[RunRecord]:
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            for id_ in ids:
                pipe.hgetall(keys.run(id_))
                pipe.lrange(keys.run_timeline(id_), 0, -1)
            answers: list[Any] = await pipe.execute()
        records = map(_record, ids, answers[::2], answers[1::2])
        return [one for one in records if one is not None]


def _record(id_: str, fields: dict[bytes, bytes], timeline: list[bytes]) -> RunRecord | None:
    """None where no attempt ever began, and, with a word in the log, for a record of another version's making."""
    if b"row" not in fields:
        return None
    try:
        return record(id_, fields, timeline)
    except ValueError as error:
        _log.warning("the record of run %s cannot be read by this version: %s", id_, error)
        return None
