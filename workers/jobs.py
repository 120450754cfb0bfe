"""The coroutines that arq calls, one for each kind of bell. A bell is only a row's name."""

from __future__ import annotations

from typing import Any

from app.domain.jobs import RowKey
from app.usecases.review.announce import announce as announce_row
from app.wiring.worker import WorkerServices
from workers.attempts import ReviewAttempts

Context = dict[str, Any]
"""arq's context; ours holds `services` and `attempts`."""


async def announce(ctx: Context, row: str) -> None:
    services: WorkerServices = ctx["services"]
    for bell in await announce_row(RowKey.parse(row), ledger=services.ledger, check_runs=services.check_runs):
        await services.ledger.ring(bell)


async def review(ctx: Context, row: str) -> None:
    attempts: ReviewAttempts = ctx["attempts"]
    await attempts.answer(RowKey.parse(row))
