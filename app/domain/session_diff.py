"""How a question differs from the one that was recorded, in words and lines that people read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.model import Message
from app.domain.session import Question, Told

_CONTEXT_LINES = 2


class State(StrEnum):
    """What became of a call in a replay."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    """It is made now, and was not recorded."""
    MISSING = "missing"
    """It was recorded, and is not made any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a question that is another now: which part, and a unified diff of it."""

    part: str
    diff: str


def changes(before: Question, now: Question) -> tuple[Change, ...]:
    """All that differs; none for the same question."""
    plain = (
        ("model", before.model, now.model),
        ("tools", _tools(before.tools), _tools(now.tools)),
        ("form of the answer", _tools((before.schema,)), _tools((now.schema,))),
        ("most output tokens", str(before.max_output_tokens), str(now.max_output_tokens)),
    )
    found = [Change(part, text_diff(old, new)) for part, old, new in plain if old != new]
    return (*found, *_messages(before.messages, now.messages))


def text_diff(before: str, now: str) -> str:
    """A unified diff, without a line feed at its end."""
    old, new = before.split("\n"), now.split("\n")
    return "\n".join(difflib.unified_diff(old, new, "recorded", "now", lineterm="", n=_CONTEXT_LINES))


def message_text(message: Message) -> str:
    """A message as people read it: who says it, its text, and the tools that it asks for."""
    parts = [f"[{message.role} {message.call_id}]" if message.call_id else f"[{message.role}]"]
    parts += [message.text] if message.text else []
    parts += [f"-> {call.name} {call.arguments} ({call.id})" for call in message.calls]
    return "\n".join(parts)


def _tools(tools: Sequence[Told]) -> str:
    return "\n".join(f"{tool.name}: {tool.text}" for tool in tools)


def _messages(before: Sequence[Message], now: Sequence[Message]) -> list[Change]:
    """Runs of messages that differ. What stands on both sides is not told, however far it moved."""
    found = []
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    for kind, old_start, old_end, start, end in matcher.get_opcodes():
        if kind == "equal":
            continue
        old = "\n".join(message_text(one) for one in before[old_start:old_end])
        new = "\n".join(message_text(one) for one in now[start:end])
        found.append(Change(_which(kind, start, end), text_diff(old, new)))
    return found


def _which(kind: str, start: int, end: int) -> str:
    if kind == "delete":
        return f"no more messages after message {start}" if start else "no more messages at the beginning"
    return f"message {end}" if end == start + 1 else f"messages {start + 1} to {end}"
