"""What one server takes: begins with what its kind takes for sure and learns from its refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from app.adapters.llm.failures import ErrorDetail
from app.domain.model import Feature, ModelRequest

Api = Literal["responses", "chat"]
LimitName = Literal["max_tokens", "max_completion_tokens"]

OPENAI_BASE_URL = "https://api.openai.com/v1"
_OPENAI_HOST = "api.openai.com"
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
_STRICT = re.compile(r"\bstrict\b")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which parameters go into a request."""

    json_schema: bool = True
    cache_key: bool = True
    limit_name: LimitName = "max_completion_tokens"
    limit_name_learned: bool = False
    tools: bool = True
    strict_tools: bool = True
    schema_beside_tools: bool = True

    def sends_schema(self, request: ModelRequest) -> bool:
        """Whether the answer's schema goes into this request; some servers take it or tools, not both."""
        return self.json_schema and (self.schema_beside_tools or not (request.tools and self.tools))

    def without(self, request: ModelRequest) -> frozenset[Feature]:
        """What the request wants and does not get."""
        given_up = {
            Feature.TOOLS: bool(request.tools) and not self.tools,
            Feature.STRICT_TOOLS: bool(request.tools) and self.tools and not self.strict_tools,
            Feature.SCHEMA: not self.sends_schema(request),
        }
        return frozenset(feature for feature, missing in given_up.items() if missing)


def is_openai(base_url: str | None) -> bool:
    """Whether the base URL is OpenAI's own (a regional one included), which is also meant by none."""
    host = urlsplit(base_url or OPENAI_BASE_URL).hostname or ""
    return host == _OPENAI_HOST or host.endswith(f".{_OPENAI_HOST}")


def choose_api(api: Literal["responses", "chat", "auto"], base_url: str | None) -> Api:
    """The API to speak: nearly every server but OpenAI's own is sure to know Chat Completions only."""
    if api == "auto":
        return "responses" if is_openai(base_url) else "chat"
    return api


def first_dialect(api: Api, base_url: str | None) -> Dialect:
    """What to send before anything is known of the server."""
    if api == "responses" or is_openai(base_url):
        return Dialect()
    # The older name is the one that all compatible servers know, and some refuse unknown parameters.
    return Dialect(cache_key=False, limit_name="max_tokens")


def learned(dialect: Dialect, status: int, detail: ErrorDetail, *, offered: bool = False) -> Dialect | None:
    """The dialect to try next, when the refusal names a parameter that can be left out or renamed.

    `offered`: the request had tools. A refusal of what was not sent teaches nothing.
    """
    said = f"{detail.param} {detail.message}"[:_SEARCHED_CHARACTERS]
    # A schema that is itself wrong is our mistake: asking without it would only hide that.
    ours = "Invalid schema" in detail.message or detail.code == "invalid_json_schema"
    if offered and dialect.tools and not ours:
        if _NOT_STARTED_FOR_TOOLS.search(said):
            return replace(dialect, tools=False)
        about_tools = _tools_learned(dialect, said) if status in _TOOLS_REFUSED else None
        if about_tools is not None:
            return about_tools
    if status not in _SHAPE_REFUSED:
        return None
    if dialect.limit_name in said and _NOT_TAKEN.search(said):
        if dialect.limit_name_learned:
            return None
        other: LimitName = "max_completion_tokens" if dialect.limit_name == "max_tokens" else "max_tokens"
        return replace(dialect, limit_name=other, limit_name_learned=True)
    if dialect.cache_key and "prompt_cache_key" in said:
        return replace(dialect, cache_key=False)
    if dialect.json_schema and not ours and any(name in said for name in _FORMAT_NAMES):
        return replace(dialect, json_schema=False)
    return None


def _tools_learned(dialect: Dialect, said: str) -> Dialect | None:
    about_format = _FORMAT.search(said)
    if about_format and re.search(_TOOLS, said, re.IGNORECASE):
        both = dialect.json_schema and dialect.schema_beside_tools
        return replace(dialect, schema_beside_tools=False) if both else None
    if dialect.strict_tools and not about_format and _STRICT.search(said) and _NOT_TAKEN.search(said):
        return replace(dialect, strict_tools=False)
    return replace(dialect, tools=False) if _NO_TOOLS.search(said) else None
