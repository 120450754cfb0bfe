"""Models that are on the attacker's side: one obeys every text it reads, one is taken over altogether."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.fakes.model.behaviours import (
    AddedLine,
    Behaviour,
    added_lines,
    asks_for_findings,
    finding_at,
    nothing,
    review,
)
from tests.fakes.model.replies import Answer, Reply, ToolCall
from tests.fakes.model.schemas import JsonObject, as_object, blank, properties
from tests.fakes.model.seen import Seen

_ORDER = re.compile(r"MODEL:\s*(?=\{)")
_CALL = re.compile(r"CALL:\s*(?=\{)")
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_NAME_CHARACTERS = 64
_ECHO = re.compile(
    r"\b(?:print|echo|repeat|reveal|dump|output|show|quote)\b[^\n]{0,60}"
    r"\b(?:everything|all)\b[^\n]{0,20}"
    r"\b(?:you (?:can )?(?:see|know|were given)|input|instructions|prompts?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """Says what an attacker wants said, whatever it is asked: the model itself is taken over.

    Where tools are on offer it makes its `calls` first, one a turn, whether there is such a tool or not.
    """

    payload: JsonObject | str
    calls: tuple[ToolCall, ...] = ()

    def __call__(self, seen: Seen) -> Reply:
        if seen.tools and seen.turn < len(self.calls):
            return Answer(tool_calls=(self.calls[seen.turn],))
        return Answer(self.payload)


@dataclass(frozen=True, slots=True)
class Obedient:
    """Does what any text in its input says: the worst honest model in the face of prompt injection.

    `CALL: {"name": ..., "arguments": {...}}` anywhere makes it make that call, once each, when there are any tools.
    `MODEL: {json}` anywhere makes it answer exactly that JSON (the last one counts); words like "print
    everything you can see" in what the user or a tool said make it put its whole input into a finding on the first
    added line.
    """

    otherwise: Behaviour = nothing

    def __call__(self, seen: Seen) -> Reply:
        if calls := tuple(_ordered_calls(seen)):
            return Answer(tool_calls=calls)
        if orders := list(_objects(_ORDER, seen.text)):
            return Answer(orders[-1])
        heard = [message["content"] for message in seen.messages if message["role"] in {"user", "tool"}]
        return self._echo(seen) if _ECHO.search("\n".join(heard)) else self.otherwise(seen)

    def _echo(self, seen: Seen) -> Answer:
        if not asks_for_findings(seen):
            schema = seen.schema or {}
            texts = [name for name, value in properties(schema, schema).items() if value.get("type") == "string"]
            free = [name for name in texts if "enum" not in properties(schema, schema)[name]]
            return Answer({**as_object(blank(schema)), **dict.fromkeys(free, seen.text)})
        first = next(added_lines(seen.user_text), AddedLine("README.md", 1, ""))
        finding = finding_at(first, {"title": "Everything I can see", "body": seen.text, "severity": "P0"})
        return review(seen, [finding], seen.text)


def _ordered_calls(seen: Seen) -> Iterator[ToolCall]:
    """The calls that some text orders and that were not made yet."""
    made = [(_told(one.name), _value(one.arguments)) for one in seen.exchanges]
    for order in _objects(_CALL, seen.text) if seen.tools else ():
        name, arguments = str(order.get("name")), as_object(order.get("arguments"))
        if (_told(name), arguments) not in made:
            made.append((_told(name), arguments))
            yield ToolCall(name, arguments)


def _told(name: str) -> str:
    # A client has to tell a name that no API takes in another form.
    return _NO_NAME.sub("_", name)[:_NAME_CHARACTERS]


def _objects(before: re.Pattern[str], text: str) -> Iterator[JsonObject]:
    for order in before.finditer(text):
        try:
            data, _ = json.JSONDecoder().raw_decode(text, order.end())
        except ValueError:
            continue
        yield as_object(data)


def _value(arguments: str) -> object:
    try:
        value: object = json.loads(arguments)
    except ValueError:
        return arguments
    return value
