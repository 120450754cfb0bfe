"""The effective policy as a table for the terminal and for a comment: each value, where it comes from, what was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.encodable import encodable
from app.domain.inert import cell, cell_code, inline
from app.domain.policy_keys import KEYS, shown
from app.domain.policy_layers import EffectivePolicy, Narrowed
from app.domain.visible import visible

_VALUE = 300
_MOST_ROWS, _MOST_PROBLEMS = 80, 10


@dataclass(frozen=True, slots=True)
class ConfigRow:
    key: str
    value: str
    source: str
    note: str
    """What a layer asked for and did not get; empty mostly."""


def config_rows(effective: EffectivePolicy) -> tuple[ConfigRow, ...]:
    """In the order of the file; a list to which layers add has a row for each item."""
    return tuple(row for key in KEYS for row in _rows(effective, key.name, key.of(effective.policy), adds=key.adds))


def _rows(effective: EffectivePolicy, key: str, value: Any, *, adds: bool) -> Iterator[ConfigRow]:
    if adds and isinstance(value, tuple) and value:
        names = [f"{key}[{number}]" for number in range(len(value))]
        yield from (
            ConfigRow(name, shown(item), ", ".join(effective.sources[name]), "")
            for name, item in zip(names, value, strict=True)
        )
    else:
        note = "; ".join(_cut(one) for one in effective.narrowed if one.key == key)
        yield ConfigRow(key, shown(value), ", ".join(effective.sources[key]), note)


def config_text(effective: EffectivePolicy) -> str:
    """For the terminal, one line for each value; nobody's text can send control characters."""
    rows = config_rows(effective)
    keys, sources = (max(map(len, column)) for column in zip(*((r.key, r.source) for r in rows), strict=True))
    return "\n".join(_line(row, keys, sources) for row in rows)


def _line(row: ConfigRow, keys: int, sources: int) -> str:
    note = f"  ({visible(_single(row.note))})" if row.note else ""
    return f"{row.key:<{keys}}  {row.source:<{sources}}  {visible(_single(row.value))}{note}"


def _single(text: str) -> str:
    return " ".join(text.split())


def config_markdown(effective: EffectivePolicy) -> str:
    """The same as an inert table."""
    lines = ["| key | value | source | note |", "| --- | --- | --- | --- |"]
    for row in config_rows(effective):
        value = cell_code(_single(row.value), limit=_VALUE)
        lines.append(f"| `{row.key}` | {value} | {row.source} | {cell(row.note, limit=_VALUE)} |")
    return "\n".join(lines)


def policy_words(effective: EffectivePolicy, problems: tuple[str, ...]) -> str:
    """The words of the command `config`: the policy that holds for a pull request, and what is wrong with its files."""
    table = config_markdown(effective).splitlines()
    more = len(table) - _MOST_ROWS
    told = [*table[:_MOST_ROWS], *([f"| … and {more:,} more | | | |"] if more > 0 else [])]
    wrong = [f"- {inline(problem, limit=_VALUE)}" for problem in problems[:_MOST_PROBLEMS]]
    if wrong:
        told += ["", "What is invalid has no say:", "", *wrong]
    return "\n".join(told)


def config_json(effective: EffectivePolicy) -> dict[str, Any]:
    """The same for machines; `schema` rises when a key changes its meaning."""
    values = [
        {"key": row.key, "value": row.value, "source": row.source.split(", "), "note": row.note}
        for row in config_rows(effective)
    ]
    told: dict[str, Any] = encodable({"schema": 1, "values": values})
    return told


def narrowed_notes(narrowed: Iterable[Narrowed]) -> tuple[str, ...]:
    """For the record of a review: whoever asked is told what holds instead, and why."""
    return tuple(f"{one.key} is {one.got}: {_cut(one)}" for one in narrowed)


def _cut(one: Narrowed) -> str:
    by = " and the ".join(one.by)
    return f"the {one.layer} asks for {one.asked} in line {one.line}, the {by} sets a limit"
