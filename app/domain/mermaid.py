"""Mermaid diagrams of a model, read strictly and written anew: a safe subset of flowcharts and sequence diagrams.

Nothing of the source is repeated but the words of its labels. Identifiers, arrows and structure are ours, so that
directives, styles, links, click handlers and HTML cannot come through; a source with any of them is no diagram.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.domain.visible import is_hidden

MAX_SOURCE = 8_000
MAX_NODES = 30
MAX_EDGES = 60
MAX_LABEL = 60

_FLOWCHART = re.compile(r"(?:flowchart|graph)[ \t]+(LR|RL|TD|TB|BT)")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_SHAPES = (("([", "])"), ("[[", "]]"), ("[(", ")]"), ("((", "))"), ("[", "]"), ("(", ")"), ("{", "}"))
_ARROW = re.compile(r"[ \t]*(-->|---|-\.->|==>)[ \t]*(?:\|([^|]{0,200})\|)?[ \t]*")
_SPOKEN_ARROW = re.compile(r"[ \t]+--[ \t]+([^-|>]{1,200}?)[ \t]+-->[ \t]*")
_PARTICIPANT = re.compile(r"(?:participant|actor)[ \t]+([A-Za-z_][A-Za-z0-9_]{0,39})(?:[ \t]+as[ \t]+(.{1,200}))?")
_SAYS = re.compile(
    r"([A-Za-z_][A-Za-z0-9_]{0,39})[ \t]*(-->>|->>|-->|->|--x|-x|--\)|-\))[ \t]*([A-Za-z_][A-Za-z0-9_]{0,39})"
    r"[ \t]*:[ \t]*(.{1,200})"
)
_ALLOWED = frozenset(" .,_-/+=?!'()")
_RESERVED = frozenset({"end", "subgraph", "style", "linkstyle", "class", "classdef", "click", "direction", "default"})


@dataclass(slots=True)
class _Drawing:
    """Nodes by the source's identifier, in the order of their first mention, with the label that was given last."""

    labels: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(from, arrow, to, label)."""

    def node(self, name: str, label: str | None) -> None:
        if label is not None or name not in self.labels:
            self.labels[name] = label or _label(name)

    @property
    def fits(self) -> bool:
        drawn = bool(self.edges) and all(self.labels.values())
        return drawn and len(self.labels) <= MAX_NODES and len(self.edges) <= MAX_EDGES

    def numbers(self) -> dict[str, str]:
        return {name: f"n{number}" for number, name in enumerate(self.labels, 1)}


def canonical(source: str) -> str | None:
    """The same diagram in our own words, each line ended by a line feed; None where it is not in the subset.

    A canonical diagram is its own canonical form.
    """
    if len(source) > MAX_SOURCE:
        return None
    lines = [line.strip() for line in source.strip().split("\n")]
    if opening := _FLOWCHART.fullmatch(lines[0]):
        return _flowchart(opening[1], lines[1:])
    return _sequence(lines[1:]) if lines[0] == "sequenceDiagram" else None


def _flowchart(direction: str, lines: Iterable[str]) -> str | None:
    drawing = _Drawing()
    for line in lines:
        if line and not _statement(line.removesuffix(";"), drawing):
            return None
    if not drawing.fits:
        return None
    numbers = drawing.numbers()
    told = [f"flowchart {'LR' if direction in {'LR', 'RL'} else 'TD'}"]
    told += [f'    {numbers[name]}["{label}"]' for name, label in drawing.labels.items()]
    for start, arrow, end, label in drawing.edges:
        said = f'|"{label}"|' if label else ""
        told.append(f"    {numbers[start]} {arrow}{said} {numbers[end]}")
    return "\n".join(told) + "\n"


def _statement(text: str, drawing: _Drawing) -> bool:
    """A node, or a chain of nodes and arrows; False for anything else."""
    taken = _node(text, drawing)
    while taken is not None:
        name, rest = taken
        if not rest.strip():
            return True
        arrow = _SPOKEN_ARROW.match(rest) or _ARROW.match(rest)
        if arrow is None:
            return False
        kind, said = ("-->", arrow[1]) if arrow.re is _SPOKEN_ARROW else (arrow[1], arrow[2])
        taken = _node(rest[arrow.end() :], drawing)
        if taken is not None:
            drawing.edges.append((name, kind, taken[0], _label(said or "")))
    return False


def _node(text: str, drawing: _Drawing) -> tuple[str, str] | None:
    """The identifier at the beginning of the text and what follows the node; its label is noted."""
    found = _ID.match(text)
    if found is None or found[0].lower() in _RESERVED:
        return None
    name, rest = found[0], text[found.end() :]
    for opening, closing in _SHAPES:
        if rest.startswith(opening):
            label, end, rest = _enclosed(rest[len(opening) :], closing)
            if not end:
                return None
            drawing.node(name, _label(label))
            return name, rest
    drawing.node(name, None)
    return name, rest


def _enclosed(text: str, closing: str) -> tuple[str, str, str]:
    """The label, its end and the rest. In quotes a label may hold brackets."""
    if text.startswith('"'):
        label, quote, rest = text[1:].partition('"')
        return (label, closing, rest.removeprefix(closing)) if quote and rest.startswith(closing) else ("", "", "")
    return text.partition(closing)


def _sequence(lines: Iterable[str]) -> str | None:
    drawing = _Drawing()
    for line in lines:
        if participant := _PARTICIPANT.fullmatch(line):
            drawing.node(participant[1], _label(participant[2] or participant[1]))
        elif says := _SAYS.fullmatch(line):
            drawing.node(says[1], None)
            drawing.node(says[3], None)
            drawing.edges.append((says[1], "-->>" if says[2].startswith("--") else "->>", says[3], _label(says[4])))
        elif line not in {"", "autonumber"}:
            return None
    if not drawing.fits or not all(label for *_, label in drawing.edges):
        return None
    numbers = drawing.numbers()
    told = ["sequenceDiagram"]
    told += [f"    participant {numbers[name]} as {label}" for name, label in drawing.labels.items()]
    told += [f"    {numbers[start]}{arrow}{numbers[end]}: {label}" for start, arrow, end, label in drawing.edges]
    return "\n".join(told) + "\n"


def _label(text: str) -> str:
    """Letters, digits and a little punctuation; anything else is a space. Empty when no letter or digit is left."""
    kept = "".join(c if c in _ALLOWED or (c.isalnum() and not is_hidden(c)) else " " for c in text)
    words = " ".join(kept.split())[:MAX_LABEL].strip()
    return words if any(c.isalnum() for c in words) else ""
