"""A request as the model server saw it: one shape for both APIs, whichever was spoken."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.model.replies import Usage
from tests.fakes.model.schemas import JsonObject, as_object

Api = Literal["responses", "chat"]
_TASK = "# Task: "


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call the model made earlier in the conversation, and what the tool said; None before it did."""

    id: str
    name: str
    arguments: str
    result: str | None


@dataclass(slots=True)
class Seen:
    """One POST. Mutable only in how it ended, which is known later than what was asked."""

    api: Api
    body: JsonObject
    headers: Mapping[str, str]
    model: str
    messages: list[dict[str, str]]
    schema_name: str | None
    schema: JsonObject | None
    tools: list[JsonObject]
    exchanges: tuple[Exchange, ...]
    max_output_tokens: int | None
    store: bool | None
    cache_key: str | None
    started_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None
    disconnected: bool = False
    status: int | None = None
    usage: Usage | None = None

    @property
    def task_message(self) -> str:
        """The last user message that says which task it is about, or nothing."""
        at = self._task_at()
        return "" if at is None else self.messages[at]["content"]

    @property
    def task(self) -> str | None:
        """The task's name: the rest of the first line of `# Task: <name>`. A diff cannot forge it from inside."""
        first, _, _ = self.task_message.partition("\n")
        return first.removeprefix(_TASK).strip() or None

    @property
    def turn(self) -> int:
        """How often the model has spoken since the task was set."""
        start = self._task_at() or 0
        roles = [message["role"] for message in self.messages[start:]]
        return sum(role == "assistant" != before for before, role in itertools.pairwise(["", *roles]))

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools on offer."""
        return tuple(str(tool.get("name") or as_object(tool.get("function")).get("name")) for tool in self.tools)

    def _task_at(self) -> int | None:
        said = [(at, one) for at, one in enumerate(self.messages) if one["role"] == "user"]
        return next((at for at, one in reversed(said) if one["content"].startswith(_TASK)), None)

    @property
    def authorization(self) -> str | None:
        """The header as sent."""
        return self.headers.get("authorization")

    @property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n".join(message["content"] for message in self.messages)

    @property
    def user_text(self) -> str:
        """What was said by the user alone: where untrusted text lives."""
        return "\n".join(message["content"] for message in self.messages if message["role"] == "user")

    @property
    def prompt(self) -> str:
        """The text in the order in which a provider caches it: tools, schema, messages."""
        head = json.dumps([self.tools, self.schema], ensure_ascii=False)
        return head + "".join(f"\n<{one['role']}>\n{one['content']}" for one in self.messages)


def read(api: Api, body: object, headers: Mapping[str, str]) -> Seen:
    """Read a request leniently; what is wrong with it is said by `request_rules`."""
    given = as_object(body)
    wanted = _responses_format(given) if api == "responses" else _chat_format(given)
    schema = wanted.get("schema")
    limit = given.get("max_output_tokens", given.get("max_completion_tokens", given.get("max_tokens")))
    tools = given.get("tools")
    store = given.get("store")
    return Seen(
        api=api,
        body=given,
        headers=headers,
        model=_text(given.get("model")) or "",
        messages=_responses_messages(given) if api == "responses" else _chat_messages(given),
        schema_name=_text(wanted.get("name")),
        schema=as_object(schema) if schema is not None else None,
        tools=[as_object(tool) for tool in tools] if isinstance(tools, list) else [],
        exchanges=tuple(_responses_exchanges(given) if api == "responses" else _chat_exchanges(given)),
        max_output_tokens=limit if isinstance(limit, int) else None,
        store=store if isinstance(store, bool) else None,
        cache_key=_text(given.get("prompt_cache_key")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _responses_format(body: JsonObject) -> JsonObject:
    wanted = as_object(as_object(body.get("text")).get("format"))
    return wanted if wanted.get("type") == "json_schema" else {}


def _chat_format(body: JsonObject) -> JsonObject:
    wanted = as_object(body.get("response_format"))
    return as_object(wanted.get("json_schema")) if wanted.get("type") == "json_schema" else {}


def _responses_messages(body: JsonObject) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    instructions = body.get("instructions")
    if isinstance(instructions, str):
        messages.append(_message("system", instructions))
    given = body.get("input")
    if isinstance(given, str):
        return [*messages, _message("user", given)]
    for item in map(as_object, given if isinstance(given, list) else ()):
        match item.get("type", "message"):
            case "message":
                messages.append(_message(item.get("role"), item.get("content")))
            case "function_call":
                messages.append(_call(item.get("name"), item.get("arguments")))
            case "function_call_output":
                messages.append(_message("tool", item.get("output")))
            case _:
                pass  # reasoning and other items carry nothing that was said
    return messages


def _chat_messages(body: JsonObject) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    given = body.get("messages")
    for item in map(as_object, given if isinstance(given, list) else ()):
        calls = item.get("tool_calls")
        if item.get("content") is not None or not calls:
            messages.append(_message(item.get("role"), item.get("content")))
        for call in map(as_object, calls if isinstance(calls, list) else ()):
            function = as_object(call.get("function"))
            messages.append(_call(function.get("name"), function.get("arguments")))
    return messages


def _responses_exchanges(body: JsonObject) -> Iterator[Exchange]:
    given = body.get("input")
    items = [as_object(item) for item in given] if isinstance(given, list) else []
    outputs = {item.get("call_id"): item for item in items if item.get("type") == "function_call_output"}
    for item in items:
        if item.get("type") == "function_call":
            yield _exchange(item.get("call_id"), item, outputs, "output")


def _chat_exchanges(body: JsonObject) -> Iterator[Exchange]:
    given = body.get("messages")
    items = [as_object(item) for item in given] if isinstance(given, list) else []
    outputs = {item.get("tool_call_id"): item for item in items if item.get("role") == "tool"}
    for item in items:
        calls = item.get("tool_calls")
        for call in map(as_object, calls if isinstance(calls, list) else ()):
            yield _exchange(call.get("id"), as_object(call.get("function")), outputs, "content")


def _exchange(id_: object, call: JsonObject, outputs: Mapping[object, JsonObject], field_: str) -> Exchange:
    result = _content(outputs[id_].get(field_)) if id_ in outputs else None
    return Exchange(str(id_), str(call.get("name")), str(call.get("arguments")), result)


def _message(role: object, content: object) -> dict[str, str]:
    # The newer name of the same role: both APIs take either.
    return {"role": "system" if role == "developer" else str(role), "content": _content(content)}


def _call(name: object, arguments: object) -> dict[str, str]:
    return {"role": "assistant", "content": f"{name}({arguments})"}


def _content(content: object) -> str:
    if isinstance(content, list):
        return "".join(_content(as_object(part).get("text")) for part in content)
    return content if isinstance(content, str) else ""
