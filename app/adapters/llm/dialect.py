"""What one server takes, and what is sent to it before anything is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from app.domain.model import Feature, ModelRequest

Api = Literal["responses", "chat"]
LimitName = Literal["max_tokens", "max_completion_tokens"]

OPENAI_BASE_URL = "https://api.openai.com/v1"
_OPENAI_HOST = "api.openai.com"


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
    calls_in_words: bool = False
    calls_need_tools: bool = False

    def sends_schema(self, request: ModelRequest) -> bool:
        """Whether the answer's schema goes into this request; some servers take it or tools, not both."""
        return self.json_schema and (self.schema_beside_tools or not (request.tools and self.tools))

    def tells_calls(self, request: ModelRequest) -> bool:
        """Whether earlier calls are told as calls in this request; else they are told in words."""
        return self.tools and not self.calls_in_words and (bool(request.tools) or not self.calls_need_tools)

    def without(self, request: ModelRequest) -> frozenset[Feature]:
        """What the request wants and does not get."""
        given_up = {
            Feature.TOOLS: bool(request.tools) and not self.tools,
            Feature.STRICT_TOOLS: bool(request.tools) and self.tools and not self.strict_tools,
            Feature.SCHEMA: not self.json_schema,
            Feature.SCHEMA_BESIDE_TOOLS: self.json_schema and not self.sends_schema(request),
            Feature.CALLS: self.tools and request.has_calls and not self.tells_calls(request),
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
    if is_openai(base_url):
        return Dialect()
    if api == "responses":
        return Dialect(schema_beside_tools=False)
    # The older name is the one that all compatible servers know, and some refuse unknown parameters.
    # vLLM and llama.cpp hold a model to the schema from its first word on, so that it never calls a tool.
    # https://github.com/vllm-project/vllm/issues/39929
    return Dialect(cache_key=False, limit_name="max_tokens", schema_beside_tools=False)
