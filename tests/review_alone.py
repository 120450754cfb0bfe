"""A deployment whose web process takes in nothing for the gate: for stories that are about the review alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from arq.connections import RedisSettings

from app.adapters.store.ledger import LedgerOptions
from app.domain.events import Delivery
from app.domain.jobs import JobKind, RowKey
from app.domain.row import Note, Wanted
from app.ports import Intake
from app.settings import Settings
from app.wiring.web import WebServices, open_web_services


@dataclass(frozen=True, slots=True)
class WithoutGate:
    """Implements ports.Intake. What only the gate would hear of is taken for a duplicate."""

    intake: Intake

    async def accept(
        self,
        delivery: Delivery,
        row: RowKey,
        wanted: Wanted,
        *,
        also: tuple[RowKey, ...] = (),
        note: Note | None = None,
    ) -> bool:
        if row.kind is JobKind.GATE:
            return False
        others = tuple(one for one in also if one.kind is not JobKind.GATE)
        return await self.intake.accept(delivery, row, wanted, also=others, note=note)


@asynccontextmanager
async def open_without_gate(
    settings: Settings, redis: RedisSettings, options: LedgerOptions | None = None
) -> AsyncIterator[WebServices]:
    async with open_web_services(settings, redis, options) as services:
        yield replace(services, intake=WithoutGate(services.intake))
