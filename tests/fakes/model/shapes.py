"""What a model produced, as the objects of the Responses and the Chat Completions API."""

from __future__ import annotations

import json
import time
from typing import assert_never

from tests.fakes.model import tokens
from tests.fakes.model.replies import (
    Answer,
    CutOff,
    Empty,
    Failed,
    Generated,
    Malformed,
    Refusal,
    Rejected,
    ToolCall,
    Usage,
)
from tests.fakes.model.seen import Seen

Wire = dict[str, object]


def answer_text(reply: Generated) -> str:
    """The text that goes over the wire."""
    match reply:
        case Answer(data=str(text)) | Malformed(text=text) | CutOff(text=text) | Refusal(text=text):
            return text
        case Answer(data=data):
            return json.dumps(data, ensure_ascii=False)
        case Empty():
            return ""
        case _:
            assert_never(reply)


def cut_to_limit(reply: Generated, limit: int | None) -> Generated:
    """An answer over the token limit of its request ends there, as with a real model."""
    calls_tools = isinstance(reply, Answer) and reply.tool_calls
    if limit is None or calls_tools or not isinstance(reply, Answer | Malformed):
        return reply
    text = answer_text(reply)
    return reply if tokens.count(text) <= limit else CutOff(text[: limit * tokens.CHARACTERS_PER_TOKEN], reply.usage)


def _calls(reply: Generated) -> tuple[ToolCall, ...]:
    return reply.tool_calls if isinstance(reply, Answer | CutOff) else ()


def _arguments(call: ToolCall) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(dict(call.arguments))


def _call_id(call: ToolCall, number: int, place: int) -> str:
    return call.id or f"call_fake{number:06d}_{place}"


def counted(reply: Generated, prompt: str, cached: int) -> Usage:
    """Usage as told by the reply, else by counting."""
    written = answer_text(reply) + "".join(call.name + _arguments(call) for call in _calls(reply))
    return reply.usage or Usage(tokens.count(prompt), cached, tokens.count(written))


def response(seen: Seen, reply: Generated | Failed, usage: Usage | None, *, number: int) -> Wire:
    """An object of the Responses API."""
    cut = isinstance(reply, CutOff)
    failed = isinstance(reply, Failed)
    body = seen.body
    return {
        "id": f"resp_fake{number:06d}",
        "object": "response",
        "created_at": time.time(),
        "status": "incomplete" if cut else "failed" if failed else "completed",
        "error": {"code": reply.code, "message": reply.message} if isinstance(reply, Failed) else None,
        "incomplete_details": {"reason": reply.reason} if isinstance(reply, CutOff) else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": seen.max_output_tokens,
        "metadata": body.get("metadata") or {},
        "model": seen.model,
        "output": [] if isinstance(reply, Failed) else _output(reply, number),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": seen.cache_key,
        "reasoning": {"effort": None, "summary": None},
        "store": seen.store is not False,
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": seen.tools,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage and {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
        "user": None,
    }  # fmt: skip


def _output(reply: Generated, number: int) -> list[Wire]:
    if isinstance(reply, Empty) and not reply.message:
        return []
    # Reasoning models put this item first: who reads output[0] as the answer fails here.
    output: list[Wire] = [{"id": f"rs_fake{number:06d}", "type": "reasoning", "summary": []}]
    text = answer_text(reply)
    content: list[Wire] = []
    if isinstance(reply, Refusal):
        content = [{"type": "refusal", "refusal": text}]
    elif text:
        content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    if content or isinstance(reply, Empty | Malformed):
        output.append({
            "id": f"msg_fake{number:06d}", "type": "message", "role": "assistant",
            "status": "incomplete" if isinstance(reply, CutOff) else "completed", "content": content,
        })  # fmt: skip
    status = "incomplete" if isinstance(reply, CutOff) else "completed"
    for place, call in enumerate(_calls(reply)):
        id_ = _call_id(call, number, place)
        output.append({
            "id": f"fc_{id_}", "type": "function_call", "status": status,
            "call_id": id_, "name": call.name, "arguments": _arguments(call),
        })  # fmt: skip
    return output


def chat_completion(seen: Seen, reply: Generated, usage: Usage | None, *, number: int) -> Wire:
    """An object of the Chat Completions API."""
    return {
        "id": f"chatcmpl-fake{number:06d}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": seen.model,
        "choices": [] if isinstance(reply, Empty) and not reply.message else [_choice(reply, number)],
        "service_tier": "default",
        "system_fingerprint": "fp_fake",
        "usage": usage and {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        },
    }  # fmt: skip


def _choice(reply: Generated, number: int) -> Wire:
    calls = _calls(reply)
    refused = isinstance(reply, Refusal)
    finish = "tool_calls" if calls else "stop"
    if isinstance(reply, CutOff):
        finish = "length" if reply.reason == "max_output_tokens" else "content_filter"
    text = answer_text(reply)
    message: Wire = {
        "role": "assistant",
        "content": None if refused or not text else text,
        "refusal": text if refused else None,
        "annotations": [],
    }
    if calls:
        message["tool_calls"] = [
            {
                "id": _call_id(call, number, place),
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call)},
            }
            for place, call in enumerate(calls)
        ]
    return {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}


def error(reply: Rejected, *, kind: str) -> Wire:
    """The error shape both APIs share."""
    return {"error": {"message": reply.message, "type": kind, "param": reply.param, "code": reply.code}}
