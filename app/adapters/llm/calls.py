"""Calls of tools on the wire: read from what a server sent, and said again to any server in a form it takes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.adapters.llm import wire
from app.domain.model import ModelRequest, ToolCall

MAX_CALLS = 64
"""Calls taken of one answer; the rest is as if it had not been made."""

MAX_ARGUMENT_CHARACTERS = 200_000
"""Longer arguments are cut there. They are no JSON any more then, which is what the tool will say."""

_MAX_NAME_CHARACTERS = 64
_MAX_ID_CHARACTERS = 40
# What OpenAI takes in what is said to it. Punctuation in an id stays: Kimi's models read their own ids.
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_PLAIN_ID = re.compile(rf"[!-~]{{1,{_MAX_ID_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class RawCall:
    """One call as a server sent it, nothing of it checked."""

    id: object
    name: object
    arguments: object


def read(sent: Iterable[RawCall], request: ModelRequest) -> tuple[ToolCall, ...]:
    """The calls of one answer to this request. An id that is missing or taken is replaced by one made of the call."""
    taken = {call.id for message in request.messages for call in message.calls}
    found: list[ToolCall] = []
    for number, raw in enumerate(list(sent)[:MAX_CALLS]):
        name, arguments = wire.text(raw.name), _arguments(raw.arguments)
        # Some servers send no ids, others the tool's name as the id of each of its calls.
        id_ = wire.text(raw.id)[:MAX_ARGUMENT_CHARACTERS]
        if not id_.strip() or id_ in taken:
            id_ = _made_id(f"{len(request.messages)} {number} {name} {arguments}")
        taken.add(id_)
        found.append(ToolCall(id_, name[:MAX_ARGUMENT_CHARACTERS], arguments))
    return tuple(found)


def _arguments(sent: object) -> str:
    # Text by the API; some servers send the object itself.
    text = wire.text(sent) if isinstance(sent, str) else "" if sent is None else _json(sent)
    return text[:MAX_ARGUMENT_CHARACTERS]


def _json(value: object) -> str:
    try:
        return wire.clean(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return ""


def _made_id(origin: str) -> str:
    # Nine letters and digits, the only form that Mistral's servers take.
    return "c" + hashlib.sha256(origin.encode()).hexdigest()[:8]


def said_id(id_: str) -> str:
    """The id as any server takes it: ids of one server may be too long for another one."""
    return id_ if _PLAIN_ID.fullmatch(id_) else _made_id(wire.clean(id_))


def said_name(name: str) -> str:
    """The name of a tool as any server takes it, which a model may have made up."""
    return _NO_NAME.sub("_", name)[:_MAX_NAME_CHARACTERS] or "_"


def said_arguments(arguments: str) -> str:
    """The arguments, wrapped where they are no JSON object: vLLM and llama.cpp parse them and fail the request."""
    text = wire.clean(arguments)
    try:
        sound = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        sound = False
    return text if sound else json.dumps({"not_json": text}, ensure_ascii=False)
