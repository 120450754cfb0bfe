"""What the real APIs refuse with a 400 before a model runs, so that a wrong request fails in tests."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from tests.fakes.model import tokens, tool_rules
from tests.fakes.model.replies import Rejected
from tests.fakes.model.schemas import as_object, strict_problem
from tests.fakes.model.seen import Seen

_COMMON = frozenset({
    "metadata", "model", "moderation", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "safety_identifier", "service_tier", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user",
})  # fmt: skip
PARAMETERS = {
    "responses": _COMMON | {
        "background", "context_management", "conversation", "include", "input", "instructions",
        "max_output_tokens", "max_tool_calls", "previous_response_id", "prompt", "reasoning", "text",
        "truncation",
    },
    "chat": _COMMON | {
        "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
        "max_completion_tokens", "max_tokens", "messages", "modalities", "n", "prediction",
        "presence_penalty", "reasoning_effort", "response_format", "seed", "stop", "verbosity",
        "web_search_options",
    },
}  # fmt: skip
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_SCHEMA_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SMALLEST_RESPONSES_LIMIT = 16
_LONGEST_CACHE_KEY = 64


def refusal(seen: Seen, *, refuses: AbstractSet[str], context_tokens: int | None = None) -> Rejected | None:
    """The 4xx for this request, or None. `refuses` names parameters that this server does not take.

    Among them may be `strict`, of a tool. A prompt over `context_tokens` is refused as well.
    """
    return (
        _unsupported(seen, refuses)
        or _unknown(seen)
        or _incomplete(seen)
        or _wrong_schema(seen)
        or tool_rules.refusal(seen)
        or _too_long(seen, context_tokens)
    )


def _unsupported(seen: Seen, refuses: AbstractSet[str]) -> Rejected | None:
    given = set(seen.body)
    if seen.api == "responses" and "format" in as_object(seen.body.get("text")):
        given.add("text.format")
    for name in sorted(given & refuses):
        return Rejected(
            400,
            f"Unsupported parameter: '{name}' is not supported with this model.",
            code="unsupported_parameter",
            param=name,
        )
    strict = any("strict" in tool or "strict" in as_object(tool.get("function")) for tool in seen.tools)
    if "strict" in refuses and strict:
        # As servers built on pydantic say it.
        where = "tools.0.strict" if seen.api == "responses" else "tools.0.function.strict"
        return Rejected(422, f"body.{where}: Extra inputs are not permitted", code="extra_forbidden")
    return None


def _too_long(seen: Seen, context_tokens: int | None) -> Rejected | None:
    count = tokens.count(seen.prompt)
    if context_tokens is None or count <= context_tokens:
        return None
    if seen.api == "responses":
        words = "Your input exceeds the context window of this model. Please adjust your input and try again."
        return Rejected(400, words, code="context_length_exceeded", param="input")
    return Rejected(
        400,
        f"This model's maximum context length is {context_tokens} tokens. However, your messages resulted in {count} "
        "tokens. Please reduce the length of the messages.",
        code="context_length_exceeded",
        param="messages",
    )


def _unknown(seen: Seen) -> Rejected | None:
    for name in sorted(seen.body.keys() - PARAMETERS[seen.api]):
        return Rejected(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    if seen.body.get("stream"):
        return Rejected(400, "This server does not stream.", code="unsupported_value", param="stream")
    return None


def _incomplete(seen: Seen) -> Rejected | None:
    where = "input" if seen.api == "responses" else "messages"
    for name in ("model", where):
        if not seen.body.get(name):
            return Rejected(
                400, f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name
            )
    for message in seen.messages:
        if message["role"] not in _ROLES:
            return Rejected(400, f"Invalid value: '{message['role']}'.", code="invalid_value", param=where)
    if seen.api == "chat" and {"max_tokens", "max_completion_tokens"} <= seen.body.keys():
        return Rejected(400, "'max_tokens' and 'max_completion_tokens' exclude each other.", param="max_tokens")
    if len(seen.cache_key or "") > _LONGEST_CACHE_KEY:
        wrong = f"Invalid 'prompt_cache_key': string too long, maximum length {_LONGEST_CACHE_KEY}."
        return Rejected(400, wrong, code="string_above_max_length", param="prompt_cache_key")
    limit, least = seen.max_output_tokens, _SMALLEST_RESPONSES_LIMIT if seen.api == "responses" else 1
    if limit is not None and limit < least:
        return Rejected(
            400,
            f"Invalid token limit: expected a value >= {least}, but got {limit} instead.",
            code="integer_below_min_value",
        )
    return None


def _wrong_schema(seen: Seen) -> Rejected | None:
    if seen.schema is None:
        return None
    param = "text.format" if seen.api == "responses" else "response_format"
    if seen.schema_name is None or not _SCHEMA_NAME.fullmatch(seen.schema_name):
        return Rejected(400, f"Invalid '{param}.name': {seen.schema_name!r}.", code="invalid_value", param=param)
    problem = strict_problem(seen.schema) if _strict(seen) else None
    if problem is None:
        return None
    return Rejected(
        400,
        f"Invalid schema for response_format '{seen.schema_name}': {problem}",
        code="invalid_json_schema",
        param=param,
    )


def _strict(seen: Seen) -> bool:
    if seen.api == "responses":
        return as_object(as_object(seen.body.get("text")).get("format")).get("strict") is True
    return as_object(as_object(seen.body.get("response_format")).get("json_schema")).get("strict") is True
