"""Transcripts in memory, which can be away."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.errors import LedgerUnavailable
from app.domain.transcript import MOST_BYTES, EntryKind, Gap, Missing, Transcript, TranscriptEntry, joined


@dataclass
class FakeTranscripts:
    """Implements ports.Transcripts."""

    most_run_bytes: int = MOST_BYTES
    """Of texts, by their characters."""
    away: bool = False
    kept: dict[str, list[TranscriptEntry | None]] = field(default_factory=dict)

    async def append(self, run_id: str, entry: TranscriptEntry) -> None:
        if self.away:
            raise LedgerUnavailable("Redis cannot be reached")
        entries = self.kept.setdefault(run_id, [])
        while self._length(entries) + len(entry.text) > self.most_run_bytes and (going := self._going(entries)):
            entries[entries.index(going)] = None
        entries.append(entry)

    async def read(self, run_id: str) -> Transcript | None:
        if run_id not in self.kept:
            return None
        return Transcript(joined(entry or Gap(1, Missing.ROOM) for entry in self.kept[run_id]))

    def _length(self, entries: list[TranscriptEntry | None]) -> int:
        return sum(len(entry.text) for entry in entries if entry)

    def _going(self, entries: list[TranscriptEntry | None]) -> TranscriptEntry | None:
        there = [entry for entry in entries if entry]
        first = next((entry for entry in there if entry.kind is EntryKind.TOLD), None)
        return min((entry for entry in there if entry is not first), key=lambda one: one.kind.rank, default=None)
