"""Takes typed values out of a YAML mapping, collecting every mistake with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.adapters.rules.strict_yaml import Position, YamlList, YamlMap, YamlNode, YamlScalar
from app.adapters.rules.wording import instead_of, listed, one_of, quoted
from app.domain.globs import MAX_CHARACTERS, Glob

MAX_PROBLEMS = 100
"""More than anyone reads; the rest of a hopeless file is not looked into."""


@dataclass(frozen=True, slots=True)
class Problem:
    at: Position
    message: str


class Problems:
    """Collects mistakes, in any order."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def full(self) -> bool:
        return len(self._found) >= MAX_PROBLEMS

    def add(self, at: Position, message: str) -> None:
        if not self.full:
            self._found.append(Problem(at, message))

    def in_order(self) -> tuple[Problem, ...]:
        """By place in the file."""
        return tuple(sorted(self._found, key=lambda problem: problem.at))


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a list, what it is called in messages, and where it stands."""

    name: str
    text: str
    at: Position


class Fields:
    """The fields of one mapping. Each is asked for by name; a missing or wrong one gives the default."""

    def __init__(self, node: YamlNode | None, name: str, known: tuple[str, ...], problems: Problems) -> None:
        self.at = node.at if node is not None else Position(1, 1)
        self._name = name
        self._is_mapping = isinstance(node, YamlMap)  # where there is none at all, its fields are not missing
        self._problems = problems
        self._values: dict[str, YamlNode] = {}
        if isinstance(node, YamlMap):
            self._take(node, known)
        elif node is not None:
            self._wrong(node, name or "the file", f"a mapping with the keys {listed(known)}")

    def _take(self, node: YamlMap, known: tuple[str, ...]) -> None:
        for field in node.fields:
            if self._problems.full:
                return
            if field.key in known:
                self._values[field.key] = field.value
            else:
                place = f" in {self._name}" if self._name else ""
                self._problems.add(field.at, f"unknown key {quoted(field.key)}{place}: {instead_of(field.key, known)}")

    def path_of(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def node(self, key: str) -> YamlNode | None:
        return self._values.get(key)

    def require(self, key: str, example: str) -> None:
        """Says that the field is missing, where it is, and what to write."""
        if self._is_mapping and key not in self._values:
            self._problems.add(self.at, f"{self.path_of(key)} is missing; write `{example}`")

    def refuse(self, at: Position, message: str) -> None:
        """Adds a mistake that only the caller can see."""
        self._problems.add(at, message)

    def section(self, key: str, known: tuple[str, ...]) -> Fields:
        return Fields(self._values.get(key), self.path_of(key), known, self._problems)

    def flag(self, key: str, default: bool) -> bool:  # noqa: FBT001 - the default is the value
        node = self._values.get(key)
        if node is None:
            return default
        if isinstance(node, YamlScalar) and isinstance(node.value, bool):
            return node.value
        self._wrong(node, self.path_of(key), "true or false")
        return default

    def whole(self, key: str, default: int, *, low: int, high: int) -> int:
        node = self._values.get(key)
        if node is None:
            return default
        if isinstance(node, YamlScalar) and type(node.value) is int and low <= node.value <= high:
            return node.value
        self._wrong(node, self.path_of(key), f"a whole number from {low} to {high}")
        return default

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        node = self._values.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, YamlScalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self._wrong(node, self.path_of(key), f"a number from {low:g} to {high:g}")
        return default

    def text(self, key: str, default: str, *, max_characters: int) -> str:
        node = self._values.get(key)
        if node is None:
            return default
        item = self._item(node, self.path_of(key), max_characters)
        return item.text if item else default

    def word(self, key: str, known: Iterable[str]) -> str | None:
        """One of the known words; None where it is missing."""
        node = self._values.get(key)
        return None if node is None else self._word(node, self.path_of(key), [str(word) for word in known])

    def words(self, key: str, known: Iterable[str]) -> tuple[str, ...] | None:
        """A list of known words, each once; None where it is missing."""
        node = self._values.get(key)
        if node is None:
            return None
        choices = [str(word) for word in known]
        taken: list[str] = []
        for name, child in self._children(node, key, len(choices)):
            word = self._word(child, name, choices)
            if word in taken:
                self._problems.add(child.at, f"{word} stands in {self.path_of(key)} twice; keep one of them")
            elif word is not None:
                taken.append(word)
        return tuple(taken)

    def items(self, key: str, *, max_items: int, max_characters: int) -> tuple[Item, ...]:
        node = self._values.get(key)
        if node is None:
            return ()
        taken = (self._item(child, name, max_characters) for name, child in self._children(node, key, max_items))
        return tuple(item for item in taken if item is not None)

    def texts(self, key: str, *, max_items: int, max_characters: int) -> tuple[str, ...]:
        return tuple(item.text for item in self.items(key, max_items=max_items, max_characters=max_characters))

    def globs(self, key: str, *, max_items: int) -> tuple[str, ...]:
        patterns: list[str] = []
        for item in self.items(key, max_items=max_items, max_characters=MAX_CHARACTERS):
            try:
                Glob.parse(item.text)
            except ValueError as error:
                self._problems.add(item.at, f"{item.name} is {quoted(item.text)}: {error}")
            else:
                patterns.append(item.text)
        return tuple(patterns)

    def maps(self, key: str, known: tuple[str, ...], *, max_items: int) -> tuple[Fields, ...]:
        node = self._values.get(key)
        if node is None:
            return ()
        children = self._children(node, key, max_items)
        return tuple(Fields(child, name, known, self._problems) for name, child in children)

    def _children(self, node: YamlNode, key: str, max_items: int) -> Iterator[tuple[str, YamlNode]]:
        """The items of a list, each with its name, as in `tiers.skip[0]`."""
        name = self.path_of(key)
        if not isinstance(node, YamlList):
            self._wrong(node, name, "a list: [...]")
            return
        if len(node.items) > max_items:
            self._problems.add(node.at, f"{name} has {len(node.items)} items; keep at most {max_items}")
        for number, item in enumerate(node.items[:max_items]):
            yield f"{name}[{number}]", item

    def _item(self, node: YamlNode, name: str, max_characters: int) -> Item | None:
        if not isinstance(node, YamlScalar) or not isinstance(node.value, str):
            self._wrong(node, name, "text; put it in quotes if it looks like something else")
        elif not node.value.strip():
            self._problems.add(node.at, f"{name} is empty; write text or leave it out")
        elif len(node.value) > max_characters:
            self._problems.add(node.at, f"{name} has {len(node.value)} characters; keep it under {max_characters + 1}")
        else:
            return Item(name, node.value, node.at)
        return None

    def _word(self, node: YamlNode, name: str, known: list[str]) -> str | None:
        if isinstance(node, YamlScalar) and isinstance(node.value, str):
            if node.value in known:
                return node.value
            self._problems.add(node.at, f"{name} is {quoted(node.value)}: {instead_of(node.value, known)}")
        else:
            self._wrong(node, name, one_of(known))
        return None

    def _wrong(self, node: YamlNode, name: str, wanted: str) -> None:
        self._problems.add(node.at, f"{name} is {_described(node)}; write {wanted}")


def _described(node: YamlNode) -> str:
    if isinstance(node, YamlMap):
        return "a mapping"
    if isinstance(node, YamlList):
        return "a list"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, str):
        return f"the text {quoted(node.value)}"
    return f"the number {node.value}"
