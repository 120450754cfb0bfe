"""Reads rules, `<pack>/<name>.md` each, from a directory or from given bytes, and checks them on their examples."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from itertools import islice

from app.adapters.rules.rule_file import parse_rule
from app.adapters.rules.syntax import installed, lines_of
from app.adapters.rules.wording import quoted
from app.domain.errors import RuleInvalid
from app.domain.rule_choice import applies
from app.domain.rules import Example, LoadedRules, Rule
from app.domain.static_checks import patterns_for

MAX_FILES = 500
MAX_TOTAL_BYTES = 4 * 1024 * 1024

_README = "README.md"
_PACK = re.compile(r"[a-z][a-z0-9-]{0,39}")
_RULE = re.compile(r"[a-z][a-z0-9-]{0,79}\.md")


def load_rules(directory: Traversable) -> tuple[Rule, ...]:
    """Every rule below the directory, by id. Raises RuleInvalid with one line for each problem of any file."""
    loaded = _read(directory)
    if loaded.problems:
        raise RuleInvalid("\n".join(loaded.problems))
    return loaded.rules


def check_rules(directory: Traversable) -> LoadedRules:
    """The rules below the directory, and everything wrong with them, their behaviour on their examples included."""
    loaded = _read(directory)
    return LoadedRules(loaded.rules, (*loaded.problems, *misbehaviour(loaded.rules)))


def read_rules(files: Mapping[str, bytes], *, taken: Collection[str] = ()) -> LoadedRules:
    """The rules in the bytes of files, by path below the directory of rules: `pack/name.md`.

    READMEs and hidden files are no rules. `taken` are the ids of rules that are there already. Nothing is raised:
    what cannot be used is a problem, and the rest is read.
    """
    rules: list[Rule] = []
    problems: list[str] = []
    total = 0
    paths = [path for path in sorted(files) if not _is_hidden(path)]
    if len(paths) > MAX_FILES:
        problems.append(f"there are {len(paths)} files; keep at most {MAX_FILES}, of which these were read")
    for path in paths[:MAX_FILES]:
        total += len(files[path])
        if total > MAX_TOTAL_BYTES:
            problems.append(f"{quoted(path)}: the files have more than {MAX_TOTAL_BYTES} bytes; nothing from here on")
            break
        try:
            rules.append(_rule(files[path], path, taken))
        except RuleInvalid as error:
            problems += str(error).split("\n")
    return LoadedRules(tuple(rules), tuple(problems))


def misbehaviour(rules: Iterable[Rule]) -> Iterator[str]:
    """Where rules do not do on their examples what these say, one line each."""
    return (problem for rule in rules for problem in _misbehaviour(rule))


def _rule(data: bytes, path: str, taken: Collection[str]) -> Rule:
    pack, _, name = path.rpartition("/")
    if not _PACK.fullmatch(pack) or not _RULE.fullmatch(name):
        raise RuleInvalid(f"{quoted(path)}: not a rule; call it <pack>/<name>.md in small letters, digits and hyphens")
    if path.removesuffix(".md") in taken:
        raise RuleInvalid(f"{path}: there is a rule with this id already; choose another name")
    return parse_rule(data, path)


def _is_hidden(path: str) -> bool:
    parts = path.split("/")
    return parts[-1] == _README or any(part.startswith((".", "__")) for part in parts)


def _read(directory: Traversable) -> LoadedRules:
    if not directory.is_dir():
        missing = f"{directory}: there is no such directory; name the one that holds the packs of rules"
        return LoadedRules((), (missing,))
    found = islice(_files(directory), MAX_FILES + 1)  # one more than is read: what is over the limit is said
    loaded = read_rules({path: b"" if file.is_dir() else file.read_bytes() for path, file in found})
    if not loaded.rules and not loaded.problems:
        return LoadedRules((), (f"{directory}: there are no rules; write one as <pack>/<name>.md",))
    return loaded


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
    if rule.detector is None and not rule.structural:
        return
    whole = installed() or not rule.structural  # without a parser only half of the rule can be tried
    for example in rule.must_hit if whole else ():
        if not _detected(rule, example):
            yield f"{rule.id}.md: the detector misses the hit example {quoted(example.text)}"
    for example in rule.must_not:
        if _detected(rule, example):
            yield f"{rule.id}.md: the detector hits the miss example {quoted(example.text)}"


def _detected(rule: Rule, example: Example) -> bool:
    if rule.detector is not None and any(rule.detector.hits(line) for line in example.text.split("\n")):
        return True
    return any(lines_of(seen, example.text) for seen in patterns_for(rule, example.path))
