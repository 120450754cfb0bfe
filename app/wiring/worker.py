"""What the worker process needs: every adapter, opened once, closed at the end."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from arq.connections import RedisSettings

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.process import check_git_version
from app.adapters.github.checks import CheckWriter
from app.adapters.github.client import Client
from app.adapters.github.conversation import ConversationWriter
from app.adapters.github.graphql import GraphQL
from app.adapters.github.notifying import NotifyingWrites
from app.adapters.github.permissions import PermissionReader
from app.adapters.github.pull_requests import PullRequestReader
from app.adapters.github.threads import ThreadWriter
from app.adapters.github.tokens import InstallationTokens
from app.adapters.github.transport import open_transport
from app.adapters.rules.policy_file import parse_policy
from app.adapters.store.answers import RedisAnswers
from app.adapters.store.heads import RedisHeads
from app.adapters.store.keys import PACE_MS
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.adapters.store.outbox import RedisOutbox
from app.adapters.store.pace import RedisPace
from app.adapters.store.past_reviews import RedisPastReviews
from app.adapters.store.purse import RedisPurse
from app.adapters.store.runs import RedisRuns
from app.domain.jobs import JobKind
from app.ports import Bells, Ledger, Orders, Runs, Sandboxes
from app.settings import Settings
from app.usecases.fence import still_ours
from app.usecases.job import Job
from app.usecases.review.around import Surroundings
from app.usecases.review.check_run import CheckRuns
from app.usecases.review.publish import Publisher
from app.usecases.review.run import ReviewRun
from app.wiring.engine import open_engine
from app.wiring.ledger import keep_runs_seconds, ledger_options
from app.wiring.mirrors import TokenMirrors
from app.wiring.missed import MissedDeliveries, missed_deliveries
from app.wiring.redis import open_redis


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
    sandboxes: Sandboxes | None = None,
    pace_ms: int = PACE_MS,
) -> AsyncIterator[WorkerServices]:
    """`options`: others than the settings say. `sandboxes`: None where nothing may be executed. `pace_ms`: between two
    writes of an installation that notify people.
    """
    github = settings.need_github()
    await check_git_version()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_redis(redis))
        transport = await stack.enter_async_context(open_transport(github.api_url, now=_now, may_write=still_ours))
        engine = await stack.enter_async_context(open_engine(settings))
        tokens = InstallationTokens(
            transport, app_id=github.app_id, private_key_pem=github.private_key.expose(), now=_now
        )
        client = Client(transport, tokens)
        writes = NotifyingWrites(client, RedisPace(pool, apart_ms=pace_ms), now=_now)
        checks = CheckWriter(client, app_id=github.app_id, now=_now)
        check_runs = CheckRuns(checks, RedisOutbox(pool), RedisHeads(pool))
        ledger = RedisLedger(pool, options or ledger_options(settings))
        threads = ThreadWriter(GraphQL(client, now=_now), writes)
        marker_key = _own_key(github.private_key.expose(), "marker")
        publisher = Publisher(
            conversation=ConversationWriter(client, writes, app_id=github.app_id),
            threads=threads,
            pull_requests=PullRequestReader(client),
            check_runs=check_runs,
            outbox=check_runs.outbox,
            heads=check_runs.heads,
            rules={rule.id: rule for rule in engine.rules},
            marker_key=marker_key,
        )
        review = ReviewRun(
            pull_requests=publisher.pull_requests,
            mirrors=TokenMirrors(GitMirrors(settings.data_dir, github.url), tokens),
            check_runs=check_runs,
            engine=engine,
            publisher=publisher,
            surroundings=Surroundings(
                past=RedisPastReviews(pool, key=_own_key(github.private_key.expose(), "past reviews")),
                threads=threads,
                permissions=PermissionReader(client),
                marker_key=marker_key,
            ),
            answers=RedisAnswers(pool, key=_own_key(github.private_key.expose(), "answers")),
            purse=RedisPurse(pool),
            deployment_caps=settings.caps,
            sandboxes=sandboxes,
            parse_policy=parse_policy,
            github_url=github.url,
        )
        missed = missed_deliveries(
            client,
            pool,
            ledger,
            allowed_accounts=settings.allowed_accounts,
            now=_now,
            rows_kept=timedelta(days=settings.jobs.keep_rows_days),
        )
        yield WorkerServices(
            ledger=ledger,
            bells=ledger,
            orders=ledger,
            runs=RedisRuns(pool, keep_seconds=keep_runs_seconds(settings)),
            check_runs=check_runs,
            review=review,
            jobs={JobKind.REVIEW: review},
            missed=missed,
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _own_key(private_key_pem: str, purpose: str) -> bytes:
    """A key for one purpose that only this App can have; the private key itself is not used for it."""
    return hashlib.sha256(f"revwright {purpose}\x00{private_key_pem}".encode()).digest()
