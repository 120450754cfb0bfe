"""What one server takes: begins with what its kind takes for sure and learns from its refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from app.adapters.llm.failures import ErrorDetail

Api = Literal["responses", "chat"]
LimitName = Literal["max_tokens", "max_completion_tokens"]

OPENAI_BASE_URL = "https://api.openai.com/v1"
_OPENAI_HOST = "api.openai.com"
_SHAPE_REFUSED = frozenset({400, 422})
_FORMAT_NAMES = ("response_format", "text.format", "json_schema")
# A limit that is merely too large is refused by its name as well; that is no reason to rename it.
_NOT_TAKEN = re.compile(
    r"unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not (?:permitted|allowed)|extra_forbidden",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which parameters go into a request."""

    json_schema: bool = True
    cache_key: bool = True
    limit_name: LimitName = "max_completion_tokens"
    limit_name_learned: bool = False


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


def learned(dialect: Dialect, status: int, detail: ErrorDetail) -> Dialect | None:
    """The dialect to try next, when the refusal names a parameter that can be left out or renamed."""
    if status not in _SHAPE_REFUSED:
        return None
    said = f"{detail.param} {detail.message}"
    if dialect.limit_name in said and _NOT_TAKEN.search(said):
        if dialect.limit_name_learned:
            return None
        other: LimitName = "max_completion_tokens" if dialect.limit_name == "max_tokens" else "max_tokens"
        return replace(dialect, limit_name=other, limit_name_learned=True)
    if dialect.cache_key and "prompt_cache_key" in said:
        return replace(dialect, cache_key=False)
    # A schema that is itself wrong is our mistake: asking without it would only hide that.
    ours = "Invalid schema" in detail.message or detail.code == "invalid_json_schema"
    if dialect.json_schema and not ours and any(name in said for name in _FORMAT_NAMES):
        return replace(dialect, json_schema=False)
    return None
