"""Detectors stay quiet on real changes of well-kept packages, and each hit that remains was looked at."""

from __future__ import annotations

from collections import Counter
from functools import cache

import yaml

from app.adapters.rules.syntax import installed
from scripts.detectors import RANGES, Found, all_hits, ranges, table

_MOST_PER_THOUSAND_LINES = 2
_MOST_OF_ONE_RULE = 5
_LEAST_LINES = 20_000

Place = tuple[str, str, str, str]


@cache
def _hits() -> tuple[Found, ...]:
    return tuple(all_hits())


def _place(found: Found) -> Place:
    return (found.hit.rule_id, found.range, found.hit.path, found.text.strip())


def _explained() -> list[dict[str, str]]:
    entries = yaml.safe_load((RANGES / "explained.yml").read_text(encoding="utf-8"))
    assert all(set(entry) == {"rule", "range", "file", "text", "why"} for entry in entries)
    return list(entries)


def test_there_is_enough_to_say_something() -> None:
    assert installed(), "the suite runs with the extra `structural`"
    assert 10 <= len(ranges()) <= 20
    assert sum(bundled.changed_lines for bundled in ranges()) >= _LEAST_LINES
    names = [name for bundled in ranges() for name in bundled.files]
    for ending in (".py", ".ts", ".tsx", ".js", ".go", ".java", ".sql", ".tf", "Dockerfile"):
        assert any(name.endswith(ending) for name in names), ending
    assert any(name.startswith(".github/workflows/") for name in names)


def test_detectors_are_quiet() -> None:
    hits = _hits()
    lines = sum(bundled.changed_lines for bundled in ranges())

    assert 1_000 * len(hits) / lines <= _MOST_PER_THOUSAND_LINES, table(hits)
    of_rules = Counter(found.hit.rule_id for found in hits)
    assert {rule: count for rule, count in of_rules.items() if count > _MOST_OF_ONE_RULE} == {}


def test_every_hit_was_looked_at_and_explained() -> None:
    explained = Counter((e["rule"], e["range"], e["file"], e["text"]) for e in _explained())
    found = Counter(_place(hit) for hit in _hits())

    assert found - explained == Counter(), "a hit that nobody explained: mend the rule, or add it to explained.yml"
    assert explained - found == Counter(), "no longer a hit: take it out of explained.yml"
    assert all(entry["why"].startswith(("Right. ", "Tolerated. ")) for entry in _explained())


def test_each_range_has_its_licence_and_its_line_in_the_readme() -> None:
    readme = (RANGES / "README.md").read_text(encoding="utf-8")
    for bundled in ranges():
        package = bundled.name.rpartition("-")[0].rpartition("-")[0]
        old, new = bundled.name.removeprefix(f"{package}-").split("-")
        assert (RANGES / "licences" / f"{package}.txt").is_file()
        assert f"| {old} to {new} |" in readme
