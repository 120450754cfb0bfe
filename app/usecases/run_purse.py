"""The money of a run that stands alone: a cap in memory, for reviews without GitHub and Redis."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.money import BILLION, Cap, Caps, NotReserved, Reservation, Spent, billionths
from app.domain.pull_request import PullRequestRef


@dataclass(slots=True)
class RunPurse:
    """Implements ports.Purse for one process and one run; of the caps only the pull request's counts."""

    _spent: dict[PullRequestRef, int] = field(default_factory=dict, init=False)
    _open: dict[str, int] = field(default_factory=dict, init=False)
    _reserved: int = field(default=0, init=False)

    async def reserve(self, ref: PullRequestRef, usd: float, caps: Caps) -> Reservation | NotReserved:
        spent, amount, cap = self._spent.get(ref, 0), billionths(usd), caps.pull_request
        if cap is not None and spent + amount > billionths(cap):
            return NotReserved(Cap.PULL_REQUEST, spent / BILLION, cap, None)
        self._reserved += 1
        reservation = Reservation(str(self._reserved), usd)
        self._open[reservation.id], self._spent[ref] = amount, spent + amount
        return reservation

    async def settle(self, ref: PullRequestRef, reservation: Reservation, usd: float | None) -> None:
        amount = self._open.pop(reservation.id, None)
        if amount is not None and usd is not None:
            self._spent[ref] += billionths(usd) - amount

    async def spent(self, ref: PullRequestRef) -> Spent:
        usd = self._spent.get(ref, 0) / BILLION
        return Spent(usd, usd, usd)
