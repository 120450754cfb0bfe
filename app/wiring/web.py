"""What the web process needs: the ledger's intake and the webhook secrets. No GitHub client, no model SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.batches import BatchedScripts
from app.adapters.store.isolations import RedisIsolations
from app.adapters.store.keys import PREFIX
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.adapters.store.receipts import RedisReceipts
from app.adapters.store.scripts import translated
from app.domain.sandbox import Isolation
from app.ports import Intake, Receipts
from app.settings import Settings
from app.wiring.ledger import ledger_options
from app.wiring.redis import open_redis


@dataclass(frozen=True, slots=True)
class WebServices:
    intake: Intake
    ready: Callable[[], Awaitable[None]]
    isolations: Callable[[], Awaitable[tuple[Isolation, ...]]]
    webhook_secrets: tuple[bytes, ...]
    allowed_accounts: frozenset[int]
    app_id: int
    receipts: Receipts


@asynccontextmanager
async def open_web_services(
    settings: Settings, redis: RedisSettings, options: LedgerOptions | None = None
) -> AsyncIterator[WebServices]:
    """`options`: others than the settings say."""
    github = settings.need_github()
    async with open_redis(redis) as pool:
        yield WebServices(
            intake=RedisLedger(pool, options or ledger_options(settings), scripts=BatchedScripts(pool)),
            ready=lambda: _writable(pool),
            isolations=RedisIsolations(pool).told,
            webhook_secrets=github.webhook_secrets,
            allowed_accounts=settings.allowed_accounts,
            app_id=github.app_id,
            receipts=RedisReceipts(pool),
        )


async def _writable(pool: ArqRedis) -> None:
    async with translated():
        await pool.set(f"{PREFIX}:ready", "1", ex=60)
