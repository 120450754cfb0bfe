"""What a run measured: every single value, so that spreads and ratios can be worked out later; kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

FORMAT = 1

Columns = Mapping[str, Mapping[str, Sequence[float]]]
"""What was measured -> measure -> one value for each round."""


@dataclass(frozen=True, slots=True)
class Spread:
    low: float
    middle: float
    high: float
    values: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(min(values), median(values), max(values), len(values))

    def __str__(self) -> str:
        if self.low == self.high:
            return _short(self.middle)
        return f"{_short(self.middle)} ({_short(self.low)}-{_short(self.high)})"


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark."""

    name: str
    title: str
    columns: Columns
    notes: tuple[str, ...] = ()
    """What a reader of the table should know, such as what could not be measured."""

    def spread(self, column: str, measure: str) -> Spread | None:
        """None when this run has no such value."""
        values = self.columns.get(column, {}).get(measure)
        return Spread.of(values) if values else None

    @property
    def measures(self) -> list[str]:
        """Every measure that some column has, in order."""
        return list(dict.fromkeys(measure for column in self.columns.values() for measure in column))


@dataclass(frozen=True, slots=True)
class Results:
    """One run; `facts` say when, where and of what."""

    facts: Mapping[str, str]
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section | None:
        return next((section for section in self.sections if section.name == name), None)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        sections = [{"name": s.name, "title": s.title, "columns": s.columns, "notes": s.notes} for s in self.sections]
        path.write_text(json.dumps({"format": FORMAT, "facts": self.facts, "sections": sections}, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Raises ValueError for a file that is none of ours."""
        data: Any = json.loads(path.read_text())
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"{path} is not a result file of format {FORMAT}")
        sections = tuple(
            Section(s["name"], s["title"], s["columns"], tuple(s.get("notes", ()))) for s in data["sections"]
        )
        return cls(data["facts"], sections)


def ratios(values: Sequence[float], base: Sequence[float]) -> list[float]:
    """Round by round, because what disturbed one side of a round disturbed the other side too."""
    return [value / other for value, other in zip(values, base, strict=True)]


def _short(value: float) -> str:
    """Three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")  # noqa: PLR2004
