"""Random walks over the ledger beside a model of it: no row is ever lost, doubled, or run by two owners."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.bells import queue_name
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.domain.events import Delivery
from app.domain.jobs import Queue, RowKey
from app.domain.row import Row, Wanted
from tests.adapters.store.ledger import bells, expire, other
from tests.build import HEAD, REPOSITORY

PER_REPOSITORY, PER_INSTALLATION = 2, 3
KEYS = [
    other(number, repository=repository, installation=installation)
    for installation, repository in ((11, 1), (11, 2), (12, 3))
    for number in range(3)
]
TRIGGERS = ("opened", "push", "ready_for_review")
STEPS = 100


@dataclass
class Told:
    """What the model knows of a row."""

    want: int = 0
    done: int = 0
    owner: str | None = None
    """Who works at it; the lease of the last one may be over."""
    expired: bool = False
    handed_out: int = 0
    """The generation that the owner works at."""
    turn: bool = False
    """The owner got it in its turn, and did not take it for an announcement."""
    unanswered: list[tuple[int, str]] = field(default_factory=list)
    """Generation and trigger, since the last finished one."""
    paused: bool = False
    stop: int = 0

    @property
    def open(self) -> bool:
        return self.want > self.done

    @property
    def runs(self) -> bool:
        return self.owner is not None and not self.expired

    def asked(self, trigger: str) -> None:
        self.want += 1
        self.unanswered.append((self.want, trigger))

    def finished(self, generation: int) -> None:
        self.done, self.owner, self.expired, self.turn = generation, None, False, False
        self.unanswered = [one for one in self.unanswered if one[0] > generation]

    def freed(self) -> None:
        self.owner, self.expired, self.turn = None, False, False


class Walk:
    """One ledger and its model, driven by one seed."""

    def __init__(self, redis: ArqRedis, seed: int) -> None:
        self.redis = redis
        self.random = random.Random(seed)
        options = LedgerOptions(
            lease_ms=600_000, debounce_ms=0, per_repository=PER_REPOSITORY, per_installation=PER_INSTALLATION
        )
        self.ledger = RedisLedger(redis, options)
        self.rows = {key: Told() for key in KEYS}
        self.names = 0
        self.steps: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.accept,) * 4,
            *(self.next,) * 5,
            *(self.finish,) * 3,
            self.take,
            self.beat,
            self.expire,
            self.order,
            self.hold,
            self.late,
            self.due,
        )

    async def step(self) -> None:
        await self.random.choice(self.steps)()

    def name(self) -> str:
        self.names += 1
        return f"name-{self.names}"

    def some(self, *, owned: bool = False) -> RowKey | None:
        chosen = [key for key in KEYS if not owned or self.rows[key].owner is not None]
        return self.random.choice(chosen) if chosen else None

    # What may happen.

    async def accept(self) -> None:
        key, trigger, id_ = self.random.choice(KEYS), self.random.choice(TRIGGERS), self.name()
        wanted = Wanted(REPOSITORY, HEAD, trigger, draft=False)
        assert await self.ledger.accept(Delivery(id_, "pull_request", id_), key, wanted)
        self.rows[key].asked(trigger)

    async def next(self) -> None:
        owner = self.name()
        row = await self.ledger.next(Queue.REVIEW, owner, run=owner)
        if row is None:
            await self.nobody_could()
            return
        told = self.rows[row.key]
        assert told.open
        assert not told.runs
        assert not await self.held(row.key.ref.installation_id)
        # A worker that was taken for dead and beats again is one more; nobody is added to it.
        repositories, installations = self.running()
        assert repositories[self.repository(row.key)] < PER_REPOSITORY
        assert installations[row.key.ref.installation_id] < PER_INSTALLATION
        told.owner, told.expired, told.turn, told.handed_out = owner, False, True, told.want
        self.same(row)
        assert row.triggers == {trigger for _, trigger in told.unanswered}

    async def nobody_could(self) -> None:
        """Whatever waits is held, or its repository or installation has as many running as it may."""
        for key, told in self.rows.items():
            scheduled = await self.redis.zscore(keys.DEADLINES, str(key))
            if told.open and not told.runs and scheduled is None:
                repositories, installations = self.running()
                full = repositories[self.repository(key)] >= PER_REPOSITORY
                assert (
                    full
                    or installations[key.ref.installation_id] >= PER_INSTALLATION
                    or await self.held(key.ref.installation_id)
                ), key

    async def take(self) -> None:
        key, owner = self.random.choice(KEYS), self.name()
        told = self.rows[key]
        row = await self.ledger.take(key, owner)
        assert (row is not None) == (told.open and not told.runs)
        if row is not None:
            told.owner, told.expired, told.turn, told.handed_out = owner, False, False, told.want
            self.same(row)

    async def beat(self) -> None:
        key = self.some(owned=True)
        if key is None:
            return
        told = self.rows[key]
        pulse = await self.ledger.beat(key, told.owner or "")
        assert pulse is not None
        assert (pulse.generation, pulse.paused) == (told.want, told.paused)
        told.expired = False

    async def finish(self) -> None:
        """Every way in which an owner lets go of a row."""
        key = self.some(owned=True)
        if key is None:
            return
        told = self.rows[key]
        owner = told.owner or ""
        match self.random.randrange(4) if told.turn else 3:
            case 0:
                await self.ledger.done(key, owner, told.handed_out)
                told.finished(told.handed_out)
            case 1:
                await self.ledger.bury(key, owner, told.handed_out, error="no")
                told.finished(told.handed_out)
            case 2:
                seconds = self.random.choice((0.0, 3600.0))
                await self.ledger.retry_later(key, owner, seconds=seconds, error="later")
                told.freed()
            case _:
                await self.ledger.hand_back(key, owner, counted=told.turn)
                told.freed()

    async def expire(self) -> None:
        key = self.some(owned=True)
        if key is not None and not self.rows[key].expired:
            self.rows[key].expired = True
            await expire(self.redis, key)

    async def late(self) -> None:
        """Whoever lost a row changes nothing."""
        key = self.random.choice(KEYS)
        assert await self.ledger.beat(key, "somebody else") is None
        await self.ledger.done(key, "somebody else", 99)
        await self.ledger.hand_back(key, "somebody else", counted=True)

    async def order(self) -> None:
        key = self.random.choice(KEYS)
        told = self.rows[key]
        match self.random.choice(("stop", "pause", "resume", "retry")):
            case "stop":
                assert await self.ledger.stop(key) == told.open
                told.stop = told.want if told.open else told.stop
            case "pause":
                assert await self.ledger.pause(key) == (told.want > 0 and not told.paused)
                told.paused = told.want > 0
            case "resume":
                assert await self.ledger.resume(key) == told.paused
                if told.paused:
                    told.asked("resume")
                told.paused = False
            case _:
                may = told.want > 0 and not told.runs and not told.paused
                assert await self.ledger.retry(key) == may
                if may and (not told.open or told.stop >= told.want):
                    told.asked("retry")

    async def hold(self) -> None:
        if self.random.random() < 0.5:
            await self.ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=1))
        else:
            await self.redis.delete(keys.held(11))

    async def due(self) -> None:
        await self.redis.delete(queue_name(Queue.REVIEW))  # every bell is lost
        if Queue.REVIEW not in await self.ledger.due():
            await self.nobody_could()

    # What must hold.

    def same(self, row: Row) -> None:
        told = self.rows[row.key]
        assert (row.generation, row.done, row.paused) == (told.want, told.done, told.paused)

    async def held(self, installation: int) -> bool:
        return bool(await self.redis.exists(keys.held(installation)))

    @staticmethod
    def repository(key: RowKey) -> str:
        return f"{key.ref.installation_id}:{key.ref.repository_id}"

    def running(self) -> tuple[Counter[str], Counter[int]]:
        keys_ = [key for key, told in self.rows.items() if told.runs and told.turn]
        return Counter(map(self.repository, keys_)), Counter(key.ref.installation_id for key in keys_)

    async def holds(self) -> None:
        repositories, _ = self.running()
        now = datetime.now(UTC).timestamp() * 1000
        for repository in {self.repository(key) for key in KEYS}:
            counted = await self.redis.zcount(f"revwright:running:review:{repository}", now, "+inf")
            assert counted == repositories[repository]
        waiting = 0
        for key, told in self.rows.items():
            line = f"revwright:waiting:review:{self.repository(key)}"
            in_line = await self.redis.zscore(line, str(key)) is not None
            deadline = await self.redis.zscore(keys.DEADLINES, str(key))
            if told.runs:
                assert (in_line, deadline is not None) == (False, True), "its lease is its deadline"
            elif told.open:
                assert in_line != (deadline is not None), "it waits, or has its time: one of the two"
                waiting += in_line
                if in_line:
                    turns = await self.redis.zscore("revwright:turns:review", self.repository(key))
                    assert turns is not None, "its repository has a turn"
            else:
                assert not in_line
                assert deadline is None
        if waiting:
            assert await self.redis.exists("revwright:turns:review")
        assert len(await bells(self.redis, Queue.REVIEW)) <= 2_000

    async def drain(self) -> None:
        """Whatever is wanted is handed out in the end, once the time of everything has come."""
        await self.redis.delete(keys.held(11))
        for key, told in self.rows.items():
            if told.owner is not None:
                await self.ledger.hand_back(key, told.owner, counted=False)
                told.freed()
        for name in await self.redis.zrange(keys.DEADLINES, 0, -1):
            await self.redis.zadd(keys.DEADLINES, {name: 1})
        wanted = {key for key, told in self.rows.items() if told.open}
        got: set[RowKey] = set()
        while (row := await self.ledger.next(Queue.REVIEW, "last", run="r")) is not None:
            assert row.key not in got
            got.add(row.key)
            await self.ledger.done(row.key, "last", row.generation)
        assert got == wanted
        assert await self.ledger.due() == frozenset()
        left = [name for name in await self.redis.keys("revwright:*") if b":waiting:" in name or b":running:" in name]
        assert left == []


@pytest.mark.parametrize("seed", range(16))
async def test_a_random_walk(redis: ArqRedis, seed: int) -> None:
    walk = Walk(redis, seed)
    for _ in range(STEPS):
        await walk.step()
        await walk.holds()
    await walk.drain()
