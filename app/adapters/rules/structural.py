"""Reads `detect.structural`: a rule object of ast-grep, of bounded depth and size, for the grammars of the rule."""

from __future__ import annotations

from app.adapters.rules.fields import Fields
from app.adapters.rules.languages import LANGUAGES, grammars_of
from app.adapters.rules.strict_yaml import Position, YamlList, YamlMap, YamlNode, YamlScalar
from app.adapters.rules.syntax import refusal
from app.adapters.rules.wording import instead_of, listed, quoted
from app.domain.rules import StructuralPattern

KEYS = ("languages", "rule")
MAX_DEPTH = 12
MAX_VALUES = 200
MAX_TEXT_CHARACTERS = 500

_RELATIONS = ("has", "inside", "precedes", "follows")
_LISTS = ("all", "any")
_TEXTS = ("kind", "regex")
_RULE_KEYS = ("pattern", *_TEXTS, "nthChild", *_RELATIONS, *_LISTS, "not")
_RELATION_KEYS = (*_RULE_KEYS, "stopBy", "field")
_PATTERN_KEYS = ("context", "selector", "strictness")
_POSITION_KEYS = ("position", "reverse", "ofRule")
_SHORT_STOPS = ("neighbor", "end")


def structural_patterns(detect: Fields, languages: tuple[str, ...]) -> tuple[StructuralPattern, ...]:
    """One pattern for each grammar. `languages` are the rule's own, which count where the section names none."""
    if detect.node("structural") is None:
        return ()
    section = detect.section("structural", KEYS)
    section.require("rule", "rule: {pattern: the code}")
    named = section.words("languages", LANGUAGES)
    node = section.node("rule")
    if node is None:
        return ()
    grammars = tuple(dict.fromkeys(g for language in named or languages for g in grammars_of(language)))
    if not grammars:
        section.refuse(section.at, f"{section.path_of('languages')} must name a language that has a grammar: [python]")
    try:
        rule = _Reader().rule(node, section.path_of("rule"), _RULE_KEYS, 1)
    except _Wrong as wrong:
        section.refuse(wrong.at, wrong.message)
        return ()
    patterns = tuple(StructuralPattern(grammar, rule) for grammar in grammars)
    for pattern in patterns:
        if why := refusal(pattern):
            section.refuse(node.at, f"{section.path_of('rule')}: for {pattern.language}, ast-grep says: {quoted(why)}")
    return patterns


class _Wrong(ValueError):
    def __init__(self, at: Position, message: str) -> None:
        self.at = at
        self.message = message
        super().__init__(message)


class _Reader:
    """Turns YAML into the plain values that ast-grep takes. Raises _Wrong at the first mistake."""

    def __init__(self) -> None:
        self._values = 0

    def rule(self, node: YamlNode, name: str, known: tuple[str, ...], depth: int) -> dict[str, object]:
        if not isinstance(node, YamlMap) or not node.fields:
            raise _Wrong(node.at, f"{name} is no mapping; write one of {listed(known)}")
        if depth > MAX_DEPTH:
            raise _Wrong(node.at, f"{name} is nested more than {MAX_DEPTH} levels deep; flatten it")
        taken: dict[str, object] = {}
        for field in node.fields:
            self._values += 1
            if self._values > MAX_VALUES:
                raise _Wrong(field.at, f"the rule has more than {MAX_VALUES} keys and values; shorten it")
            if field.key not in known:
                message = f"unknown key {quoted(field.key)} in {name}: {instead_of(field.key, known)}"
                raise _Wrong(field.at, message)
            taken[field.key] = self._value(field.key, field.value, f"{name}.{field.key}", depth)
        return taken

    def _value(self, key: str, node: YamlNode, name: str, depth: int) -> object:
        if key in _LISTS:
            return self._rules(node, name, depth)
        if key in _RELATIONS:
            return self.rule(node, name, _RELATION_KEYS, depth + 1)
        if key in {"not", "ofRule"}:
            return self.rule(node, name, _RULE_KEYS, depth + 1)
        if key == "pattern" and isinstance(node, YamlMap):
            return self.rule(node, name, _PATTERN_KEYS, depth + 1)
        if key == "stopBy" and isinstance(node, YamlMap):
            return self.rule(node, name, _RULE_KEYS, depth + 1)
        if key == "nthChild" and isinstance(node, YamlMap):
            return self.rule(node, name, _POSITION_KEYS, depth + 1)
        return self._scalar(key, node, name)

    def _rules(self, node: YamlNode, name: str, depth: int) -> list[object]:
        if not isinstance(node, YamlList) or not node.items:
            raise _Wrong(node.at, f"{name} is no list of rules; write [{{kind: ...}}, ...]")
        return [self.rule(item, f"{name}[{n}]", _RULE_KEYS, depth + 1) for n, item in enumerate(node.items)]

    def _scalar(self, key: str, node: YamlNode, name: str) -> str | int | bool:
        value = node.value if isinstance(node, YamlScalar) else None
        if key == "reverse" and isinstance(value, bool):
            return value
        if key in {"nthChild", "position"} and type(value) is int and value > 0:
            return value
        if key == "stopBy" and value not in _SHORT_STOPS:
            raise _Wrong(node.at, f"{name} is neither a rule nor one of {listed(_SHORT_STOPS)}")
        if not isinstance(value, str) or not value.strip():
            raise _Wrong(node.at, f"{name} is no text; put it in quotes if it looks like something else")
        if len(value) > MAX_TEXT_CHARACTERS:
            message = f"{name} has {len(value)} characters; keep it under {MAX_TEXT_CHARACTERS + 1}"
            raise _Wrong(node.at, message)
        return value
