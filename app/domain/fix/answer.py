"""What a model has to say at the end of a fix, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.model import AnswerSchema
from app.domain.static_checks import redact_secrets
from app.domain.strict_json import AnswerInvalid, object_with, parsed, text_of

MAX_ITEMS = 30

_ITEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "how"],
    "properties": {
        "what": {"type": "string", "description": "the finding's id, or a few words where none has one"},
        "how": {"type": "string", "description": "one or two sentences"},
    },
}

FIX_SCHEMA = AnswerSchema(
    "fix",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["summary", "fixed", "not_fixed", "test"],
        "properties": {
            "summary": {"type": "string", "description": "what changed and why, in a few sentences"},
            "fixed": {"type": "array", "description": "what is fixed, and how", "items": _ITEM},
            "not_fixed": {
                "type": "array",
                "description": "what was asked for and is not fixed, and why",
                "items": _ITEM,
            },
            "test": {"type": "string", "description": "the test that fails without the fix, or why there is none"},
        },
    },
)


@dataclass(frozen=True, slots=True)
class FixItem:
    what: str
    how: str


@dataclass(frozen=True, slots=True)
class FixAnswer:
    """The model's own account. Nothing of it is proven; what we ran ourselves is told beside it."""

    summary: str
    fixed: tuple[FixItem, ...]
    not_fixed: tuple[FixItem, ...]
    test: str


@dataclass(frozen=True, slots=True)
class FixTexts:
    """The texts of app/usecases/prompts/fix_*.md."""

    system: str
    task: str
    again: str


def addressed(answer: FixAnswer, findings: Sequence[str]) -> tuple[str, ...]:
    """Which of the findings a commit may name: the model's word takes one away, and adds none."""
    left = "\n".join(item.what for item in answer.not_fixed).casefold()
    return tuple(one for one in findings if one.casefold() not in left)


def decode_fix(text: str) -> FixAnswer:
    """Raises AnswerInvalid. Of more items than that the first are taken, and no secret that is known by its form: a
    command may have shown one in a disguise, and people read all of this.
    """
    fields = object_with(parsed(text), "the answer", frozenset(("summary", "fixed", "not_fixed", "test")))
    return FixAnswer(
        redact_secrets(text_of(fields, "summary", "the answer")),
        _items(fields["fixed"], "fixed"),
        _items(fields["not_fixed"], "not_fixed"),
        redact_secrets(text_of(fields, "test", "the answer", empty=True)),
    )


def _items(value: object, name: str) -> tuple[FixItem, ...]:
    if not isinstance(value, list):
        raise AnswerInvalid(f"the answer.{name} must be a list")
    return tuple(_item(one, f"the answer.{name}[]") for one in value[:MAX_ITEMS])


def _item(value: object, where: str) -> FixItem:
    fields = object_with(value, where, frozenset(("what", "how")))
    what, how = text_of(fields, "what", where), text_of(fields, "how", where, empty=True)
    return FixItem(redact_secrets(what), redact_secrets(how))
