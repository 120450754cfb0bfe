"""What the child does with one request. All of it meets hostile text, and dies with the child if it must."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any, cast

from ast_grep_py import Config, SgNode, SgRoot

from app.adapters.parsing.languages import BY_NAME
from app.adapters.parsing.outline import symbols

MOST_LINES = 10_000
# Names that a grammar does not call an identifier; comments and strings have other kinds.
_NAME_KIND = re.compile(r"identifier|_name$|^(?:alias|constant|constructor|name|variable|word)$")


def answer(request: Mapping[str, Any]) -> dict[str, object]:
    """The reply to what `ChildParser` asks. Raises whatever the library does, which is the end of the child."""
    language = BY_NAME[request["language"]]  # of a name that it does not know the library panics
    root = SgRoot(request["text"], language.name).root()
    match request["ask"]:
        case "outline":
            return {"answer": [astuple(symbol) for symbol in symbols(root, language)]}
        case "mentions":
            return {"answer": mentions(root, request["name"])}
        case "structural":
            return {"answer": matches(root, request["rules"])}
        case "check":
            return {"answer": len(matches(root, [("", request["rule"])]))}
        case other:
            raise KeyError(other)


def mentions(root: SgNode, name: str) -> list[int]:
    """The lines on which a node that is a name begins and has exactly this text."""
    nodes = root.find_all(regex=f"^{re.escape(name)}$")
    lines = {node.range().start.line + 1 for node in nodes if _NAME_KIND.search(node.kind())}
    return sorted(lines)[:MOST_LINES]


def matches(root: SgNode, rules: list[tuple[str, dict[str, object]]]) -> list[tuple[str, int]]:
    """Rule by rule, the lines on which what it describes begins."""
    found: list[tuple[str, int]] = []
    for rule_id, rule in rules:
        lines = {node.range().start.line + 1 for node in root.find_all(_config(rule))}
        found += [(rule_id, line) for line in sorted(lines)]
    return found[:MOST_LINES]


def reason(error: BaseException) -> str:
    """What the library says of a rule that it does not take: a chain of causes, without its own call stack."""
    said = str(error).partition("Stack backtrace")[0]
    causes = [re.sub(r"^\d+: ", "", line.strip()) for line in said.splitlines()]
    return " ".join(cause for cause in causes if cause and cause != "Caused by:")


def _config(rule: dict[str, object]) -> Config:
    return cast("Config", {"rule": rule})
