"""The Responses API: our request as its parameters, its answer as our completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, cast

from app.adapters.llm import wire
from app.adapters.llm.calls import RawCall
from app.adapters.llm.dialect import Dialect
from app.adapters.llm.failures import ErrorDetail, Failure, Remedy
from app.adapters.llm.outcome import Said, error_inside, outcome
from app.adapters.llm.turns import sayable
from app.domain.model import Completion, Message, ModelRequest, Role, StopReason, ToolSpec

if TYPE_CHECKING:
    # Only for the types: importing the SDK costs half a second, and this module is pure without it.
    from openai.types.responses import FunctionToolParam, ResponseInputItemParam
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

_PASSING_ERRORS = frozenset({"server_error", "rate_limit_exceeded"})
_SPEAKERS: Mapping[Role, Literal["system", "user", "assistant"]] = {
    Role.SYSTEM: "system",
    Role.USER: "user",
    Role.ASSISTANT: "assistant",
}


def parameters(request: ModelRequest, dialect: Dialect) -> ResponseCreateParamsNonStreaming:
    """What to send. Nothing is kept at the provider, so each request carries the whole conversation."""
    sent: ResponseCreateParamsNonStreaming = {
        "model": request.model,
        "input": [item for message in sayable(request, dialect) for item in _items(message)],
        "max_output_tokens": request.max_output_tokens,
        "store": False,
    }
    if request.tools and dialect.tools:
        sent["tools"] = [_tool(tool, strict=dialect.strict_tools) for tool in request.tools]
    if dialect.sends_schema(request):
        sent["text"] = {
            "format": {
                "type": "json_schema",
                "name": request.schema.name,
                "schema": dict(request.schema.json_schema),
                "strict": True,
            }
        }
    if dialect.cache_key and request.cache_key:
        sent["prompt_cache_key"] = request.cache_key
    return sent


def _tool(tool: ToolSpec, *, strict: bool) -> FunctionToolParam:
    wanted = {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    # The SDK's type wants `strict` always; a server that refuses the name must not see it.
    return cast("FunctionToolParam", {**wanted, "strict": True} if strict else wanted)


def _items(message: Message) -> Iterator[ResponseInputItemParam]:
    """Items carry no ids of their own: an id would refer to what the provider was told not to keep."""
    if message.role is Role.TOOL:
        yield {"type": "function_call_output", "call_id": message.call_id, "output": message.text}
        return
    if message.text or not message.calls:
        yield {"role": _SPEAKERS[message.role], "content": message.text}
    for call in message.calls:
        yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}


def completion(payload: object, request: ModelRequest, dialect: Dialect, *, key: str) -> Completion | Failure:
    """What came back, read without trusting any of it."""
    answer = wire.fields(payload)
    usage = wire.usage(
        wire.fields(answer.get("usage")),
        entered="input_tokens",
        cached="cached_tokens",
        written="output_tokens",
    )
    problem = wire.fields(answer.get("error"))
    if problem:
        detail = ErrorDetail(wire.text(problem.get("message")), wire.text(problem.get("code")))
        passing = detail.code in _PASSING_ERRORS or not detail.code
        return error_inside(detail, usage, remedy=Remedy.RETRY if passing else Remedy.CHANGE, key=key)
    if not isinstance(answer.get("output"), list):
        return Failure("The model server's answer is not an object of the Responses API", usage=usage)
    ended = StopReason.COMPLETE
    match answer.get("status"):
        case "incomplete":
            filtered = wire.fields(answer.get("incomplete_details")).get("reason") == "content_filter"
            ended = StopReason.REFUSED if filtered else StopReason.CUT_OFF
        case "failed" | "cancelled" | "queued" | "in_progress" as status:
            return Failure(f"The model server left the answer in state {status!r}", usage=usage)
        case _:
            pass  # completed, or a server that says nothing of it
    items = [wire.fields(item) for item in wire.entries(answer.get("output"))]
    texts, refusals = _content(items)
    return outcome(
        Said(
            text=texts,
            refusal=refusals,
            calls=_calls(items),
            ended=ended,
            usage=usage,
            model=wire.text(answer.get("model")),
        ),
        request,
        dialect,
    )


def _content(items: list[Mapping[str, object]]) -> tuple[str, str]:
    """All output text and all refusals; reasoning and remarks on the way are not part of the answer."""
    said = [item for item in items if item.get("type") == "message" and item.get("phase") != "commentary"]
    parts = [wire.fields(part) for item in said for part in wire.entries(item.get("content"))]
    texts = [wire.text(part.get("text")) for part in parts if part.get("type") == "output_text"]
    refusals = [wire.text(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
    return "".join(texts), "".join(refusals)


def _calls(items: list[Mapping[str, object]]) -> Iterator[RawCall]:
    return (
        RawCall(item.get("call_id"), item.get("name"), item.get("arguments"))
        for item in items
        if item.get("type") == "function_call"
    )
