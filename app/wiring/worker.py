"""What the worker process needs: every adapter, opened once, closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from arq.connections import RedisSettings

from app.adapters.git.process import check_git_version
from app.adapters.github.client import Client
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.adapters.store.keys import PACE_MS
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.adapters.store.pace import RedisPace
from app.adapters.store.runs import RedisRuns
from app.domain.jobs import JobKind
from app.domain.rules import Rule
from app.ports import Bells, KeepingSandboxes, Ledger, Orders, Runs
from app.settings import Settings
from app.usecases.check_runs import CheckRuns
from app.usecases.fence import still_ours
from app.usecases.job import Job
from app.usecases.review.run import ReviewRun
from app.wiring.commanding import command_job
from app.wiring.engine import open_engine
from app.wiring.fixing import fix_job, fixes_store
from app.wiring.foreign import foreign_job
from app.wiring.gating import gate_job
from app.wiring.ledger import keep_runs_seconds, ledger_options
from app.wiring.merge_queue import merge_queue_job
from app.wiring.missed import MissedDeliveries, missed_deliveries
from app.wiring.receipts import key_signer
from app.wiring.redis import open_redis
from app.wiring.reviewing import Clients, review_job, token_mirrors


@dataclass(frozen=True, slots=True)
class WorkerServices:
    ledger: Ledger
    bells: Bells
    orders: Orders
    runs: Runs
    check_runs: CheckRuns
    review: ReviewRun
    jobs: Mapping[JobKind, Job]
    missed: MissedDeliveries


@asynccontextmanager
async def open_worker_services(
    settings: Settings,
    redis: RedisSettings,
    options: LedgerOptions | None = None,
    *,
    sandboxes: KeepingSandboxes | None = None,
    pace_ms: int = PACE_MS,
    rules: tuple[Rule, ...] | None = None,
) -> AsyncIterator[WorkerServices]:
    """`options`: others than the settings say. `sandboxes`: None where nothing may be executed. `pace_ms`: between two
    writes of an installation that notify people. `rules`: None reads those that we ship.
    """
    github = settings.need_github()
    await check_git_version()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_redis(redis))
        transport = await stack.enter_async_context(open_transport(github.api_url, now=_now, may_write=still_ours))
        engine = await stack.enter_async_context(open_engine(settings, rules))
        tokens = InstallationTokens(
            transport, app_id=github.app_id, private_key_pem=github.private_key.expose(), now=_now
        )
        client = Client(transport, tokens)
        writes = NotifyingWrites(client, RedisPace(pool, apart_ms=pace_ms), now=_now)
        ledger = RedisLedger(pool, options or ledger_options(settings))
        await key_signer(settings).ready()
        clients = Clients(client, writes, tokens, pool, sandboxes, _now)
        review = review_job(settings, clients, engine)
        gate = gate_job(clients, review, fixes_store(settings, clients), app_id=github.app_id)
        queue = merge_queue_job(clients, review, gate, token_mirrors(settings, clients))
        missed = missed_deliveries(
            client,
            pool,
            ledger,
            allowed_accounts=settings.allowed_accounts,
            app_id=github.app_id,
            now=_now,
            rows_kept=timedelta(days=settings.jobs.keep_rows_days),
        )
        yield WorkerServices(
            ledger=ledger,
            bells=ledger,
            orders=ledger,
            runs=RedisRuns(pool, keep_seconds=keep_runs_seconds(settings)),
            check_runs=review.check_runs,
            review=review,
            jobs={
                JobKind.REVIEW: review,
                JobKind.GATE: gate,
                JobKind.COMMAND: command_job(settings, clients, ledger, review),
                JobKind.FIX: fix_job(settings, clients, review),
                JobKind.QUEUE: queue,
                JobKind.FOREIGN: foreign_job(clients, ledger, review, gate),
            },
            missed=missed,
        )


def _now() -> datetime:
    return datetime.now(UTC)
