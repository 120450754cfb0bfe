"""What a server's refusal teaches about what it takes: the words of many servers, and the dialect to try next."""

from __future__ import annotations

import re
from dataclasses import replace

from app.adapters.llm.dialect import Dialect, LimitName
from app.adapters.llm.failures import ErrorDetail
from app.domain.model import ModelRequest

_SHAPE_REFUSED = frozenset({400, 422})
# Gateways say 404 when none of their servers takes tools.
_TOOLS_REFUSED = _SHAPE_REFUSED | {404}
_SEARCHED_CHARACTERS = 1_000  # bounds the time of the patterns below, which foreign text may aim at
_FORMAT_NAMES = ("response_format", "text.format", "json_schema")
# A limit that is merely too large is refused by its name as well; that is no reason to rename it.
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|not (?:permitted|allowed)|extra_forbidden",
    re.IGNORECASE,
)
_TOOLS = r"(?:\b(?:tools|tool_choice)\b|\b(?:tool|function)[ _-]?(?:use|calls?|calling)\b)"
_NO_TOOLS = re.compile(
    # Ollama, OpenAI, Groq, DeepSeek; OpenRouter.
    rf"(?:unsupported|not support|unknown|unrecogni[sz]ed|unexpected)[^.]*{_TOOLS}"
    rf"|{_TOOLS}[^.]*(?:not support|unsupported|unrecogni[sz]ed|not (?:permitted|allowed)|extra_forbidden)"
    rf"|extra_forbidden.*{_TOOLS}"
    r"|no endpoints found that support tool",
    re.IGNORECASE | re.DOTALL,
)
# vLLM (400) and llama.cpp (500) have to be started for tools.
_NOT_STARTED_FOR_TOOLS = re.compile(r"\btools?\b.{0,40}requires --", re.IGNORECASE)
_FORMAT = re.compile(
    r"response[ _](?:format|mime type)|text\.format|json[ _](?:schema|mode)|structured output|grammar", re.IGNORECASE
)
# DeepSeek and Gemini want back with a call what came with it, which we did not keep.
_CALLS_REFUSED = re.compile(r"reasoning_content|thought_?signature", re.IGNORECASE)
# Bedrock, and gateways before Anthropic: no calls in a conversation that offers no tools.
_TOOLS_MISSED = re.compile(r"\btoolConfig\b|expects the .?tools=.? param", re.IGNORECASE)
_STRICT = re.compile(r"\bstrict\b")


def learned(dialect: Dialect, status: int, detail: ErrorDetail, request: ModelRequest) -> Dialect | None:
    """The dialect to try next, when the refusal names a part of the request that can be left out or said otherwise."""
    said = f"{detail.param} {detail.message}"[:_SEARCHED_CHARACTERS]
    # A schema that is itself wrong is our mistake: asking without it would only hide that.
    ours = "Invalid schema" in detail.message or detail.code == "invalid_json_schema"
    if ours:
        return None
    return (
        _of_calls(dialect, status, said, request)
        or _of_tools(dialect, status, said, request)
        or _of_parameters(dialect, status, said)
    )


def _of_calls(dialect: Dialect, status: int, said: str, request: ModelRequest) -> Dialect | None:
    if status not in _SHAPE_REFUSED or not request.has_calls or not dialect.tells_calls(request):
        return None
    if _CALLS_REFUSED.search(said):
        return replace(dialect, calls_in_words=True)
    if not request.tools and _TOOLS_MISSED.search(said):
        return replace(dialect, calls_need_tools=True)
    return None


def _of_tools(dialect: Dialect, status: int, said: str, request: ModelRequest) -> Dialect | None:
    if not request.tools or not dialect.tools:
        return None
    if _NOT_STARTED_FOR_TOOLS.search(said):
        return replace(dialect, tools=False)
    if status not in _TOOLS_REFUSED:
        return None
    about_format = _FORMAT.search(said)
    if about_format and re.search(_TOOLS, said, re.IGNORECASE):
        both = dialect.json_schema and dialect.schema_beside_tools
        return replace(dialect, schema_beside_tools=False) if both else None
    if dialect.strict_tools and not about_format and _STRICT.search(said) and _NOT_TAKEN.search(said):
        return replace(dialect, strict_tools=False)
    return replace(dialect, tools=False) if _NO_TOOLS.search(said) else None


def _of_parameters(dialect: Dialect, status: int, said: str) -> Dialect | None:
    if status not in _SHAPE_REFUSED:
        return None
    if dialect.limit_name in said and _NOT_TAKEN.search(said):
        if dialect.limit_name_learned:
            return None
        other: LimitName = "max_completion_tokens" if dialect.limit_name == "max_tokens" else "max_tokens"
        return replace(dialect, limit_name=other, limit_name_learned=True)
    if dialect.cache_key and "prompt_cache_key" in said:
        return replace(dialect, cache_key=False)
    if dialect.json_schema and any(name in said for name in _FORMAT_NAMES):
        return replace(dialect, json_schema=False)
    return None
