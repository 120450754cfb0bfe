"""What a model says of its own fix: quoted under a heading of ours, so that nobody takes it for what we saw."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from app.domain.fix.answer import FixAnswer, FixItem
from app.domain.messages.discreet import phrase

_SUMMARY, _WHAT, _HOW = 1_500, 200, 400
_SHAPES = re.compile(
    r"(?P<code>`[^`\n]{0,2000}`)|^[ \t]{0,20}(?:#{1,6}|>|[-*+])[ \t]|\*\*(?P<stressed>[^*\n]{1,500})\*\*", re.MULTILINE
)
"""What would be a heading, a quote, an item or stress, if it were not escaped: without it the words read better."""
_ID = re.compile(r"\bF[0-9a-f]{9,}\b", re.IGNORECASE)


def account(answer: FixAnswer, findings: Collection[str], *, untested: bool) -> str:
    """`findings` are those that the fix was for: the model names no others. `untested`: it added no test."""
    tested = [f"Of tests it says: {_flat(answer.test, findings, _HOW) or 'nothing.'}"] if untested else []
    return _quoted(
        [
            _flat(answer.summary, findings, _SUMMARY),
            _items("It says that it fixed:", answer.fixed, findings),
            _items("It says that it did not fix:", answer.not_fixed, findings),
            *tested,
        ]
    )


def unfixed_account(items: Sequence[FixItem], findings: Collection[str]) -> str:
    """Why the model did not fix it; nothing where it does not say."""
    return _quoted([_items("It says that it did not fix:", items, findings)])


def _quoted(parts: Sequence[str]) -> str:
    lines = "\n\n".join(part for part in parts if part).split("\n")
    return (
        "\n".join(["**What the model says of it**", "", *(f"> {line}".rstrip() for line in lines)])
        if any(lines)
        else ""
    )


def _items(title: str, items: Sequence[FixItem], findings: Collection[str]) -> str:
    lines = list(_lines(items, findings))
    return "\n".join([title, "", *lines]) if lines else ""


def _lines(items: Sequence[FixItem], findings: Collection[str]) -> Iterator[str]:
    for item in items:
        told = _flat(item.what, findings, _WHAT), _flat(item.how, findings, _HOW)
        if any(told):
            yield f"- {': '.join(filter(None, told))}"


def _flat(text: str, findings: Collection[str], limit: int) -> str:
    """One inert line; the id of a finding that the fix was not for is nobody's."""
    named = _ID.sub(lambda match: match[0] if match[0] in findings else "(another id)", text)
    return phrase(_SHAPES.sub(_plain, named), limit=limit)


def _plain(match: re.Match[str]) -> str:
    return match["code"] or match["stressed"] or ""
