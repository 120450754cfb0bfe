"""Reads a directory of rules, `<pack>/<name>.md` each, and checks that its rules do what their examples say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from app.adapters.rules.rule_file import parse_rule
from app.adapters.rules.wording import quoted
from app.domain.errors import RuleInvalid
from app.domain.rule_choice import applies
from app.domain.rules import Example, Rule

_README = "README.md"
_PACK = re.compile(r"[a-z][a-z0-9-]{0,39}")
_RULE = re.compile(r"[a-z][a-z0-9-]{0,79}\.md")


def load_rules(directory: Traversable) -> tuple[Rule, ...]:
    """Every rule below the directory, by id. Raises RuleInvalid with one line for each problem of any file."""
    rules, problems = _read(directory)
    if problems:
        raise RuleInvalid("\n".join(problems))
    return rules


def lint_rules(directory: Traversable) -> list[str]:
    """Everything wrong with the rules below the directory, their behaviour on their examples included."""
    rules, problems = _read(directory)
    return [*problems, *(problem for rule in rules for problem in _misbehaviour(rule))]


def _read(directory: Traversable) -> tuple[tuple[Rule, ...], list[str]]:
    rules: list[Rule] = []
    problems: list[str] = []
    if not directory.is_dir():
        return (), [f"{directory}: there is no such directory; name the one that holds the packs of rules"]
    for path, file in _files(directory):
        pack, _, name = path.rpartition("/")
        if not _PACK.fullmatch(pack) or not _RULE.fullmatch(name):
            problems.append(
                f"{quoted(path)}: not a rule; call it <pack>/<name>.md in small letters, digits and hyphens"
            )
            continue
        try:
            rules.append(parse_rule(file.read_bytes(), path))
        except RuleInvalid as error:
            problems += str(error).split("\n")
    if not rules and not problems:
        problems.append(f"{directory}: there are no rules; write one as <pack>/<name>.md")
    return tuple(rules), problems


def _files(directory: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    """Files with their paths below the directory, in order; hidden ones and READMEs are no rules."""
    for child in sorted(directory.iterdir(), key=lambda child: child.name):
        if child.name.startswith((".", "__")) or child.name == _README:
            continue
        if child.is_dir() and not above:
            yield from _files(child, f"{child.name}/")
        else:
            yield f"{above}{child.name}", child


def _misbehaviour(rule: Rule) -> Iterator[str]:
    for example in (*rule.must_hit, *rule.must_not):
        if not applies(rule, example.path):
            yield f"{rule.id}.md: the example path {quoted(example.path)} is outside the rule's globs or languages"
    if rule.detector is None:
        return
    for example in rule.must_hit:
        if not _detected(rule, example):
            yield f"{rule.id}.md: the detector misses the hit example {quoted(example.text)}"
    for example in rule.must_not:
        if _detected(rule, example):
            yield f"{rule.id}.md: the detector hits the miss example {quoted(example.text)}"


def _detected(rule: Rule, example: Example) -> bool:
    return rule.detector is not None and any(rule.detector.hits(line) for line in example.text.split("\n"))
