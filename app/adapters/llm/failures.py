"""What went wrong with one attempt, as a value: in words without secrets, and with what helps."""

from __future__ import annotations

import email.utils
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from app.adapters.llm.wire import fields, text
from app.domain.errors import ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import Usage

_EXCERPT_CHARACTERS = 160
_SEARCHED_CHARACTERS = 1_000  # bounds the time of the patterns below, which foreign text may aim at
_READ_BYTES = 200_000
_LONGEST_WAIT_SECONDS = 86_400.0
_TOO_EARLY = frozenset({408, 409, 425, 429})
_KEY_REFUSED = frozenset({401, 403})
_TOO_LONG = frozenset({400, 413, 422})
_NOT_FOUND = 404
_FIRST_REDIRECT, _FIRST_CLIENT_ERROR, _FIRST_SERVER_ERROR = 300, 400, 500
_HINTS = {
    401: "check the API key",
    403: "check what the API key may use",
    404: "check the model's name and the base URL, which mostly ends in /v1",
    413: "the request is too large for this server",
}
_KEY_PART_CHARACTERS = 6
# Keys of any provider, and what masking leaves of one: neither belongs in a log.
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|xai)-\S{4,}|\bBearer\s+\S+|\S*\*{2,}\S*|\S*\w\.{3}\w\S*", re.IGNORECASE)
_CONTEXT_CODE = "context_length_exceeded"
_CONTEXT_FULL = re.compile(
    # First OpenAI, vLLM, SGLang, Ollama, llama.cpp, Mistral, xAI; then Cohere, Anthropic, Gemini, Moonshot; then Groq.
    r"\bcontext[ _](?:length|window|size|limit)\b|maximum (?:model|prompt) length|longer than the (?:maximum )?model"
    r"|too many (?:input )?tokens|(?:prompt|input) is too long|maximum number of tokens|model token limit"
    r"|too large for model\b.{0,200}\btokens",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,200})", re.IGNORECASE)


class Remedy(StrEnum):
    """What helps against a failure."""

    RETRY = "retry"
    WAIT = "wait"
    CHANGE = "change"
    SHORTEN = "shorten"


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt without a usable answer."""

    reason: str
    remedy: Remedy = Remedy.RETRY
    after_seconds: float | None = None
    usage: Usage = field(default_factory=Usage.none)
    unknown_model: bool = False
    """Another model of the same server may do."""

    def error(self, usage: Usage) -> ModelUnavailable | ModelRejected | ModelContextFull:
        """The exception that ends the call; `usage` is that of all its attempts."""
        if self.remedy is Remedy.SHORTEN:
            return ModelContextFull(self.reason)
        if self.remedy is Remedy.CHANGE:
            return ModelRejected(self.reason, unknown_model=self.unknown_model)
        return ModelUnavailable(self.reason, retry_after_seconds=self.after_seconds, usage=usage)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What an error body says, in any of the shapes that servers use."""

    message: str = ""
    code: str = ""
    param: str = ""


def error_detail(body: bytes) -> ErrorDetail:
    """Read `{"error": {...}}`, `{"error": "..."}`, `{"message": ...}` or `{"detail": ...}`; else nothing."""
    try:
        sent = json.loads(body[:_READ_BYTES])
        # Google's servers put the object into an array.
        whole = fields(sent[0] if isinstance(sent, list) and sent else sent)
        inner = fields(whole.get("error")) or whole
        nested = inner.get("detail")
        listed = json.dumps(nested) if isinstance(nested, list) else ""
    except (ValueError, RecursionError):
        return ErrorDetail()
    said = [text(inner.get("message")), text(whole.get("error")), text(nested), listed]
    return ErrorDetail(next(filter(None, said), ""), text(inner.get("code")), text(inner.get("param")))


def context_is_full(detail: ErrorDetail) -> bool:
    """Whether these words say that the request is longer than the model can read."""
    words = _CONTEXT_FULL.search(detail.message[:_SEARCHED_CHARACTERS])
    return detail.code == _CONTEXT_CODE or words is not None


def of_status(status: int, headers: Mapping[str, str], detail: ErrorDetail, *, key: str) -> Failure:
    """The failure that an HTTP status other than 2xx means."""
    said = "" if status in _KEY_REFUSED else excerpt(detail.message, key=key)
    reason = f"The model server answered {status}" + (f": {said}" if said else "")
    if status in _TOO_LONG and context_is_full(detail):
        return Failure(reason, Remedy.SHORTEN)
    if status in _TOO_EARLY or status >= _FIRST_SERVER_ERROR:
        # An empty account stays empty for longer than any retry of ours.
        remedy = Remedy.WAIT if detail.code == "insufficient_quota" else Remedy.RETRY
        return Failure(reason, remedy, retry_after(headers))
    if _FIRST_REDIRECT <= status < _FIRST_CLIENT_ERROR:
        reason = f"The model server answered {status}, a redirect, which is not followed: the key stays here"
        return Failure(f"{reason}; set the base URL to the final address", Remedy.CHANGE)
    hint = _HINTS.get(status)
    unknown = status == _NOT_FOUND or detail.code == "model_not_found"
    return Failure(f"{reason} ({hint})" if hint else reason, Remedy.CHANGE, unknown_model=unknown)


def not_an_answer(body: bytes, content_type: str, *, key: str) -> Failure:
    """The failure of a 200 whose body is no JSON: mostly a page of something between us and the model."""
    page = body[:_READ_BYTES].decode("utf-8", "replace")
    title = _TITLE.search(page)
    kind = "an HTML page" if "html" in content_type.lower() or title else "something that is not JSON"
    named = f" titled {excerpt(title[1], key=key)!r}" if title else ""
    return Failure(f"The model server answered with {kind}{named} instead of an API object; check the base URL")


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds that the server asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, _LONGEST_WAIT_SECONDS)
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is None and said is not None:
        try:
            date = email.utils.parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        seconds = max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())
    return None if seconds is None else min(seconds, _LONGEST_WAIT_SECONDS)


def _number(said: str | None) -> float | None:
    try:
        number = float(said) if said is not None else math.nan
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def excerpt(foreign: str, *, key: str) -> str:
    """A short single line of foreign words, without control characters and without anything like a key."""
    clear = " ".join("".join(one if one.isprintable() else " " for one in foreign).split())
    clear = clear[:_SEARCHED_CHARACTERS]
    # Servers quote the whole key, or its beginning or its end. A shorter one is a placeholder, not a secret.
    if len(key) >= _KEY_PART_CHARACTERS:
        ends = re.escape(key[:_KEY_PART_CHARACTERS]), re.escape(key[-_KEY_PART_CHARACTERS:])
        clear = re.sub(rf"\S*(?:{'|'.join(ends)})\S*", "[key]", clear)
    clear = _KEY_LIKE.sub("[key]", clear)
    return clear if len(clear) <= _EXCERPT_CHARACTERS else clear[: _EXCERPT_CHARACTERS - 1] + "…"
