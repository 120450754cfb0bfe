"""What the real APIs refuse about tools: how they are offered, and how their calls are told and answered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fakes.model.replies import Rejected
from tests.fakes.model.schemas import JsonObject, as_object, strict_problem
from tests.fakes.model.seen import Seen

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_TOOLS = 128
_LONGEST_DESCRIPTION = 1024
_LONGEST_ID = {"chat": 40, "responses": 64}
_FUNCTION_FIELDS = frozenset({"name", "description", "parameters", "strict"})
_ITEM_TYPES = frozenset({"message", "function_call", "function_call_output", "reasoning", "item_reference"})


def refusal(seen: Seen) -> Rejected | None:
    """The first thing about tools that is wrong with a request, or None."""
    turns = _responses_turns(seen) if seen.api == "responses" else _chat_turns(seen)
    return next(_wrong_offers(seen), None) or next(turns, None)


def _wrong_offers(seen: Seen) -> Iterator[Rejected]:
    given = seen.body.get("tools")
    if given is None:
        return
    least = 1 if seen.api == "chat" else 0
    if not isinstance(given, list) or not least <= len(given) <= _MOST_TOOLS:
        yield _invalid(f"Invalid 'tools': expected an array of {least} to {_MOST_TOOLS} tools.", "tools")
        return
    for number, tool in enumerate(seen.tools):
        yield from _wrong_tool(tool, f"tools[{number}]", nested=seen.api == "chat")
    if len(set(seen.tool_names)) < len(seen.tool_names):
        yield _invalid("Invalid 'tools': the names of tools must be unique.", "tools")


def _wrong_tool(tool: JsonObject, at: str, *, nested: bool) -> Iterator[Rejected]:
    if tool.get("type") != "function":
        yield _invalid(f"Invalid value: '{tool.get('type')}'. Supported values are: 'function'.", f"{at}.type")
    outer = {"type", "function"} if nested else {"type", *_FUNCTION_FIELDS}
    function = as_object(tool.get("function")) if nested else tool
    inside = f"{at}.function" if nested else at
    unknown = [f"{at}.{name}" for name in tool.keys() - outer]
    unknown += [f"{inside}.{name}" for name in function.keys() - _FUNCTION_FIELDS] if nested else []
    for param in sorted(unknown):
        yield Rejected(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
    name = function.get("name")
    if not isinstance(name, str):
        param = f"{inside}.name"
        wrong = f"Missing required parameter: '{param}'."
        yield Rejected(400, wrong, code="missing_required_parameter", param=param)
    elif not _NAME.fullmatch(name):
        yield _bad_name(f"{inside}.name")
    if len(str(function.get("description") or "")) > _LONGEST_DESCRIPTION:
        param = f"{inside}.description"
        yield _too_long(param, _LONGEST_DESCRIPTION)
    problem = strict_problem(function.get("parameters")) if function.get("strict") is True else None
    if problem is not None:
        wrong = f"Invalid schema for function '{name}': {problem}"
        yield Rejected(400, wrong, code="invalid_function_parameters", param=f"{inside}.parameters")


def _chat_turns(seen: Seen) -> Iterator[Rejected]:
    """Each call of a turn is answered once, in order, before anything else is said."""
    given = seen.body.get("messages")
    waiting: list[object] = []
    for number, message in enumerate(map(as_object, given if isinstance(given, list) else ())):
        at = f"messages[{number}]"
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in waiting:
                wrong = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
                yield _invalid(f"Invalid parameter: {wrong}", f"{at}.role")
                return
            if message["tool_call_id"] != waiting.pop(0):
                yield _invalid("This server takes answers of tools in the order of their calls only.", at)
                return
            if not isinstance(message.get("content"), str | list):
                yield _invalid(f"Invalid value for '{at}.content': expected a string, got null.", f"{at}.content")
            continue
        yield from _unanswered(waiting, at)
        calls = message.get("tool_calls")
        if message.get("role") == "assistant" and not calls and message.get("content") is None:
            yield _invalid("Invalid value for 'content': expected a string, got null.", f"{at}.content")
        for place, call in enumerate(map(as_object, calls if isinstance(calls, list) else ())):
            inside, function = f"{at}.tool_calls[{place}]", as_object(call.get("function"))
            yield from _wrong_call(seen, call.get("id"), function, inside)
            waiting.append(call.get("id"))
    yield from _unanswered(waiting, "messages")


def _unanswered(waiting: list[object], at: str) -> Iterator[Rejected]:
    if waiting:
        yield _invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(map(str, waiting)),
            at,
        )


def _responses_turns(seen: Seen) -> Iterator[Rejected]:
    given = seen.body.get("input")
    waiting: list[object] = []
    for number, item in enumerate(map(as_object, given if isinstance(given, list) else ())):
        at, kind = f"input[{number}]", item.get("type", "message")
        if kind not in _ITEM_TYPES:
            yield _invalid(f"Invalid value: '{kind}'.", f"{at}.type")
        if "id" in item and seen.store is False:
            unknown = f"Item with id '{item['id']}' not found. Items are not persisted when `store` is set to false."
            yield Rejected(404, unknown, param="input")
        if kind == "function_call_output":
            if item.get("call_id") not in waiting:
                yield _invalid(f"No tool call found for function call output with call_id {item.get('call_id')}.", at)
                return
            if item["call_id"] != waiting.pop(0):
                yield _invalid("This server takes answers of tools in the order of their calls only.", at)
                return
        elif kind == "function_call":
            yield from _wrong_call(seen, item.get("call_id"), item, at)
            waiting.append(item.get("call_id"))
        elif waiting:
            break
    if waiting:
        yield _invalid(f"No tool output found for function call {waiting[0]}.", "input")


def _wrong_call(seen: Seen, id_: object, function: JsonObject, at: str) -> Iterator[Rejected]:
    if not isinstance(id_, str) or not id_:
        yield _invalid(f"Missing required parameter: '{at}.id'.", f"{at}.id")
    elif len(id_) > _LONGEST_ID[seen.api]:
        yield _too_long(f"{at}.id", _LONGEST_ID[seen.api])
    if not _NAME.fullmatch(str(function.get("name") or "")):
        yield _bad_name(f"{at}.name")
    if not isinstance(function.get("arguments"), str):
        yield _invalid(f"Invalid type for '{at}.arguments': expected a string.", f"{at}.arguments")


def _invalid(message: str, param: str) -> Rejected:
    return Rejected(400, message, code="invalid_value", param=param)


def _too_long(param: str, most: int) -> Rejected:
    wrong = f"Invalid '{param}': string too long. Expected a string with maximum length {most}."
    return Rejected(400, wrong, code="string_above_max_length", param=param)


def _bad_name(param: str) -> Rejected:
    wrong = f"Invalid '{param}': string does not match pattern. Expected a string that matches '^[a-zA-Z0-9_-]+$'."
    return Rejected(400, wrong, code="invalid_value", param=param)
