"""Reads the small, unsurprising part of YAML that our files need, and keeps where everything stands.

Refused: anchors, aliases, tags, merge keys, directives, several documents, keys twice, keys that are not text, more
than 20 levels, 5,000 keys and values or 64 KB, anything but UTF-8 (a byte order mark in front is let go).

A plain word is a boolean only as `true` or `false`, nothing as `null`, `~` or left out, a number only in plain
decimal digits. So `on`, `yes`, `0x1F`, `017`, `1_000`, `12:30` and dates are text, as they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from app.adapters.rules.wording import quoted

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_VALUES = 5_000

_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_NOT_A_NUMBER = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_MAX_DIGITS = 18
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The parser written in Python takes several times as long, so it serves only where libyaml was not built in.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlScalar:
    value: str | bool | int | float | None
    at: Position


@dataclass(frozen=True, slots=True)
class YamlList:
    items: tuple[YamlNode, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class YamlField:
    """A key and its value; `at` is where the key stands."""

    key: str
    value: YamlNode
    at: Position


@dataclass(frozen=True, slots=True)
class YamlMap:
    fields: tuple[YamlField, ...]
    at: Position


YamlNode = YamlScalar | YamlList | YamlMap


class YamlRefused(ValueError):
    """The file is not YAML, or uses a part of it that is refused."""

    def __init__(self, at: Position, message: str) -> None:
        self.at = at
        self.message = message
        super().__init__(f"{at.line}:{at.column}: {message}")


def read_yaml(data: bytes) -> YamlNode:
    """The one document in the data, a scalar without value if it is empty. Raises YamlRefused."""
    events = yaml.parse(_decoded(data), Loader=_LOADER)
    try:
        return _Reader(events).document()
    except yaml.YAMLError as error:
        raise _translated(error) from None


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise YamlRefused(Position(1, 1), f"the file has {len(data)} bytes; keep it under {MAX_BYTES}")
    data = data.removeprefix(BYTE_ORDER_MARK)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        readable = data[: error.start].decode("utf-8")
        raise YamlRefused(_end_of(readable), "the file is not UTF-8; save it as UTF-8") from None
    unfit = _UNFIT.search(text)
    if unfit:
        message = f"the character U+{ord(unfit[0]):04X} is not allowed; delete it"
        raise YamlRefused(_end_of(text[: unfit.start()]), message)
    return text


def _end_of(text: str) -> Position:
    return Position(text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


class _Reader:
    """Builds the tree from the parser's events, so that nothing refused is ever expanded or constructed."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._values = 0

    def document(self) -> YamlNode:
        next(self._events)  # the start of the stream
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return YamlScalar(None, Position(1, 1))
        if isinstance(start, yaml.DocumentStartEvent) and (start.version or start.tags):
            raise YamlRefused(_at(start), "directives (%YAML, %TAG) are not allowed; delete the line")
        root = self._node(next(self._events), 1)
        next(self._events)  # the end of the document
        rest = next(self._events)
        if not isinstance(rest, yaml.StreamEndEvent):
            raise YamlRefused(_at(rest), "a second document is not allowed; delete everything from `---` on")
        return root

    def _node(self, event: yaml.Event, depth: int) -> YamlNode:
        at = _at(event)
        self._values += 1
        if self._values > MAX_VALUES:
            raise YamlRefused(at, f"the file has more than {MAX_VALUES} keys and values; shorten it")
        if isinstance(event, yaml.AliasEvent):
            raise YamlRefused(at, "aliases (`*name`) are not allowed; write the value out, or put it in quotes")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise YamlRefused(at, "anchors (`&name`) are not allowed; write the value out, or put it in quotes")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise YamlRefused(at, "tags (`!name`) are not allowed; leave the tag out, or put the value in quotes")
        if isinstance(event, yaml.ScalarEvent):
            return YamlScalar(_resolved(event), at)
        if depth > MAX_DEPTH:
            raise YamlRefused(at, f"the file is nested more than {MAX_DEPTH} levels deep; flatten it")
        if isinstance(event, yaml.SequenceStartEvent):
            return YamlList(tuple(self._items(depth)), at)
        return YamlMap(tuple(self._fields(depth)), at)

    def _items(self, depth: int) -> Iterator[YamlNode]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _fields(self, depth: int) -> Iterator[YamlField]:
        seen: dict[str, Position] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            at = _at(event)
            if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == "<<":
                raise YamlRefused(at, "merge keys (`<<`) are not allowed; write the fields out")
            key = self._node(event, depth + 1)
            if not isinstance(key, YamlScalar) or not isinstance(key.value, str):
                raise YamlRefused(at, "a key must be text; put it in quotes")
            if key.value in seen:
                message = f"the key {quoted(key.value)} stands on line {seen[key.value].line} already; keep one of them"
                raise YamlRefused(at, message)
            seen[key.value] = at
            yield YamlField(key.value, self._node(next(self._events), depth + 1), at)


def _resolved(event: yaml.ScalarEvent) -> str | bool | int | float | None:
    text: str = event.value
    if not event.implicit[0]:  # in quotes, or a block
        return _without_unfit_escapes(text, event)
    if text in {"true", "false"}:
        return text == "true"
    if text in {"", "~", "null"}:
        return None
    if _NOT_A_NUMBER.fullmatch(text):
        raise YamlRefused(_at(event), "infinity and not-a-number are not allowed; write a number, or put it in quotes")
    whole = _WHOLE.fullmatch(text)
    if not whole and not _DECIMAL.fullmatch(text):
        return text
    if sum(map(str.isdigit, text)) > _MAX_DIGITS:
        raise YamlRefused(_at(event), f"a number has at most {_MAX_DIGITS} digits; shorten it, or put it in quotes")
    return int(text) if whole else float(text)


def _without_unfit_escapes(text: str, event: yaml.ScalarEvent) -> str:
    unfit = _UNFIT.search(text)
    if unfit:
        raise YamlRefused(_at(event), f"the escaped character U+{ord(unfit[0]):04X} is not allowed; leave it out")
    return text


def _at(event: yaml.Event) -> Position:
    assert event.start_mark is not None  # parsers always set it
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


_REMEDIES = (
    ("mapping values are not allowed", "put text that contains `: ` in quotes"),
    ("cannot start any token", "indent with blanks instead of tabs; put text that begins with @, ` or % in quotes"),
    ("escape", "write a backslash in double quotes twice, or use single quotes"),
    ("quoted scalar", "close the quotes"),
    ("", "check the indentation, the brackets and the quotes around here"),
)


def _translated(error: yaml.YAMLError) -> YamlRefused:
    mark = getattr(error, "problem_mark", None)
    words = f"{getattr(error, 'problem', '')} {getattr(error, 'context', '')}"
    remedy = next(remedy for sign, remedy in _REMEDIES if sign in words)
    at = Position(mark.line + 1, mark.column + 1) if mark is not None else Position(1, 1)
    return YamlRefused(at, f"this is not valid YAML: {remedy}")
