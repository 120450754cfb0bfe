"""A transcript for the terminal and for machines; nothing in it moves the cursor or looks like a heading of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.runs_json import SCHEMA
from app.domain.terminal import Style
from app.domain.transcript import Gap, Transcript, TranscriptEntry
from app.domain.visible import visible

_INDENT = "    "
_KIND = 6


def transcript_text(transcript: Transcript, style: Style) -> Iterator[str]:
    """Piece by piece: for each entry a line with its time (UTC), kind and step, then what there is to say of it, then
    its text. Only what is ours begins at the margin.
    """
    for number, part in enumerate(transcript.parts):
        told = _gap(part) if isinstance(part, Gap) else _entry(part, style)
        yield told if number == 0 else f"\n{told}"


def transcript_json(run_id: str, transcript: Transcript) -> dict[str, Any]:
    """One object. An entry has its text as it was, secrets excepted; a gap is an entry of the kind `missing`."""
    return {"schema": SCHEMA, "id": run_id, "entries": [_part(part) for part in transcript.parts]}


def _entry(entry: TranscriptEntry, style: Style) -> str:
    heading = f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.kind:<{_KIND}}  {_line(entry.step)}".rstrip()
    notes = [f"  # {line}" for line in _lines(entry.note)] if entry.note else []
    texts = [f"{_INDENT}{line}".rstrip() for line in _lines(entry.text)] if entry.text.strip() else []
    return "\n".join([style.paint(heading, "1"), *notes, *texts])


def _gap(gap: Gap) -> str:
    return f"({gap.count:,} {'entry' if gap.count == 1 else 'entries'} {gap.why})"


def _part(part: TranscriptEntry | Gap) -> dict[str, Any]:
    if isinstance(part, Gap):
        return {"kind": "missing", "count": part.count, "why": part.why}
    at = part.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"kind": part.kind, "at": at, "step": part.step, "note": part.note, "text": part.text}


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _lines(text: str) -> list[str]:
    """What can be seen, by line feeds alone."""
    return visible(text).replace("\r\n", "\n").replace("\r", "").rstrip("\n").split("\n")
