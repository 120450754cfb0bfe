"""The Responses API: our request as its parameters, its answer as our completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from app.adapters.llm import wire
from app.adapters.llm.dialect import Dialect
from app.adapters.llm.failures import Failure, Remedy, excerpt
from app.domain.model import Completion, Message, ModelRequest, Role, StopReason

if TYPE_CHECKING:
    # Only for the types: importing the SDK costs half a second, and this module is pure without it.
    from openai.types.responses import EasyInputMessageParam, ResponseInputItemParam
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

_PASSING_ERRORS = frozenset({"server_error", "rate_limit_exceeded"})


def parameters(request: ModelRequest, dialect: Dialect) -> ResponseCreateParamsNonStreaming:
    """What to send. Nothing is kept at the provider, so each request carries the whole conversation."""
    sent: ResponseCreateParamsNonStreaming = {
        "model": request.model,
        "input": [item for message in request.messages for item in _items(message)],
        "max_output_tokens": request.max_output_tokens,
        "store": False,
    }
    if dialect.json_schema:
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


def _items(message: Message) -> list[ResponseInputItemParam]:
    text = wire.clean(message.text)
    if message.role is Role.TOOL:
        return [{"type": "function_call_output", "call_id": message.call_id, "output": text}]
    items: list[ResponseInputItemParam] = [_message(message.role, text)] if text or not message.calls else []
    items += [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": wire.clean(call.arguments)}
        for call in message.calls
    ]
    return items


def _message(role: Role, text: str) -> EasyInputMessageParam:
    match role:
        case Role.SYSTEM:
            return {"role": "system", "content": text}
        case Role.USER:
            return {"role": "user", "content": text}
        case Role.ASSISTANT:
            return {"role": "assistant", "content": text}
        case Role.TOOL:
            raise ValueError("a tool's answer is an item of its own")
        case _:
            assert_never(role)


def completion(payload: object, request: ModelRequest, *, key: str) -> Completion | Failure:
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
        code = wire.text(problem.get("code"))
        said = excerpt(wire.text(problem.get("message")) or code, key=key)
        remedy = Remedy.RETRY if code in _PASSING_ERRORS or not code else Remedy.CHANGE
        return Failure(f"The model server sent an error instead of an answer: {said}", remedy, usage=usage)
    if not isinstance(answer.get("output"), list):
        return Failure("The model server's answer is not an object of the Responses API", usage=usage)
    texts, refusals = _content(answer)
    model = wire.text(answer.get("model")) or request.model
    match answer.get("status"):
        case "incomplete":
            filtered = wire.fields(answer.get("incomplete_details")).get("reason") == "content_filter"
            stop = StopReason.REFUSED if filtered else StopReason.CUT_OFF
            return Completion(refusals or texts, stop, usage, model)
        case "failed" | "cancelled" | "queued" | "in_progress" as status:
            return Failure(f"The model server left the answer in state {status!r}", usage=usage)
        case _:
            if refusals:
                return Completion(refusals, StopReason.REFUSED, usage, model)
            if not texts.strip():
                return Failure("The model server's answer is empty", usage=usage)
            return Completion(texts, StopReason.COMPLETE, usage, model)


def _content(answer: Mapping[str, object]) -> tuple[str, str]:
    """All output text and all refusals; reasoning and remarks on the way are not part of the answer."""
    items = [wire.fields(item) for item in wire.entries(answer.get("output"))]
    said = [item for item in items if item.get("type") == "message" and item.get("phase") != "commentary"]
    parts = [wire.fields(part) for item in said for part in wire.entries(item.get("content"))]
    texts = [wire.text(part.get("text")) for part in parts if part.get("type") == "output_text"]
    refusals = [wire.text(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
    return "".join(texts), "".join(refusals)
