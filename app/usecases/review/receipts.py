"""Makes the receipt of a finished review and keeps it, before anything is published."""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass
from functools import partial

from app.domain.receipt import Receipt, receipt_of, same_outcome
from app.domain.receipt_file import Valid, checked, receipt_file, signed_bytes
from app.ports import Clock, Place, Receipts, ReceiptSigner
from app.usecases.review.examination import Examined


@dataclass(frozen=True, slots=True)
class ReceiptKeeper:
    """`version` is ours."""

    signer: ReceiptSigner
    receipts: Receipts
    now: Clock
    version: str

    async def keep(self, run: str, place: Place, examined: Examined) -> bool:
        """False when the receipt is too large to be kept.

        A run has one receipt. An attempt that comes to the same as an earlier one leaves it as it is, byte by byte, for
        that one tells what it took; one that comes to something else, as after an outage of the model, replaces it: the
        check tells the newer, too.
        """
        made = partial(
            receipt_of,
            examined.report,
            examined.basis,
            run=run,
            ref=place.ref,
            repository=place.repository,
            made_at=self.now(),
            version=self.version,
        )
        receipt = await to_thread(made)  # a change of many thousands of files must not hold up the row's heartbeat
        kept = await self.receipts.recall(run)
        if kept is not None and await self._says(kept, receipt):
            return True
        message = await to_thread(signed_bytes, receipt)
        return await self.receipts.keep(run, receipt_file(message, await self.signer.sign(message)))

    async def _says(self, kept: bytes, receipt: Receipt) -> bool:
        """Whether it is ours and says the same: who can merely write to Redis makes up no receipt."""
        found = await to_thread(checked, kept, await self.signer.keys())
        return isinstance(found, Valid) and same_outcome(found.receipt, receipt)
