"""Writes the transcript of one run; like all that is noted of a run, it keeps no fix from being made."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from app.domain.errors import LedgerUnavailable
from app.domain.fix.order import FixOrder
from app.domain.fix.verifying import Ran
from app.domain.patches import Refusal
from app.domain.prompting.fix import ran_text, refusal_text
from app.domain.transcript import MOST_TEXT, EntryKind, entry_of
from app.ports import Clock, Transcripts

_log = logging.getLogger(__name__)

_AGAIN = (
    "another attempt begins: what the model answered to the same requests before is answered from memory, and all "
    "commands run again"
)


@dataclass(frozen=True, slots=True)
class Scribe:
    """Where Redis does not take an entry, the log of the run says so."""

    transcripts: Transcripts
    run: str
    now: Clock

    async def keep(self, kind: EntryKind, step: str, text: str, *, note: str = "") -> None:
        """One more entry, now."""
        at = self.now()
        entry = await asyncio.to_thread(lambda: entry_of(at, kind, step, text, note=note))  # a long text takes a while
        try:
            await self.transcripts.append(self.run, entry)
        except LedgerUnavailable as error:
            _log.warning("the transcript of run %s lacks an entry (%s): %s", self.run, kind, error)

    async def asked(self, order: FixOrder, attempt: int) -> None:
        """Somebody's wish is looked into, for the first time or again."""
        wanted = [f"findings: {', '.join(order.findings)}"] if order.findings else []
        wanted += ["what a comment says in words"] if order.words else []
        lines = [
            f"wish {order.wish} of {order.who.login} (account {order.who.id})",
            f"on the head {order.head}",
            *wanted,
        ]
        await self.keep(EntryKind.ASKED, f"attempt {attempt}", "\n".join(lines), note=_AGAIN if attempt > 1 else "")

    async def checked(self, when: str, ran: Ran) -> None:
        """One command of the checks, with all that is kept of its output."""
        await self.keep(EntryKind.CHECK, when, ran_text(ran, most=MOST_TEXT))

    async def patched(self, when: str, text: str, refusals: tuple[Refusal, ...]) -> None:
        """A patch on the head, and what speaks against it."""
        note = f"refused:\n{refusal_text(refusals)}" if refusals else ""
        await self.keep(EntryKind.PATCH, when, text, note=note)

    async def reported(self, report: str, untold: str = "") -> None:
        """What the comment says in the end, or what it was to say and why it does not."""
        await self.keep(EntryKind.REPORT, "", report, note=untold)
