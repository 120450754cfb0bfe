"""A past review as JSON and back, strictly: what does not have exactly the expected shape is refused.

The shape follows the dataclasses themselves, so that a field cannot be forgotten. A new field with a default does no
harm to what is kept already; any other change of shape or meaning raises `VERSION`.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from app.domain.memory import FindingState, KnownFinding, PastReview

VERSION = 1
_STEPS = 8
_MAX_BODY = 500


def encode(past: PastReview) -> bytes:
    """ASCII; the reverse of `decode`."""
    return json.dumps({"version": VERSION, "past": _plain(past)}, separators=(",", ":"), allow_nan=False).encode(
        "ascii"
    )


def decode(data: bytes) -> PastReview:
    """ValueError says what is wrong, and where."""
    try:
        found: object = json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict) or found.keys() != {"version", "past"} or found["version"] != VERSION:
        raise ValueError(f"not a past review of version {VERSION}: {data[:40]!r}")
    past = _built(PastReview, found["past"], "")
    assert isinstance(past, PastReview)  # for the type checker: _built makes what it is told to
    return past


def lessened(past: PastReview) -> Iterator[PastReview]:
    """The same with less and less in it, for where room is short: the oldest closed findings go first, then what was
    covered (which costs another look), then the length of what open findings tell. An open finding is never left out.
    """
    closed = [one for one in past.findings if one.state is not FindingState.OPEN]
    if closed:
        for step in range(1, _STEPS + 1):
            gone = {id(one) for one in closed[: -(-len(closed) * step // _STEPS)]}
            yield replace(past, findings=tuple(one for one in past.findings if id(one) not in gone))
    only_open = tuple(one for one in past.findings if one.state is FindingState.OPEN)
    past = replace(past, findings=only_open, entries=())
    yield past
    yield replace(past, findings=tuple(_shortened(one) for one in only_open), walkthrough="")


def _shortened(known: KnownFinding) -> KnownFinding:
    finding = known.finding
    body, case = finding.body[:_MAX_BODY], finding.failing_case[:_MAX_BODY]
    return replace(known, finding=replace(finding, body=body, failing_case=case, suggestion=None, proof=None))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _built(kind: Any, value: object, where: str) -> object:
    """The value as `kind`, which is a type of a dataclass's field. Any: types have no type that says so."""
    if isinstance(kind, NewType):
        return _built(kind.__supertype__, value, where)
    if get_origin(kind) in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        return None if value is None else _built(inner, value, where)
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
        return tuple(_built(kinds[0], item, f"{where}[]") for item in value)
    if len(value) != len(kinds):
        raise ValueError(f"{where} has {len(value)} parts, not {len(kinds)}")
    return tuple(_built(kind, item, f"{where}[]") for kind, item in zip(kinds, value, strict=True))


def _dataclass(kind: Any, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"{where or 'the whole'} is no object: {str(value)[:40]!r}")
    expected = _fields(kind)
    if unknown := value.keys() - expected.keys():
        raise ValueError(f"{where} has a field that is not known: {min(unknown)[:40]!r}")
    missing = [name for name, (_, required) in expected.items() if required and name not in value]
    if missing:
        raise ValueError(f"{where} lacks {missing[0]!r}")
    return kind(**{name: _built(expected[name][0], item, f"{where}.{name}") for name, item in value.items()})


@cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Field -> (its type, whether it must be there)."""
    hints = get_type_hints(kind)
    return {
        one.name: (hints[one.name], one.default is MISSING and one.default_factory is MISSING) for one in fields(kind)
    }


def _refuse(constant: str) -> object:
    raise ValueError(f"not a number: {constant}")
