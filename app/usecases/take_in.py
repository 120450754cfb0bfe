"""Takes in what was found to be missed, in the one way in which webhooks are taken in."""

from __future__ import annotations

import hashlib

from app.domain.events import Delivery
from app.ports import Intake
from app.usecases.intake import Accepted


async def take_in(intake: Intake, accepted: Accepted, *, id_: str, event: str, body: bytes) -> bool:
    """False when it was taken before, by this id or with this body. Raises LedgerUnavailable."""
    delivery = Delivery(id_, event, hashlib.sha256(body).hexdigest())
    return await intake.accept(delivery, accepted.row, accepted.wanted, also=accepted.also, note=accepted.note)
