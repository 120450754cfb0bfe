"""What is said of a receipt that was checked: lines for people, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from app.domain.messages.counting import counted, dollars
from app.domain.plain_values import plain
from app.domain.receipt import Receipt
from app.domain.receipt_file import Invalid, Valid
from app.domain.visible import visible

_STATES = ("reviewed", "excluded", "unreviewed")
_USD = 1_000_000


def verification_text(result: Valid | Invalid, keys_from: str) -> str:
    """`keys_from` says which keys were used. What others wrote can send no control characters."""
    match result:
        case Valid(receipt, key):
            rows = [*_rows(receipt), ("key", f"{key}, of {keys_from}")]
            told = [f"  {name:<11}{visible(words)}" for name, words in rows]
            return "\n".join(["The receipt is valid.", *told])
        case Invalid(_, reason):
            return visible(f"The receipt is not valid: {reason}.")
    assert_never(result)


def verification_json(result: Valid | Invalid, keys_from: str) -> dict[str, object]:
    """Keys are stable."""
    match result:
        case Valid(receipt, key):
            return {"valid": True, "key": key, "keys_from": keys_from, "receipt": plain(receipt)}
        case Invalid(problem, reason):
            return {"valid": False, "problem": str(problem), "reason": reason, "keys_from": keys_from}
    assert_never(result)


def _rows(receipt: Receipt) -> Iterator[tuple[str, str]]:
    yield "reviewed", f"{receipt.repository}#{receipt.pull_request}"
    yield "head", receipt.head
    yield "base", f"{receipt.base}, merge base {receipt.merge_base}"
    yield "verdict", _verdict(receipt)
    yield "coverage", _coverage(receipt)
    yield "findings", _findings(receipt)
    yield "models", _models(receipt)
    cost = receipt.cost.review
    yield "cost", "unknown" if cost is None else dollars(cost / _USD)
    yield "made", f"{receipt.made_at} by Revwright {receipt.revwright}, run {receipt.run}"


def _verdict(receipt: Receipt) -> str:
    verdict = receipt.verdict
    told = "; ".join((*verdict.reasons, *verdict.blocking))
    return f"{verdict.state}: {told}" if told else verdict.state


def _coverage(receipt: Receipt) -> str:
    counts = Counter(entry.state for entry in receipt.coverage)
    told = ", ".join(f"{counts[state]:,} {state}" for state in _STATES)
    return f"{told} of {counted(len(receipt.coverage), 'changed file')}"


def _findings(receipt: Receipt) -> str:
    counts = Counter(finding.state for finding in receipt.findings)
    told = [f"{counts[state]:,} {state}" for state in ("open", "fixed", "dismissed") if counts[state]]
    return ", ".join(told) or "none"


def _models(receipt: Receipt) -> str:
    used = ", ".join(f"{use.model} ({counted(use.calls, 'call')})" for use in receipt.models) or "none"
    return f"{used}. {receipt.model_note}" if receipt.model_note else used
