"""Strict decoding of a model's JSON: exactly the fields that were asked for, or a reason that the model can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from app.domain.encodable import encodable_text

MAX_TEXT = 8_000


class AnswerInvalid(ValueError):
    """The answer does not have the asked-for shape; the text says where, for the model to mend it."""


def loaded(text: str) -> object:
    """The JSON value. Raises ValueError, also for NaN and for a field that stands twice, and RecursionError."""
    value: object = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    return value


def parsed(text: str) -> object:
    """The JSON value of an answer. Raises AnswerInvalid."""
    try:
        return loaded(text)
    except RecursionError:
        raise AnswerInvalid("the answer is nested too deeply") from None
    except ValueError as error:
        raise AnswerInvalid(f"the answer is not JSON: {error}") from None


def object_with(value: object, where: str, fields: AbstractSet[str]) -> Mapping[str, object]:
    """The value as an object with exactly these fields. Raises AnswerInvalid, which begins with `where`."""
    if not isinstance(value, dict):
        raise AnswerInvalid(f"{where} must be an object")
    if missing := fields - value.keys():
        raise AnswerInvalid(f"{where} lacks {', '.join(sorted(missing))}")
    if extra := value.keys() - fields:
        raise AnswerInvalid(f"{where} has {len(extra)} field(s) that were not asked for")
    return value


def text_of(
    fields: Mapping[str, object], name: str, where: str, *, empty: bool = False, longest: int = MAX_TEXT
) -> str:
    """A string of at most `longest` characters, blank only where `empty` allows it. Raises AnswerInvalid."""
    value = fields[name]
    if not isinstance(value, str) or (not value.strip() and not empty):
        raise AnswerInvalid(f"{where}.{name} must be a {'' if empty else 'non-empty '}string")
    if len(value) > longest:
        raise AnswerInvalid(f"{where}.{name} is longer than {longest} characters")
    return encodable_text(value)


def optional_text(fields: Mapping[str, object], name: str, where: str) -> str:
    """A string of any length, empty for null. Raises AnswerInvalid."""
    value = fields[name]
    if value is not None and not isinstance(value, str):
        raise AnswerInvalid(f"{where}.{name} must be a string or null")
    return encodable_text(value or "")


def integer_of(fields: Mapping[str, object], name: str, where: str) -> int:
    """A whole number. Raises AnswerInvalid."""
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise AnswerInvalid(f"{where}.{name} must be an integer")
    return value


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
