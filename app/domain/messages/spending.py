"""Why a model was not asked: a cap of money, or nobody who answers."""

from __future__ import annotations

from datetime import datetime

from app.domain.messages.counting import at_utc, dollars
from app.domain.money import Cap, NotReserved


def cap_reached(refused: NotReserved) -> str:
    """Plain text: which cap, how much of it is spent, and when it begins anew."""
    left = f"{dollars(refused.spent)} of {dollars(refused.limit)} for {refused.cap} is spent or put aside"
    if refused.until is not None:
        return f"{left}; it begins anew at {at_utc(refused.until)}"
    if refused.cap is Cap.PULL_REQUEST:
        return f"{left}; `limits.usd_per_pull_request` in the base branch's policy raises it"
    return left


def outage(models: tuple[str, ...], until: datetime | None) -> str:
    """Plain text: no model of the list answers; `until` is when the next one is tried."""
    named = " nor ".join(models) if len(models) > 1 else "".join(models)
    told = f"neither {named} answers" if len(models) > 1 else f"{named} does not answer"
    return f"{told}; asked again at {at_utc(until)}" if until is not None else told
