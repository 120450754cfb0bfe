"""`revwright rules`: which rules there are, and are the rules in this directory all right?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from app.adapters.rules.files import check_rules, load_rules
from app.adapters.rules.policy_file import PACKS
from app.adapters.rules.syntax import installed
from app.cli.exit_status import EXIT_ERROR, EXIT_PASSED, EXIT_PROBLEMS
from app.domain.rules import Rule
from app.domain.static_checks import BUILT_IN_CHECKS


def rules(arguments: argparse.Namespace) -> int:
    """One action; returns the exit status."""
    if arguments.action == "check":
        return _check(Path(arguments.directory))
    return _list(arguments.pack, as_json=arguments.json)


def _list(pack: str | None, *, as_json: bool) -> int:
    if pack is not None and pack not in PACKS:
        print(f"revwright: there is no pack {pack!r}; use one of {', '.join(PACKS)}", file=sys.stderr)
        return EXIT_ERROR
    shipped = load_rules(resources.files("review_rules"))
    chosen = [rule for pack_of in PACKS for rule in shipped if rule.pack == pack_of and pack in {None, pack_of}]
    if as_json:
        print(json.dumps({"rules": [_as_json(rule) for rule in chosen]}, indent=2))
        return EXIT_PASSED
    width = max(len(rule.id) for rule in chosen)
    for rule in chosen:
        seen = "+".join(_seen_by(rule)) or "model"
        print(f"{rule.id:{width}}  {rule.severity}  {rule.tier:8}  {seen:9}  {rule.title}")
    detecting = sum(bool(_seen_by(rule)) for rule in chosen)
    print(
        f"{len(chosen)} rules; {detecting} of them also find their problem without a model, in a line or a syntax tree."
    )
    if pack is None:
        print(f"Always there besides: {', '.join(sorted(BUILT_IN_CHECKS))}.")
    return EXIT_PASSED


def _check(directory: Path) -> int:
    checked = check_rules(directory)
    for problem in checked.problems:
        print(problem, file=sys.stderr)
    trees = [rule for rule in checked.rules if rule.structural]
    if trees and not installed():
        words = "not tried, because syntax trees need the extra `structural`, which is not installed"
        print(f"note: the patterns and examples of {_counted(trees, 'rule')} were {words}", file=sys.stderr)
    if checked.problems:
        print(f"{directory}: {_counted(checked.problems, 'problem')}", file=sys.stderr)
        return EXIT_PROBLEMS
    print(f"{directory}: {_counted(checked.rules, 'rule')}, all valid")
    return EXIT_PASSED


def _counted(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}" if len(things) == 1 else f"{len(things)} {word}s"


def _seen_by(rule: Rule) -> Iterable[str]:
    """How the rule finds its problem without a model."""
    return [word for word, has in (("line", rule.detector), ("tree", rule.structural)) if has]


def _as_json(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "pack": rule.pack,
        "title": rule.title,
        "severity": rule.severity,
        "tier": rule.tier,
        "globs": list(rule.globs),
        "detects": list(_seen_by(rule)),
        "fix": rule.fix,
    }
