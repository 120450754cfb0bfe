"""Where transcripts of fixes are kept, for people, for a while."""

from __future__ import annotations

from typing import Protocol

from app.domain.transcript import Transcript, TranscriptEntry


class Transcripts(Protocol):
    """One for each run, as long as its record; no decision rests on it. Every call raises LedgerUnavailable."""

    async def append(self, run_id: str, entry: TranscriptEntry) -> None:
        """One more entry, whichever attempt it is of. What is too much is taken out, the oldest first."""
        ...

    async def read(self, run_id: str) -> Transcript | None:
        """What is kept; None where nothing is."""
        ...
