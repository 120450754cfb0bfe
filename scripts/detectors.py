"""Runs every detector over the bundled real ranges and prints what it says of them: hits by rule and by 1,000 lines."""

from __future__ import annotations

import lzma
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.adapters.rules.files import load_rules
from app.adapters.rules.syntax import installed, lines_of_each
from app.domain.diff import FileDiff, LineKind, PatchReader
from app.domain.rules import Rule
from app.domain.static_checks import StaticHit, check_file, patterns_for, structural_rules

ROOT = Path(__file__).parent.parent
RANGES = ROOT / "tests/samples/clean_ranges"
_HEADER = re.compile(rb"^diff --git [ab]/(.+) b/\1$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Range:
    """The changes between two releases of a package. Each file stands whole in its diff, as context."""

    name: str
    files: dict[str, FileDiff]

    @property
    def changed_lines(self) -> int:
        return sum(diff.changed_line_count for diff in self.files.values())


@dataclass(frozen=True, slots=True)
class Found:
    """A hit and the line it is about."""

    range: str
    hit: StaticHit
    text: str


@cache
def ranges() -> tuple[Range, ...]:
    return tuple(_read(path) for path in sorted(RANGES.glob("*.diff.xz")))


def all_hits() -> list[Found]:
    """What all rules, on lines and on syntax trees, and all built-in checks say of the added lines of all ranges."""
    rules = load_rules(ROOT / "review_rules")
    return [found for bundled in ranges() for found in _hits(bundled, rules)]


def in_syntax_tree(path: str, text: str, rules: Iterable[Rule]) -> list[tuple[str, int]]:
    """(rule id, line) for everything that structural rules find in a file."""
    if not installed():
        return []
    sought = [(rule.id, seen) for rule in structural_rules(path, rules) for seen in patterns_for(rule, path)]
    found = lines_of_each([seen for _, seen in sought], text)
    return [(rule_id, line) for (rule_id, _), lines in zip(sought, found, strict=True) for line in lines]


def table(hits: Sequence[Found]) -> str:
    """Hits by rule, then by range with its lines."""
    by_rule = Counter(found.hit.rule_id for found in hits)
    rows = [f"{count:6}  {rule}" for rule, count in sorted(by_rule.items(), key=lambda item: (-item[1], item[0]))]
    by_range = Counter(found.range for found in hits)
    rows += ["", "  hits   lines  per 1,000  range"]
    for bundled in ranges():
        rows.append(_row(bundled.name, by_range[bundled.name], bundled.changed_lines))
    return "\n".join([*rows, _row("all", len(hits), sum(bundled.changed_lines for bundled in ranges()))])


def _row(name: str, hits: int, lines: int) -> str:
    return f"{hits:6}  {lines:6}  {1_000 * hits / max(lines, 1):9.2f}  {name}"


def _read(path: Path) -> Range:
    data = lzma.decompress(path.read_bytes())
    names = [match[1].decode() for match in _HEADER.finditer(data)]
    reader = PatchReader()
    reader.feed(data)
    reader.finish()
    files = {name: FileDiff(patch.hunks) for name, patch in zip(names, reader.patches, strict=True)}
    return Range(path.name.removesuffix(".diff.xz"), files)


def _hits(bundled: Range, rules: tuple[Rule, ...]) -> Iterator[Found]:
    for path, diff in bundled.files.items():
        lines = [line.text for hunk in diff.hunks for line in hunk.lines if line.kind is not LineKind.REMOVED]
        told = in_syntax_tree(path, "\n".join(lines), rules)
        for hit in check_file(path, diff, rules, structural=told):
            yield Found(bundled.name, hit, lines[hit.line - 1])


def main() -> None:
    hits = all_hits()
    if "--lines" in sys.argv[1:]:
        for found in hits:
            print(f"{found.hit.rule_id}  {found.range}/{found.hit.path}:{found.hit.line}  {found.text.strip()[:160]}")
    print(table(hits))


if __name__ == "__main__":
    main()
