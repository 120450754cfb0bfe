"""Benchmark `queue`: ten thousand jobs in the ledger, and what a pull request weighs in Redis when it is finished."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from arq.connections import ArqRedis

from app.adapters.store.embedded import open_embedded_server
from app.adapters.store.heads import RedisHeads
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.outbox import RedisOutbox
from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.row import Wanted
from app.wiring.redis import open_redis
from scripts.bench.ledger_use import accept, finish, take
from scripts.bench.results import Section

NAME = "queue"
WAITING, FINISHED = "waiting", "finished"
LAST_TO_FIRST = "accepting, the last 1,000 / the first 1,000"

_OF_ONE_REPOSITORY = 500
_PART = 1_000
_TAKES = 300
_AT_A_TIME = 50
_INSTALLATION = 70_001
_KEPT = 100_000
_FINDINGS, _FINDING_ID = 3, 10
_GITHUB_ID = 3_000_000_000
_MB = 1_000_000
_US = 1e6
_NAME = RepositoryName("a-usual-owner", "a-usual-repository")


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int = 3
    waiting: int = 10_000
    finished: int = 8_000
    """Once, whatever the rounds: memory hardly varies."""


FULL, QUICK = Plan(), Plan(rounds=2, finished=2_000)

Job = tuple[RowKey, Wanted]


async def measure(plan: Plan) -> Section:
    """Everything through the product's own ledger, outbox and heads, on the embedded server as it is started."""
    values: dict[str, dict[str, list[float]]] = {WAITING: defaultdict(list), FINISHED: defaultdict(list)}
    with tempfile.TemporaryDirectory(prefix="rw-bench-") as folder:
        async with open_embedded_server(Path(folder)) as server, open_redis(server.settings) as redis:
            for _ in range(plan.rounds):
                for name, value in (await _wait(redis, plan)).items():
                    values[WAITING][name].append(value)
            for name, value in (await _finish(redis, plan)).items():
                values[FINISHED][name].append(value)
    title = (
        f"The queue: {plan.waiting:,} pull requests waiting, {_OF_ONE_REPOSITORY} of each repository, "
        f"{plan.rounds} rounds; {plan.finished:,} reviewed, once"
    )
    return Section(NAME, title, values)


async def _wait(redis: ArqRedis, plan: Plan) -> dict[str, float]:
    ledger = RedisLedger(redis)
    empty = await _emptied(redis)
    jobs = _jobs(plan.waiting)
    accepts = []
    for row, wanted in jobs:
        began = time.perf_counter()
        await accept(ledger, row, wanted)
        accepts.append(time.perf_counter() - began)
    # Medians, because one pause of a shared machine is longer than a hundred calls.
    first, last = median(accepts[:_PART]), median(accepts[-_PART:])
    weight = await _memory(redis) - empty
    takes = []
    # From all over the queue, each row once.
    for row, _ in jobs[:: len(jobs) // _TAKES]:
        began = time.perf_counter()
        await take(ledger, row, "bench")
        takes.append(time.perf_counter() - began)
    return {
        "us to accept, of the first 1,000": first * _US,
        "us to accept, of the last 1,000": last * _US,
        LAST_TO_FIRST: last / first,
        "us to take a row": median(takes) * _US,
        "bytes for each, with its delivery": weight / len(jobs),
        "MB for 10,000": weight / len(jobs) * 10_000 / _MB,
    }


async def _finish(redis: ArqRedis, plan: Plan) -> dict[str, float]:
    empty = await _emptied(redis)
    jobs = iter(_jobs(plan.finished))
    ledger, outbox, heads = RedisLedger(redis), RedisOutbox(redis), RedisHeads(redis)

    async def reviewing(owner: str) -> None:
        for row, wanted in jobs:
            await accept(ledger, row, wanted)
            head = wanted.head or Sha("")
            await _written(outbox, row.ref, head)
            await heads.note(row.ref, head, "failure")
            await finish(ledger, row, owner)

    async with asyncio.TaskGroup() as group:
        for number in range(_AT_A_TIME):
            group.create_task(reviewing(f"bench-{number}"))
    # Workers would have answered the bells.
    await _forget(redis, "revwright:queue:*", "arq:job:*")
    everything = await _memory(redis) - empty
    await _forget(redis, "revwright:seen:*")
    kept = await _memory(redis) - empty
    return {
        "bytes for each pull request": kept / plan.finished,
        "bytes for each delivery, for 72 hours": (everything - kept) / plan.finished,
        f"MB for {_KEPT:,} with one delivery each": everything / plan.finished * _KEPT / _MB,
    }


async def _written(outbox: RedisOutbox, ref: PullRequestRef, head: Sha) -> None:
    """What a review writes on GitHub: the check run, one review with a few findings, and the summary comment."""
    found = [hashlib.sha256(f"{head}{n}".encode()).hexdigest()[:_FINDING_ID] for n in range(_FINDINGS)]
    for write in (f"check:{head}", f"review:{head}:{'+'.join(found)}", "summary"):
        await outbox.begin(ref, write)
        await outbox.finish(ref, write, _GITHUB_ID)
    for finding in found:
        await outbox.finish(ref, f"finding:{finding}", _GITHUB_ID)


def _jobs(how_many: int) -> list[Job]:
    return [_job(number) for number in range(how_many)]


def _job(number: int) -> Job:
    repository, pull = divmod(number, _OF_ONE_REPOSITORY)
    ref = PullRequestRef(_INSTALLATION, 500_000_000 + repository, 1 + pull)
    head = Sha(hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest())
    return RowKey(JobKind.REVIEW, ref), Wanted(_NAME, head, "opened", draft=False)


async def _emptied(redis: ArqRedis) -> int:
    """Forgets everything; gives what is in use then."""
    # At once: by default the server frees in the background, and we would weigh what is already gone.
    flush: Any = redis.execute_command  # redis-py knows no SYNC, and its type says nothing
    await flush("FLUSHALL", "SYNC")
    return await _memory(redis)


async def _memory(redis: ArqRedis) -> int:
    """Bytes in use, without the buffers of connections and of the append-only file."""
    info = await redis.info("memory")
    return int(info["used_memory"]) - int(info["mem_clients_normal"]) - int(info["mem_aof_buffer"])


async def _forget(redis: ArqRedis, *patterns: str) -> None:
    for pattern in patterns:
        names = [name async for name in redis.scan_iter(pattern, count=1_000)]
        for start in range(0, len(names), _PART):
            await redis.delete(*names[start : start + _PART])
