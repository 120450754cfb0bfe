"""Reads one rule: YAML front matter between two lines of `---`, then prose for the model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from app.adapters.rules.fields import Fields, Item, Problems
from app.adapters.rules.languages import LANGUAGES
from app.adapters.rules.patterns import MAX_CHARACTERS, Re2Pattern
from app.adapters.rules.strict_yaml import BYTE_ORDER_MARK, MAX_BYTES, Position, YamlRefused, read_yaml
from app.adapters.rules.structural import structural_patterns
from app.adapters.rules.wording import quoted
from app.domain.errors import RuleInvalid
from app.domain.rules import Detector, Example, Rule
from app.domain.severity import Severity
from app.domain.static_checks import BUILT_IN_CHECKS
from app.domain.tiers import Tier

KEYS = ("id", "title", "severity", "tier", "globs", "languages", "detect", "fix", "examples")
DETECT_KEYS = ("match", "unless", "structural")
EXAMPLES_KEYS = ("hit", "miss")
TIERS = tuple(tier for tier in Tier if tier is not Tier.SKIP)
EXAMPLE_KEYS = ("path", "text")

MAX_TITLE_CHARACTERS = 100
MAX_FIX_CHARACTERS = 300
MAX_PROSE_CHARACTERS = 6_000
MAX_EXAMPLE_CHARACTERS = 2_000
MAX_PATH_CHARACTERS = 200
MAX_ITEMS = 20

_LINE_END = re.compile(rb"\r?\n")


def parse_rule(data: bytes, path: str) -> Rule:
    """The rule in a file's bytes. `path` is `pack/name.md`, below the directory of rules.

    Raises RuleInvalid with one line for each problem: `path:line: what to write instead`.
    """
    problems = Problems()
    try:
        rule = _rule(data, path, problems)
    except YamlRefused as refused:
        problems.add(refused.at, refused.message)
    if problems:
        raise RuleInvalid("\n".join(f"{path}:{p.at.line}: {p.message}" for p in problems.in_order()))
    return rule


def _rule(data: bytes, path: str, problems: Problems) -> Rule:
    front, prose, prose_at = _split(data)
    fields = Fields(read_yaml(front), "", KEYS, problems)
    for key, example in _REQUIRED.items():
        fields.require(key, example)
    if not prose:
        problems.add(prose_at, "the prose is missing; say below the front matter what to flag, what not, and why")
    elif len(prose) > MAX_PROSE_CHARACTERS:
        problems.add(prose_at, f"the prose has {len(prose)} characters; keep it under {MAX_PROSE_CHARACTERS + 1}")
    examples = fields.section("examples", EXAMPLES_KEYS)
    detect = fields.section("detect", DETECT_KEYS)
    languages = fields.words("languages", LANGUAGES) or ()
    return Rule(
        id=_id(fields, path),
        title=_line(fields, "title", MAX_TITLE_CHARACTERS),
        severity=Severity(fields.word("severity", Severity) or Severity.P3),
        globs=_globs(fields, languages),
        prose=prose,
        fix=_line(fields, "fix", MAX_FIX_CHARACTERS),
        detector=_detector(detect),
        must_hit=_examples(examples, "hit"),
        must_not=_examples(examples, "miss"),
        structural=structural_patterns(detect, languages),
        tier=Tier(fields.word("tier", TIERS) or Tier.STANDARD),
        sha256=hashlib.sha256(data).hexdigest(),
    )


_REQUIRED = {
    "id": "id: pack/name",
    "title": "title: What is wrong, in a few words",
    "severity": "severity: P2",
    "fix": "fix: What to do instead.",
    "examples": "examples: {hit: [...], miss: [...]}",
}


def _split(data: bytes) -> tuple[bytes, str, Position]:
    """Front matter that keeps its line numbers, prose, and where the prose begins."""
    if len(data) > MAX_BYTES:
        raise YamlRefused(Position(1, 1), f"the file has {len(data)} bytes; keep it under {MAX_BYTES}")
    lines = _LINE_END.split(data.removeprefix(BYTE_ORDER_MARK))
    if lines[0] != b"---":
        raise YamlRefused(Position(1, 1), "the front matter is missing; begin the file with a line of `---`")
    try:
        end = lines.index(b"---", 1)
    except ValueError:
        raise YamlRefused(Position(1, 1), "the front matter does not end; close it with a line of `---`") from None
    at = Position(end + 2, 1)
    try:
        prose = b"\n".join(lines[end + 1 :]).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise YamlRefused(at, "the prose is not UTF-8; save the file as UTF-8") from None
    return b"\n".join([b"", *lines[1:end]]), prose, at


def _id(fields: Fields, path: str) -> str:
    rule_id = fields.text("id", "", max_characters=MAX_PATH_CHARACTERS)
    node = fields.node("id")
    if node is not None and rule_id:
        expected = path.removesuffix(".md")
        if rule_id in BUILT_IN_CHECKS:
            fields.refuse(node.at, f"id is {quoted(rule_id)}, which is a built-in check; choose another")
        elif rule_id != expected:
            fields.refuse(node.at, f"id is {quoted(rule_id)}; write {expected}, as the file is called")
    return rule_id


def _line(fields: Fields, key: str, max_characters: int) -> str:
    text = fields.text(key, "", max_characters=max_characters).strip()
    node = fields.node(key)
    if node is not None and "\n" in text:
        fields.refuse(node.at, f"{key} has several lines; write one")
    return text


def _globs(fields: Fields, languages: tuple[str, ...]) -> tuple[str, ...]:
    globs = fields.globs("globs", max_items=MAX_ITEMS)
    node = fields.node("languages")
    if node is not None and fields.node("globs") is not None:
        fields.refuse(node.at, "languages and globs both say where the rule applies; keep one of them")
    return globs or tuple(glob for language in languages for glob in LANGUAGES[language])


def _detector(detect: Fields) -> Detector | None:
    if detect.node("structural") is None:
        detect.require("match", "match: ['a regular expression']")
    unless = detect.node("unless")
    if detect.node("match") is not None:
        return Detector(_patterns(detect, "match"), _patterns(detect, "unless"))
    if unless is not None:
        detect.refuse(unless.at, "detect.unless goes with detect.match, which is missing; leave it out")
    return None


def _patterns(fields: Fields, key: str) -> tuple[Re2Pattern, ...]:
    """One pattern that stands for all of the list: a line is scanned once for each rule, not once for each pattern."""
    items = fields.items(key, max_items=MAX_ITEMS, max_characters=MAX_CHARACTERS)
    fine = [item.text for item in items if _parses(item, fields.refuse)]
    if not fine:
        return ()
    try:
        return (Re2Pattern.any_of(fine),)
    except ValueError as error:
        fields.refuse(items[0].at, f"the patterns of {fields.path_of(key)} do not go together: {error}")
        return ()


def _parses(item: Item, refuse: Callable[[Position, str], None]) -> bool:
    try:
        Re2Pattern.parse(item.text)
    except ValueError as error:
        refuse(item.at, f"{item.name}: {error}")
        return False
    return True


def _examples(fields: Fields, key: str) -> tuple[Example, ...]:
    fields.require(key, f"{key}: [{{path: ..., text: ...}}]")
    examples: list[Example] = []
    for example in fields.maps(key, EXAMPLE_KEYS, max_items=MAX_ITEMS):
        example.require("path", "path: src/example.py")
        example.require("text", "text: the code")
        path = example.text("path", "", max_characters=MAX_PATH_CHARACTERS)
        examples.append(Example(path, example.text("text", "", max_characters=MAX_EXAMPLE_CHARACTERS)))
    node = fields.node(key)
    if node is not None and not examples:
        fields.refuse(node.at, f"{fields.path_of(key)} has no example; write at least one")
    return tuple(examples)
