"""The words of `status`: how a pull request stands, in a short list."""

from __future__ import annotations

from app.domain.commands.standing import PullStanding
from app.domain.inert import code_span, inline
from app.domain.messages.counting import counted, dollars

_STATES = {
    "pending": "being reviewed",
    "held": "passed, and held back by another pull request with the same head",
    "success": "passed",
    "failure": "blocked by findings",
    "action_required": "waits for a person, or not all of it was reviewed",
    "cancelled": "stopped before it was decided",
}


def standing_words(standing: PullStanding) -> str:
    """One line for each thing that is known."""
    return "\n".join(f"- {line}" for line in _lines(standing))


def _lines(standing: PullStanding) -> list[str]:
    pull, past, found = standing.pull, standing.past, standing.counted
    kind = "closed" if not pull.open else "draft" if pull.draft else "open"
    state = _STATES.get(standing.state or "", "not reviewed yet")
    lines = [f"Head {_sha(pull.head_sha)} ({kind}): **{state}**", *_row(standing)]
    if past is not None and found is not None:
        at = "" if past.head == pull.head_sha else f", at {_sha(past.head)}"
        entries = counted(found.entries, "changed entry", "changed entries")
        lines.append(f"Last review{at}: {found.covered:,} of {entries} looked at")
        lines.append(
            f"Findings: {found.open} open, {found.blocking} of them blocking; {found.dismissed} dismissed, "
            f"{found.fixed} fixed"
        )
        lines.append(f"Rounds: {past.rounds} of {standing.rounds}")
    cap = "no cap" if standing.cap is None else f"of {dollars(standing.cap)}"
    lines.append(f"Spent on models: {dollars(standing.spent)}, {cap}")
    return lines


def _row(standing: PullStanding) -> list[str]:
    row = standing.row
    if row is None:
        return ["No review was ever asked for here"]
    lines = ["Reviews are **paused**"] if row.paused else []
    if standing.under_way:
        lines.append("A review is under way or in line")
    if row.error:
        lines.append(f"The last attempt ended with: {inline(row.error, limit=200)}")
    if row.dead:
        lines.append("The last review was given up: `review` tries again")
    return lines


def _sha(sha: str) -> str:
    return code_span(sha[:12], limit=20)
