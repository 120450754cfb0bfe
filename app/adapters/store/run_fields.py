"""A run record as the fields of a Redis hash, and back; what another version wrote and this one cannot read is refused.

Counters are fields of their own, so that Redis can add to them: `use:<measure>:<model>` for each model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from app.domain.jobs import RowKey
from app.domain.model import Usage
from app.domain.pull_request import RepositoryName, Sha
from app.domain.report import ModelUse
from app.domain.runs import RunEvent, RunRecord, RunStart, RunState

SCHEMA = "1"
"""Rises when a field changes its meaning. New fields do not need that: unknown ones are left alone."""

USD = "usd"
_UNREPORTED = "unreported"
_UNPRICED = "unpriced"
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def start_fields(start: RunStart) -> dict[str, str]:
    """What `begin` writes, for the first attempt as for the tenth."""
    return {
        "schema": SCHEMA,
        "row": str(start.key),
        "repository": str(start.repository),
        "head": start.head or "",
        "triggers": ",".join(sorted(start.triggers)),
        "generation": str(start.generation),
    }


def use_counts(use: ModelUse) -> dict[str, int]:
    """Whole numbers to add, by field."""
    counts = {
        "calls": use.calls,
        "in": use.usage.input_tokens,
        "cached": use.usage.cached_input_tokens,
        "out": use.usage.output_tokens,
        _UNREPORTED: int(not use.usage.known),
        _UNPRICED: int(use.usd is None),
    }
    return {use_field(measure, use.model): count for measure, count in counts.items()}


def use_field(measure: str, model: str) -> str:
    return f"use:{measure}:{model}"


def event_text(at: datetime, text: str) -> str:
    """One entry of the timeline."""
    return json.dumps([stamp(at), text], ensure_ascii=False)


def stamp(at: datetime | None) -> str:
    """A time as a field; empty for None."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")


def record(id_: str, fields: Mapping[bytes, bytes], timeline: Sequence[bytes]) -> RunRecord:
    """Raises ValueError, which names the field where it can, for what this version cannot read."""
    text = {name.decode(): value.decode() for name, value in fields.items()}
    if text.get("schema") != SCHEMA:
        raise ValueError(f"its schema is {text.get('schema')!r}, not {SCHEMA!r}")
    try:
        return RunRecord(
            start=RunStart(
                id=id_,
                key=RowKey.parse(text["row"]),
                repository=RepositoryName.parse(text["repository"]),
                head=_sha(text["head"]) if text["head"] else None,
                triggers=frozenset(text["triggers"].split(",")) - {""},
                generation=int(text["generation"]),
            ),
            state=RunState(text["state"]),
            attempts=int(text["attempts"]),
            started_at=_time(text["started_at"]),
            ended_at=_time(text["ended_at"]) if text["ended_at"] else None,
            next_at=_time(text["next_at"]) if text["next_at"] else None,
            outcome=text["outcome"],
            error=text["error"],
            models=_uses(text),
            timeline=tuple(_event(entry) for entry in timeline),
            timeline_missing=max(int(text["events"]) - len(timeline), 0),
        )
    except KeyError as missing:
        raise ValueError(f"it has no field {missing}") from None


def _uses(text: Mapping[str, str]) -> tuple[ModelUse, ...]:
    return tuple(_use(model, text) for model in sorted(_models(text)))


def _models(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.split(":", 2)[2] for name in names if name.startswith("use:calls:"))


def _use(model: str, text: Mapping[str, str]) -> ModelUse:
    def count(measure: str) -> int:
        return int(text[use_field(measure, model)])

    usage = Usage(count("in"), count("cached"), count("out"), known=count(_UNREPORTED) == 0)
    usd = None if count(_UNPRICED) else float(text[use_field(USD, model)])
    return ModelUse(model, count("calls"), usage, usd)


def _event(entry: bytes) -> RunEvent:
    match json.loads(entry):
        case [str(at), str(text)]:
            return RunEvent(_time(at), text)
        case _:
            raise ValueError("an entry of its timeline is not a time and a text")


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    return at.astimezone(UTC)


def _sha(text: str) -> Sha:
    if not _SHA.fullmatch(text):
        raise ValueError(f"{text!r} is not a commit")
    return Sha(text)
