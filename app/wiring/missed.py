"""What finds missed deliveries, made from a worker's own client, connection and ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from arq.connections import ArqRedis

from app.adapters.github.client import Client
from app.adapters.github.hook_deliveries import HookDeliveryLog
from app.adapters.github.open_pull_requests import OpenPullRequestLister
from app.adapters.github.webhook import parse
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.marks import RedisMarks
from app.adapters.store.repositories import RedisKnownRepositories
from app.ports import Clock
from app.usecases.reconcile import Reconciliation
from app.usecases.recover import Recovery


@dataclass(frozen=True, slots=True)
class MissedDeliveries:
    recovery: Recovery
    reconciliation: Reconciliation


def missed_deliveries(
    client: Client,
    redis: ArqRedis,
    ledger: RedisLedger,
    *,
    allowed_accounts: frozenset[int],
    app_id: int,
    now: Clock,
    rows_kept: timedelta,
) -> MissedDeliveries:
    return MissedDeliveries(
        recovery=Recovery(
            deliveries=HookDeliveryLog(client),
            marks=RedisMarks(redis),
            intake=ledger,
            parse=parse,
            now=now,
            allowed_accounts=allowed_accounts,
            app_id=app_id,
        ),
        reconciliation=Reconciliation(
            known=RedisKnownRepositories(redis),
            pull_requests=OpenPullRequestLister(client),
            ledger=ledger,
            intake=ledger,
            now=now,
            allowed_accounts=allowed_accounts,
            app_id=app_id,
            rows_kept=rows_kept,
        ),
    )
