"""The Chat Completions API: our request as its parameters, its answer as our completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from app.adapters.llm import wire
from app.adapters.llm.dialect import Dialect
from app.adapters.llm.failures import Failure, excerpt
from app.domain.model import Completion, Message, ModelRequest, Role, StopReason

if TYPE_CHECKING:
    # Only for the types: importing the SDK costs half a second, and this module is pure without it.
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionMessageToolCallUnionParam
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming


def parameters(request: ModelRequest, dialect: Dialect) -> CompletionCreateParamsNonStreaming:
    """What to send. `store` is left out: here it is off by default, and not every server knows it."""
    sent: CompletionCreateParamsNonStreaming = {
        "model": request.model,
        "messages": [_message(one) for one in request.messages],
    }
    if dialect.limit_name == "max_tokens":
        sent["max_tokens"] = request.max_output_tokens
    else:
        sent["max_completion_tokens"] = request.max_output_tokens
    if dialect.json_schema:
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


def _message(message: Message) -> ChatCompletionMessageParam:
    text = wire.clean(message.text)
    match message.role:
        case Role.SYSTEM:
            return {"role": "system", "content": text}
        case Role.USER:
            return {"role": "user", "content": text}
        case Role.ASSISTANT:
            if not message.calls:
                return {"role": "assistant", "content": text}
            calls: list[ChatCompletionMessageToolCallUnionParam] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.calls
            ]
            return {"role": "assistant", "content": text or None, "tool_calls": calls}
        case Role.TOOL:
            return {"role": "tool", "tool_call_id": message.call_id, "content": text}
        case _:
            assert_never(message.role)


def completion(payload: object, request: ModelRequest, *, key: str) -> Completion | Failure:
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
        said = excerpt(wire.text(problem.get("message")) or wire.text(answer.get("error")), key=key)
        return Failure(f"The model server sent an error instead of an answer: {said}", usage=usage)
    if not isinstance(answer.get("choices"), list):
        return Failure("The model server's answer is not an object of the Chat Completions API", usage=usage)
    choice = wire.fields(choices[0] if choices else None)
    message = wire.fields(choice.get("message"))
    content, refusal = _content(message.get("content")), wire.text(message.get("refusal"))
    model = wire.text(answer.get("model")) or request.model
    finish = choice.get("finish_reason")
    if refusal or finish == "content_filter":
        return Completion(refusal or content, StopReason.REFUSED, usage, model)
    if finish == "length":
        return Completion(content, StopReason.CUT_OFF, usage, model)
    if not content.strip():
        return Failure("The model server's answer is empty", usage=usage)
    return Completion(content, StopReason.COMPLETE, usage, model)


def _content(content: object) -> str:
    # Some servers of reasoning models send parts here; only the ones of type text are the answer.
    parts = [wire.fields(part) for part in wire.entries(content)]
    return wire.text(content) or "".join(wire.text(part.get("text")) for part in parts if part.get("type") == "text")
