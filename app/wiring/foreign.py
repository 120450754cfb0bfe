"""The job of foreign checks, put together from the jobs that it asks to decide again."""

from __future__ import annotations

from app.adapters.store.ledger import RedisLedger
from app.adapters.store.notes import RedisNotes
from app.usecases.foreign.run import ForeignRun
from app.usecases.gate.run import GateRun
from app.usecases.review.run import ReviewRun
from app.wiring.merge_queue import group_heads
from app.wiring.reviewing import Clients


def foreign_job(clients: Clients, ledger: RedisLedger, review: ReviewRun, gate: GateRun) -> ForeignRun:
    return ForeignRun(
        notes=RedisNotes(clients.redis),
        foreign=gate.foreign,
        heads=(review.check_runs.heads, gate.check_runs.heads),
        groups=group_heads(clients),
        intake=ledger,
        now=clients.now,
    )
