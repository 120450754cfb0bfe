"""Symbols in a syntax tree: which nodes they are, what they are called, and what is around them."""

from __future__ import annotations

from dataclasses import dataclass

from ast_grep_py import SgNode

from app.adapters.parsing.languages import Language, Naming, Shape

MOST_SYMBOLS = 5_000
_LONGEST_NAME = 200
_LONGEST_QUALIFIED = 500
_FUNCTIONS = frozenset({"arrow_function", "class", "function", "function_expression", "generator_function"})
_IDENTIFIERS = frozenset({"simple_identifier", "type_identifier", "identifier"})
_DEFINE = {"def": "function", "defp": "function", "defmacro": "macro", "defmacrop": "macro", "defmodule": "module"}
_HAS_METHODS = frozenset(
    {"class", "contract", "enum", "extension", "impl", "interface", "library", "object", "protocol", "record", "struct",
     "trait", "union"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A symbol as `app.domain.symbols` has it."""

    name: str
    kind: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class _Around:
    """A node that is open while those in it are looked at. `place` is where it ends: line and column."""

    place: tuple[int, int]
    name: str = ""
    kind: str = ""
    first_line: int | None = None
    """Where a symbol in it begins that ends where it ends."""


def symbols(root: SgNode, language: Language) -> list[Found]:
    """In the order of the text, at most `MOST_SYMBOLS`; the rest of a larger file has none."""
    found: list[Found] = []
    around: list[_Around] = []
    for node in root.find_all(any=[{"kind": kind} for kind in language.symbols]):
        where = node.range()
        start, end = (where.start.line, where.start.column), (where.end.line, where.end.column)
        while around and around[-1].place <= start:
            around.pop()
        shape = language.symbols[node.kind()]
        if shape.naming is Naming.AROUND:
            around.append(_Around(end, *_qualifier(around), first_line=start[0]))
            continue
        named = _named(node, shape)
        if named is None:
            continue
        qualifier, outer = _qualifier(around)
        name, kind = named
        if kind == "function" and outer in _HAS_METHODS:
            kind = "method"
        qualified = f"{qualifier}.{name}" if qualifier else name
        qualified = qualified[-_LONGEST_QUALIFIED:]
        first = start[0]
        if around and around[-1].first_line is not None and around[-1].place == end:
            first = around[-1].first_line
        # A node that ends before the first column has the end of the line before it.
        last = end[0] - 1 if end[1] == 0 and end[0] > first else end[0]
        found.append(Found(qualified, kind, first + 1, last + 1))
        if len(found) == MOST_SYMBOLS:
            break
        around.append(_Around(end, qualified, kind))
    return found


def _qualifier(around: list[_Around]) -> tuple[str, str]:
    return (around[-1].name, around[-1].kind) if around else ("", "")


def _named(node: SgNode, shape: Shape) -> tuple[str, str] | None:
    """Name and kind; None for what only looks like a symbol."""
    if shape.naming is Naming.DEFINES:
        return _definition(node)
    name = _plain(_NAMES[shape.naming](node))
    if not name:
        return None
    return name, shape.word or _keyword(node)


def _keyword(node: SgNode) -> str:
    """The first word of the language among the node's children: `class`, `interface`, `struct`."""
    words = (child.text() for child in node.children() if not child.is_named())
    return next((word for word in words if word.isalpha()), node.kind())


def _plain(name: str) -> str:
    """On one line, with a dot between its parts whatever the language writes there, and nothing that is hidden."""
    words = " ".join(name.split()).replace("::", ".").replace(":", ".")
    return "".join(character if character.isprintable() else "?" for character in words)[:_LONGEST_NAME]


def _field(node: SgNode, name: str) -> str:
    found = node.field(name)
    return "" if found is None else found.text()


def _name(node: SgNode) -> str:
    return _field(node, "name")


def _with_body(node: SgNode) -> str:
    return "" if node.field("body") is None else _field(node, "name")


def _declarator(node: SgNode) -> str:
    inner = node.field("declarator")
    while inner is not None:
        named = inner.field("declarator") or _only_declarator(inner)
        if named is None:
            return inner.text()
        inner = named
    return ""


def _only_declarator(node: SgNode) -> SgNode | None:
    """Of parentheses and references, whose inner declarator has no field."""
    if not node.kind().endswith("_declarator"):
        return None
    return next((child for child in node.children() if child.is_named() and "declarator" in child.kind()), None)


def _receiver(node: SgNode) -> str:
    receiver = node.field("receiver")
    kind = None if receiver is None else receiver.find(kind="type_identifier")
    return f"{kind.text()}.{_name(node)}" if kind is not None else _name(node)


def _type(node: SgNode) -> str:
    of = node.field("type")
    base = None if of is None else of.field("type") or of
    return "" if base is None else base.text()


def _first(node: SgNode) -> str:
    return next((child.text() for child in node.children() if child.kind() in _IDENTIFIERS), "")


def _function(node: SgNode) -> str:
    value = node.field("value")
    if value is None or value.kind() not in _FUNCTIONS:
        return ""
    return _field(node, "name") or _field(node, "property")


def _labels(node: SgNode) -> str:
    parts = []
    for child in node.children():
        if child.kind() not in {"identifier", "string_lit"}:
            break
        parts.append(child.text().strip('"'))
    return ".".join(parts)


def _definition(node: SgNode) -> tuple[str, str] | None:
    children = node.children()
    kind = _DEFINE.get(children[0].text()) if len(children) > 1 and children[0].is_named_leaf() else None
    what = children[1].child(0) if kind else None
    if kind is None or what is None:
        return None
    while what.kind() in {"binary_operator", "call"} and (inner := what.child(0)) is not None:
        what = inner
    return _plain(what.text()), kind


_NAMES = {
    Naming.FIELD: _name,
    Naming.WITH_BODY: _with_body,
    Naming.DECLARATOR: _declarator,
    Naming.RECEIVER: _receiver,
    Naming.TYPE: _type,
    Naming.FIRST: _first,
    Naming.FUNCTION: _function,
    Naming.LABELS: _labels,
}
