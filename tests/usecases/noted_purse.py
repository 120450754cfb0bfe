"""A purse that notes what is asked of it, and a model that pays from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.errors import LedgerUnavailable
from app.domain.model import Usage
from app.domain.money import Caps, NotReserved, Reservation, Spent
from app.domain.prices import Price
from app.domain.pull_request import PullRequestRef
from app.usecases.metered import MeteredModel
from app.usecases.run_purse import RunPurse
from tests.build import REF
from tests.usecases.scripted_model import Clock, ScriptedModel

PRICES = {"main": Price(10, 1, 100), "dear": Price(20, 2, 200), "cheap": Price(1, 1, 1), "free": Price(0, 0, 0)}
WORST = 1_000 * 10e-6 + 1_000 * 100e-6
"""Of request(): a thousand tokens in and as many out."""
UNREPORTED = Usage(0, 0, 0, known=False)


@dataclass
class NotedPurse:
    """Implements ports.Purse: money in memory, and what was asked of it."""

    purse: RunPurse = field(default_factory=RunPurse)
    reserved: list[float] = field(default_factory=list)
    settled: list[float | None] = field(default_factory=list)
    refuses: NotReserved | None = None
    gate: asyncio.Event | None = None
    """settle() waits for it."""
    late: asyncio.Event | None = None
    """Answers of reserve() are on their way until it is set."""
    broken: LedgerUnavailable | None = None
    """What settle() raises."""

    async def reserve(self, ref: PullRequestRef, usd: float, caps: Caps) -> Reservation | NotReserved:
        if self.refuses is not None:
            return self.refuses
        self.reserved.append(usd)
        answer = await self.purse.reserve(ref, usd, caps)
        if self.late is not None:
            await self.late.wait()
        return answer

    async def settle(self, ref: PullRequestRef, reservation: Reservation, usd: float | None) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        self.settled.append(usd)
        await self.purse.settle(ref, reservation, usd)

    async def spent(self, ref: PullRequestRef) -> Spent:
        return await self.purse.spent(ref)


def metered(
    model: ScriptedModel,
    purse: NotedPurse | None = None,
    *,
    cap: float | None = None,
    chains: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[MeteredModel, NotedPurse]:
    purse = purse or NotedPurse()
    return MeteredModel(model, purse, REF, Caps(cap), PRICES, Clock(), chains=chains or {}), purse


async def spent(purse: NotedPurse) -> float:
    return (await purse.spent(REF)).pull_request
