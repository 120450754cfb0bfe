"""Dataclasses as plain JSON values and back, strictly: what does not have exactly the shape of the type is refused.

The shape follows the dataclasses themselves, so that a field cannot be forgotten. One with a default may be missing.
"""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def plain(value: object) -> object:
    """Lists for tuples and objects for dataclasses, all the way down."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def built(kind: Any, value: object, where: str) -> object:
    """The value as `kind`, which is a type of a dataclass's field: what `plain` made of it, or ValueError, which names
    the place. Any: types have no type that says so.
    """
    if isinstance(kind, NewType):
        return built(kind.__supertype__, value, where)
    if get_origin(kind) in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        return None if value is None else built(inner, value, where)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), value, where)
    if is_dataclass(kind):
        return _dataclass(kind, value, where)
    if issubclass(kind, StrEnum):
        if isinstance(value, str) and value in set(kind):
            return kind(value)
    elif kind is float and type(value) is int:
        return float(value)
    elif type(value) is kind:
        return value
    raise ValueError(f"{where} is no {kind.__name__}: {str(value)[:40]!r}")


def _tuple(kinds: tuple[Any, ...], value: object, where: str) -> object:
    if not isinstance(value, list):
        raise ValueError(f"{where} is no list: {str(value)[:40]!r}")
    if kinds[-1] is Ellipsis:
        return tuple(built(kinds[0], item, f"{where}[]") for item in value)
    if len(value) != len(kinds):
        raise ValueError(f"{where} has {len(value)} parts, not {len(kinds)}")
    return tuple(built(kind, item, f"{where}[]") for kind, item in zip(kinds, value, strict=True))


def _dataclass(kind: Any, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"{where or 'the whole'} is no object: {str(value)[:40]!r}")
    expected = _fields(kind)
    if unknown := value.keys() - expected.keys():
        raise ValueError(f"{where} has a field that is not known: {min(unknown)[:40]!r}")
    missing = [name for name, (_, required) in expected.items() if required and name not in value]
    if missing:
        raise ValueError(f"{where} lacks {missing[0]!r}")
    return kind(**{name: built(expected[name][0], item, f"{where}.{name}") for name, item in value.items()})


@cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Field -> (its type, whether it must be there)."""
    hints = get_type_hints(kind)
    return {
        one.name: (hints[one.name], one.default is MISSING and one.default_factory is MISSING) for one in fields(kind)
    }


def to_json(value: object) -> str:
    """One line; the reverse of `from_json`."""
    return json.dumps(plain(value), separators=(",", ":"))


def from_json(kind: type[T], text: str | bytes) -> T | None:
    """None for what is no such value, as another version may have written it."""
    try:
        found = built(kind, json.loads(text, parse_constant=refuse_constant), "")
    except (ValueError, RecursionError):
        return None
    assert isinstance(found, kind)  # for the type checker: built makes what it is told to
    return found


def refuse_constant(constant: str) -> object:
    """For `json.loads(parse_constant=...)`: NaN and the infinities are no JSON."""
    raise ValueError(f"not a number: {constant}")
