"""Strict reading of JSON that a model wrote as the arguments of a tool, against the tool's own schema.

Of JSON Schema this knows what the schemas of tools use: `type` (one or several), `enum`, `properties`, `required`,
`additionalProperties: false` and `items`. Nothing is converted and nothing is filled in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from app.domain.strict_json import loaded

MAX_CHARACTERS = 200_000
"""Of arguments as text."""

_NAMED = 60

Schema = Mapping[str, object]


class ArgumentsInvalid(ValueError):
    """The arguments do not fit; the text says where and what is asked for, for the model to mend it."""


def decode_arguments(text: str, schema: Schema) -> Mapping[str, object]:
    """The arguments of one call. Raises ArgumentsInvalid."""
    if len(text) > MAX_CHARACTERS:
        raise ArgumentsInvalid(f"the arguments have {len(text):,} characters: at most {MAX_CHARACTERS:,} are taken")
    try:
        value = loaded(text)
    except RecursionError:
        raise ArgumentsInvalid("the arguments are nested too deeply") from None
    except ValueError as error:
        raise ArgumentsInvalid(f"the arguments are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ArgumentsInvalid("the arguments must be a JSON object")
    check(value, schema, "arguments")
    return value


def check(value: object, schema: Schema, where: str) -> None:
    """Raises ArgumentsInvalid, which begins with `where`, unless the value has the shape."""
    wanted = schema.get("type", ())
    types = (wanted,) if isinstance(wanted, str) else _sequence(wanted)
    if types and not any(_IS[str(name)](value) for name in types):
        raise ArgumentsInvalid(f"{where} must be of the type {' or '.join(str(name) for name in types)}")
    choices = _sequence(schema.get("enum", ()))
    if choices and value not in choices:
        raise ArgumentsInvalid(f"{where} must be one of {', '.join(str(choice) for choice in choices)}")
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, dict):
        _check_object(value, schema, where)
    elif isinstance(value, list):
        items = _mapping(schema.get("items", {}))
        for i, item in enumerate(value):
            check(item, items, f"{where}[{i}]")


def _check_object(value: Mapping[str, object], schema: Schema, where: str) -> None:
    properties = _mapping(schema.get("properties", {}))
    if missing := [str(name) for name in _sequence(schema.get("required", ())) if name not in value]:
        raise ArgumentsInvalid(f"{where} lacks {', '.join(missing)}")
    for name, item in value.items():
        if name in properties:
            check(item, _mapping(properties[name]), f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            known = ", ".join(properties) or "none at all"
            raise ArgumentsInvalid(f"{where} has the field {name[:_NAMED]!a}; the fields are: {known}")


def _check_text(value: str, where: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentsInvalid(f"{where} has half of a surrogate pair, which no text can hold") from None


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"a schema has {value!r} where an object must be")
    return value


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"a schema has {value!r} where an array must be")
    return value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


_IS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
