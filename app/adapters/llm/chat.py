"""The Chat Completions API: our request as its parameters, its answer as our completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, assert_never

from app.adapters.llm import wire
from app.adapters.llm.calls import RawCall
from app.adapters.llm.dialect import Dialect
from app.adapters.llm.failures import ErrorDetail, Failure, Remedy
from app.adapters.llm.outcome import Said, error_inside, outcome
from app.adapters.llm.turns import sayable
from app.domain.model import Completion, Message, ModelRequest, Role, StopReason, ToolSpec

if TYPE_CHECKING:
    # Only for the types: importing the SDK costs half a second, and this module is pure without it.
    from openai.types.chat import (
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageParam,
        ChatCompletionMessageToolCallUnionParam,
    )
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming


def parameters(request: ModelRequest, dialect: Dialect) -> CompletionCreateParamsNonStreaming:
    """What to send. `store` is left out: here it is off by default, and not every server knows it."""
    sent: CompletionCreateParamsNonStreaming = {
        "model": request.model,
        "messages": [_message(one) for one in sayable(request, dialect)],
    }
    if dialect.limit_name == "max_tokens":
        sent["max_tokens"] = request.max_output_tokens
    else:
        sent["max_completion_tokens"] = request.max_output_tokens
    if request.tools and dialect.tools:
        sent["tools"] = [_tool(tool, strict=dialect.strict_tools) for tool in request.tools]
    if dialect.sends_schema(request):
        sent["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": request.schema.name,
                "schema": dict(request.schema.json_schema),
                "strict": True,
            },
        }
    if dialect.cache_key and request.cache_key:
        sent["prompt_cache_key"] = request.cache_key
    return sent


def _tool(tool: ToolSpec, *, strict: bool) -> ChatCompletionFunctionToolParam:
    wanted: ChatCompletionFunctionToolParam = {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
    }
    if strict:
        wanted["function"]["strict"] = True
    return wanted


def _message(message: Message) -> ChatCompletionMessageParam:
    match message.role:
        case Role.SYSTEM:
            return {"role": "system", "content": message.text}
        case Role.USER:
            return {"role": "user", "content": message.text}
        case Role.ASSISTANT:
            if not message.calls:
                return {"role": "assistant", "content": message.text}
            wanted: list[ChatCompletionMessageToolCallUnionParam] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.calls
            ]
            return {"role": "assistant", "content": message.text or None, "tool_calls": wanted}
        case Role.TOOL:
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case _:
            assert_never(message.role)


def completion(payload: object, request: ModelRequest, dialect: Dialect, *, key: str) -> Completion | Failure:
    """What came back, read without trusting any of it."""
    answer = wire.fields(payload)
    usage = wire.usage(
        wire.fields(answer.get("usage")),
        entered="prompt_tokens",
        cached="cached_tokens",
        written="completion_tokens",
    )
    choices = wire.entries(answer.get("choices"))
    if answer.get("error") and not choices:
        problem = wire.fields(answer.get("error"))
        said = wire.text(problem.get("message")) or wire.text(answer.get("error"))
        detail = ErrorDetail(said, wire.text(problem.get("code")))
        return error_inside(detail, usage, remedy=Remedy.RETRY, key=key)
    if not isinstance(answer.get("choices"), list):
        return Failure("The model server's answer is not an object of the Chat Completions API", usage=usage)
    choice = wire.fields(choices[0] if choices else None)
    message = wire.fields(choice.get("message"))
    return outcome(
        Said(
            text=_content(message.get("content")),
            refusal=wire.text(message.get("refusal")),
            calls=_calls(message),
            ended=_ended(choice.get("finish_reason")),
            usage=usage,
            model=wire.text(answer.get("model")),
        ),
        request,
        dialect,
    )


def _ended(finish: object) -> StopReason:
    match finish:
        case "content_filter":
            return StopReason.REFUSED
        case "length":
            return StopReason.CUT_OFF
        case _:
            # Also for calls: not every server says `tool_calls` where there are some.
            return StopReason.COMPLETE


def _content(content: object) -> str:
    # Some servers of reasoning models send parts here; only the ones of type text are the answer.
    parts = [wire.fields(part) for part in wire.entries(content)]
    return wire.text(content) or "".join(wire.text(part.get("text")) for part in parts if part.get("type") == "text")


def _calls(message: Mapping[str, object]) -> Iterator[RawCall]:
    for item in wire.entries(message.get("tool_calls")):
        call = wire.fields(item)
        function = wire.fields(call.get("function"))
        if function:
            yield RawCall(call.get("id"), function.get("name"), function.get("arguments"))
    # What the API had before `tool_calls`, which some servers still speak: one call, no id.
    if legacy := wire.fields(message.get("function_call")):
        yield RawCall(None, legacy.get("name"), legacy.get("arguments"))
