"""Runs for the terminal: a table of several, a page of one, and its log; nothing in them moves the cursor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.domain.merge_group import QUEUE_NUMBER
from app.domain.report import ModelUse
from app.domain.runs import RunLog, RunRecord, RunState, utc
from app.domain.terminal import Style
from app.domain.visible import visible

ONE_LINE_WIDTH = 160
"""From this width on a run takes one line of the table, below it two."""

_COLOURS = {
    RunState.RUNNING: "36",
    RunState.WAITING: "33",
    RunState.PAUSED: "33",
    RunState.DONE: "32",
    RunState.FAILED: "1;31",
    RunState.STOPPED: "31",
    RunState.SUPERSEDED: "2",
}
_HEADINGS = ("RUN", "STATE", "STARTED (UTC)", "TOOK", "TOKENS", "USD", "TRY")
_WIDTHS = (16, 10, 16, 7, 7, 8, 3)
_RIGHT = frozenset({"TOOK", "TOKENS", "USD", "TRY"})
_LABEL = 12
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_THOUSAND, _MILLION = 1_000, 1_000_000
_CENTS_FROM = 10
_LEAST_SHOWN = 0.0001


def table(records: Sequence[RunRecord], style: Style, now: datetime) -> str:
    """The runs in the order given, with all numbers in the first 79 columns. Fits the width from 80 on."""
    plain = _cells(_HEADINGS)
    wide = style.width >= ONE_LINE_WIDTH
    lines = [style.paint(f"{plain}  JOB" if wide else plain, "1")]
    for record in records:
        colour = _COLOURS[record.state]
        numbers = _cells(_numbers(record, now)).replace(record.state, style.paint(record.state, colour), 1)
        # A long name leaves room for what the run came to.
        job = subject(record, most=style.width // 3)
        about = f"  {job} {(record.start.head or '-')[:7]}  {_came_to(record)}".rstrip()
        if wide:
            lines.append(numbers + _cut(about, style.width - len(plain)))
        else:
            lines += [numbers, _cut(about, style.width)]
    return "\n".join(lines)


def page(record: RunRecord, style: Style, now: datetime) -> str:
    """Everything that is known of a run."""
    start = record.start
    title = f"Run {start.id}: {record.state}" + (f", {_line(record.outcome)}" if record.outcome else "")
    wanted = ", ".join(sorted(start.triggers))
    ref = start.key.ref
    rows = [
        ("job", f"{subject(record)} (installation {ref.installation_id}, repository {ref.repository_id})"),
        ("head", start.head or "not told"),
        ("generation", f"{start.generation}" + (f", for: {wanted}" if wanted else "")),
        ("attempts", str(record.attempts)),
        ("started", utc(record.started_at)),
        ("ended", utc(record.ended_at) if record.ended_at else "not yet"),
        ("took", _duration(record.took(now)) + ("" if record.ended_at else " so far")),
    ]
    if record.next_at is not None:
        rows.append(("next attempt", utc(record.next_at)))
    if record.error:
        rows.append(("error", record.error))
    rows += [("spent", _spent(record)), *(("", _use(use)) for use in record.models)]
    lines = [style.paint(_wrapped(title, "", style), _COLOURS[record.state]), ""]
    lines += [_wrapped(text, f"  {label:<{_LABEL}}  ", style) for label, text in rows]
    return "\n".join([*lines, "", style.paint("Timeline (UTC)", "1"), *_timeline(record, style)])


def log_text(log: RunLog) -> str:
    """The lines as they were logged, with a first line of ours where older ones are missing."""
    missing = [f"({log.missing:,} older lines were not kept)"] if log.missing else []
    return "\n".join([*missing, *(visible(line).replace("\r", "").replace("\n", " ") for line in log.lines)])


def subject(record: RunRecord, *, most: int = 200) -> str:
    """As in `review acme/web#7`, with at most so many characters of the repository's name."""
    name, number = _cut(_line(str(record.start.repository)), most), record.start.key.ref.number
    return f"{record.start.key.kind} {name}" + (f"#{number}" if number != QUEUE_NUMBER else "")


def dollars(usd: float | None) -> str:
    """As in `$0.0123`, and `unknown` for None."""
    if usd is None:
        return "unknown"
    if usd < _LEAST_SHOWN:
        return "<$0.0001" if usd else "$0"
    return f"${usd:.4f}" if usd < _CENTS_FROM else f"${usd:.2f}"


def _cells(cells: Iterable[str]) -> str:
    placed = [
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for cell, width, heading in zip(cells, _WIDTHS, _HEADINGS, strict=True)
    ]
    return "  ".join(placed)


def _numbers(record: RunRecord, now: datetime) -> tuple[str, ...]:
    return (
        record.start.id,
        record.state,
        f"{record.started_at:%Y-%m-%d %H:%M}",
        _duration(record.took(now)),
        _short(record.tokens),
        dollars(record.usd),
        str(record.attempts),
    )


def _came_to(record: RunRecord) -> str:
    """The outcome, or what is in the way of one."""
    again = f"again at {record.next_at:%H:%M:%S} UTC" if record.next_at is not None else ""
    return ": ".join(part for part in (again, _line(record.outcome or record.error)) if part)


def _timeline(record: RunRecord, style: Style) -> list[str]:
    missing = [f"  ({record.timeline_missing:,} older events were not kept)"] if record.timeline_missing else []
    return missing + [_wrapped(event.text, f"  {event.at:%Y-%m-%d %H:%M:%S}  ", style) for event in record.timeline]


def _use(use: ModelUse) -> str:
    calls = f"{use.model}: {use.calls} call{'' if use.calls == 1 else 's'}"
    usage = use.usage
    if not usage.known:
        return f"{calls}, tokens not reported by the endpoint"
    cached = f" ({usage.cached_input_tokens:,} cached)" if usage.cached_input_tokens else ""
    cost = "no price configured" if use.usd is None else dollars(use.usd)
    return f"{calls}, {usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out, {cost}"


def _spent(record: RunRecord) -> str:
    tokens = "an unknown number of" if record.tokens is None else f"{record.tokens:,}"
    return f"{tokens} tokens, " + ("cost unknown" if record.usd is None else dollars(record.usd))


def _short(count: int | None) -> str:
    if count is None:
        return "unknown"
    if count < _THOUSAND:
        return str(count)
    return f"{count / _THOUSAND:.1f}k" if count < _MILLION else f"{count / _MILLION:.1f}M"


def _duration(span: timedelta) -> str:
    """The two largest units, as in `1m05s`."""
    seconds = int(span.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m{seconds % _MINUTE:02}s"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02}m"
    return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02}h"


def _line(text: str) -> str:
    """Untrusted text as one line of what can be seen."""
    return " ".join(visible(text).split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrapped(text: str, label: str, style: Style) -> str:
    """Untrusted text after a label of ours, the further lines below its beginning."""
    return "\n".join(
        textwrap.wrap(
            _line(text), style.width, initial_indent=label, subsequent_indent=" " * len(label), break_on_hyphens=False
        )
        or [label.rstrip()]
    )
