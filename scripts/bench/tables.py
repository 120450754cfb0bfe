"""Prints results, each cell `median (minimum-maximum)`: measures down, or across where much was measured."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.bench.results import Results, Section

_MOST_ACROSS = 5


def show(results: Results) -> None:
    print("\n" + "; ".join(f"{name} {value}" for name, value in results.facts.items()))
    for section in results.sections:
        print(f"\n{section.title}\n")
        print_table(_rows(section))
        for note in section.notes:
            print(f"\n{note}")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table; the first row is the heading."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("| " + " | ".join("-" * width for width in widths) + " |")


def _rows(section: Section) -> list[list[str]]:
    if len(section.columns) > _MOST_ACROSS:
        rows = [["", *section.measures]]
        for column in section.columns:
            spreads = [section.spread(column, measure) for measure in section.measures]
            rows.append([column, *("" if spread is None else str(spread) for spread in spreads)])
        return rows
    rows = [["", *section.columns]]
    for measure in section.measures:
        spreads = [section.spread(column, measure) for column in section.columns]
        rows.append([measure, *("" if spread is None else str(spread) for spread in spreads)])
    return rows
