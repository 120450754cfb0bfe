"""Sets two result files side by side: medians, their ratio, and whether noise alone would explain it."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.bench.results import Results, Section, Spread
from scripts.bench.tables import print_table

_NOTABLE = 0.05


def compare(a: Results, b: Results) -> None:
    """Prints one table for each section that both have."""
    for name, result in (("A", a), ("B", b)):
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in result.facts.items())}")
    for section in a.sections:
        other = b.section(section.name)
        if other is not None:
            print(
                f"\n{section.name}: ratios of the medians; `differs`: by 5 % or more, with spreads that do not meet\n"
            )
            print_table([["", "A", "B", "B / A", ""], *_rows(section, other)])


def _rows(a: Section, b: Section) -> Iterator[list[str]]:
    for column in a.columns:
        for measure in a.measures:
            left, right = a.spread(column, measure), b.spread(column, measure)
            if left is None or right is None:
                continue
            ratio = right.middle / left.middle if left.middle else 1.0
            verdict = "differs" if _apart(left, right) and abs(ratio - 1) >= _NOTABLE else ""
            yield [f"{column}: {measure}", str(left), str(right), f"{ratio:.2f}", verdict]


def _apart(left: Spread, right: Spread) -> bool:
    """A single value has no spread, so it shows nothing."""
    told = left.values > 1 and right.values > 1
    return told and (left.high < right.low or right.high < left.low)
