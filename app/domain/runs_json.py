"""Runs as plain JSON values: what `revwright runs` prints with `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.domain.report import ModelUse
from app.domain.runs import RunLog, RunRecord

SCHEMA = 1
"""Rises when a key changes its meaning or goes away; keys may be added without that."""


def runs_json(records: Sequence[RunRecord], now: datetime) -> dict[str, Any]:
    """What `list` prints: the runs in the order given, without their timelines."""
    return {"schema": SCHEMA, "runs": [_run(record, now) for record in records]}


def run_json(record: RunRecord, now: datetime) -> dict[str, Any]:
    """What `show` prints: one run, with its timeline."""
    return {
        "schema": SCHEMA,
        **_run(record, now),
        "timeline": [{"at": _time(event.at), "text": event.text} for event in record.timeline],
        "timeline_missing": record.timeline_missing,
    }


def log_json(run_id: str, log: RunLog) -> dict[str, Any]:
    """What `logs` prints without `--full`."""
    return {
        "schema": SCHEMA,
        "id": run_id,
        "lines": list(log.lines),
        "lines_missing": log.missing,
        "transcript": log.transcript,
    }


def _run(record: RunRecord, now: datetime) -> dict[str, Any]:
    start, ref = record.start, record.start.key.ref
    return {
        "id": start.id,
        "state": str(record.state),
        "kind": str(start.key.kind),
        "repository": str(start.repository),
        "number": ref.number,
        "installation_id": ref.installation_id,
        "repository_id": ref.repository_id,
        "head": start.head,
        "generation": start.generation,
        "triggers": sorted(start.triggers),
        "attempts": record.attempts,
        "started_at": _time(record.started_at),
        "ended_at": _time(record.ended_at),
        "next_at": _time(record.next_at),
        "seconds": round(record.took(now).total_seconds(), 3),
        "outcome": record.outcome,
        "error": record.error,
        "tokens": record.tokens,
        "usd": record.usd,
        "models": [_use(use) for use in record.models],
    }


def _use(use: ModelUse) -> dict[str, Any]:
    return {
        "model": use.model,
        "calls": use.calls,
        "input_tokens": use.usage.input_tokens,
        "cached_input_tokens": use.usage.cached_input_tokens,
        "output_tokens": use.usage.output_tokens,
        "tokens_reported": use.usage.known,
        "usd": use.usd,
    }


def _time(at: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
